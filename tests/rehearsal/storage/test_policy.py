from __future__ import annotations

import pytest
from google.api_core import exceptions as refused

from warmbook_rehearsal.access import ROLES, Caller

VIEWER, USER = "roles/storage.bucketViewer", "roles/storage.objectUser"


def grant(bucket, role, member, **more):
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.version = 3
    policy.bindings.append({"role": role, "members": {member}, **more})
    return bucket.set_iam_policy(policy)


def test_a_binding_is_kept_and_the_etag_changes(bucket, pod_principal):
    before = bucket.get_iam_policy(requested_policy_version=3)
    grant(bucket, USER, pod_principal)
    after = bucket.get_iam_policy(requested_policy_version=3)
    assert {"role": USER, "members": {pod_principal}} in after.bindings
    assert after.version == 3
    assert after.etag != before.etag


def test_a_stale_etag_is_refused_with_412(bucket, pod_principal):
    mine = bucket.get_iam_policy(requested_policy_version=3)
    grant(bucket, USER, pod_principal)
    with pytest.raises(refused.PreconditionFailed) as error:
        bucket.set_iam_policy(mine)
    assert error.value.errors[0]["reason"] == "conditionNotMet"
    kept = bucket.get_iam_policy(requested_policy_version=3)
    assert any(binding["role"] == USER for binding in kept.bindings)


def test_of_writers_with_the_same_etag_exactly_one_wins(http, bucket):
    path = f"/storage/v1/b/{bucket.name}/iam"
    read = http.get(path).json()
    codes = [http.put(path, json={**read, "version": 3}).status_code for _ in range(3)]
    assert codes == [200, 412, 412]


def test_a_policy_without_an_etag_overwrites(http, bucket):
    path = f"/storage/v1/b/{bucket.name}/iam"
    bindings = [{"role": VIEWER, "members": ["user:someone@example.com"]}]
    assert http.put(path, json={"bindings": bindings}).status_code == 200
    assert http.get(path).json()["bindings"] == bindings


@pytest.mark.parametrize(
    "policy",
    [
        {"bindings": "all of them"},
        {"bindings": [{"role": "objectUser", "members": []}]},
        {"bindings": [{"role": USER, "members": ["someone@example.com"]}]},
        {"bindings": [{"role": USER, "members": "user:someone@example.com"}]},
        {"bindings": [], "version": 2},
        {"bindings": [], "version": True},
        {
            "bindings": [{"role": USER, "members": [], "condition": {"expression": "true"}}],
            "version": 1,
        },
    ],
)
def test_a_malformed_policy_is_refused_with_400(http, bucket, policy):
    assert http.put(f"/storage/v1/b/{bucket.name}/iam", json=policy).status_code == 400


def test_the_owner_may_do_everything(bucket):
    asked = ["storage.buckets.get", "storage.objects.create", "storage.anywhereCaches.create"]
    assert bucket.test_iam_permissions(asked) == asked


def test_an_owner_of_the_project_has_the_roles_of_the_buckets_own_policy(server, bucket, http):
    asked = ["storage.buckets.get", "storage.objects.get", "storage.buckets.setIamPolicy"]
    owner_alone = server.project_bindings[:1]
    all_bindings, server.project_bindings = server.project_bindings, owner_alone
    try:
        assert bucket.test_iam_permissions(asked) == asked
        path = f"/storage/v1/b/{bucket.name}/iam"
        assert http.put(path, json={"bindings": []}).status_code == 200
        assert bucket.test_iam_permissions(asked) == []
    finally:
        server.project_bindings = all_bindings


def test_tested_permissions_are_those_of_the_roles_granted(bucket, pod, pod_principal):
    asked = ["storage.buckets.get", "storage.objects.get", "storage.buckets.setIamPolicy"]
    mine = pod.bucket(bucket.name)
    assert mine.test_iam_permissions(asked) == []
    grant(bucket, VIEWER, pod_principal)
    assert mine.test_iam_permissions(asked) == ["storage.buckets.get"]
    grant(bucket, USER, pod_principal)
    assert mine.test_iam_permissions(asked) == ["storage.buckets.get", "storage.objects.get"]


def test_a_pod_without_a_role_is_refused_with_googles_message(bucket, pod):
    with pytest.raises(refused.Forbidden) as error:
        pod.get_bucket(bucket.name)
    assert error.value.message.endswith(
        "ns/ksa does not have storage.buckets.get access to the Google Cloud Storage bucket. "
        "Permission 'storage.buckets.get' denied on resource (or it may not exist)."
    )
    assert error.value.errors[0]["reason"] == "forbidden"


def test_a_bucket_with_acls_refuses_a_pod_that_has_the_role(bucket, pod, pod_principal):
    """Witness: grafana/tempo issue 3556."""
    grant(bucket, VIEWER, pod_principal)
    assert pod.get_bucket(bucket.name).name == bucket.name
    bucket.iam_configuration.uniform_bucket_level_access_enabled = False
    bucket.patch()
    with pytest.raises(refused.PreconditionFailed):
        pod.get_bucket(bucket.name)
    assert bucket.exists()


def test_a_pod_can_do_what_it_was_granted_and_no_more(bucket, pod, pod_principal):
    bucket.blob("w/a.safetensors").upload_from_string(b"weights")
    theirs = pod.bucket(bucket.name)
    grant(bucket, VIEWER, pod_principal)
    assert pod.get_bucket(bucket.name).name == bucket.name
    with pytest.raises(refused.Forbidden, match=r"'storage\.objects\.list' denied"):
        list(pod.list_blobs(bucket.name))
    with pytest.raises(refused.Forbidden, match=r"objects\.get access to the .* Storage object"):
        theirs.blob("w/a.safetensors").download_as_bytes()
    grant(bucket, "roles/storage.objectViewer", pod_principal)
    assert [blob.name for blob in pod.list_blobs(bucket.name)] == ["w/a.safetensors"]
    assert theirs.get_blob("w/a.safetensors").download_as_bytes() == b"weights"
    with pytest.raises(refused.Forbidden, match=r"'storage\.objects\.create' denied"):
        theirs.blob("new").upload_from_string("x")
    with pytest.raises(refused.Forbidden, match=r"'storage\.objects\.delete' denied"):
        theirs.blob("w/a.safetensors").delete()
    with pytest.raises(refused.Forbidden, match=r"'storage\.buckets\.setIamPolicy' denied"):
        theirs.set_iam_policy(bucket.get_iam_policy(requested_policy_version=3))


def test_overwriting_needs_the_permission_to_delete(bucket, pod, pod_principal, monkeypatch):
    creator = "roles/storage.objectCreator"
    monkeypatch.setitem(ROLES, creator, frozenset({"storage.objects.create"}))
    grant(bucket, creator, pod_principal)
    theirs = pod.bucket(bucket.name)
    theirs.blob("mine").upload_from_string("first")
    for overwrite in (
        lambda: theirs.blob("mine").upload_from_string("second"),
        lambda: theirs.blob("mine", chunk_size=2**18).upload_from_string(b"x" * 2**19),
    ):
        with pytest.raises(refused.Forbidden, match=r"'storage\.objects\.delete' denied"):
            overwrite()
    assert bucket.blob("mine").download_as_bytes() == b"first"


def test_a_move_needs_its_own_permission(bucket, pod, pod_principal, monkeypatch):
    bucket.blob("source").upload_from_string("x")
    theirs, role = pod.bucket(bucket.name), "roles/storage.objectCreator"
    monkeypatch.setitem(ROLES, role, frozenset({"storage.objects.create", "storage.objects.get"}))
    grant(bucket, role, pod_principal)
    with pytest.raises(refused.Forbidden, match=r"'storage\.objects\.move' denied"):
        theirs.move_blob(theirs.blob("source"), "target")
    grant(bucket, USER, pod_principal)
    assert theirs.move_blob(theirs.blob("source"), "target").name == "target"


def when(expression):
    return {"condition": {"title": "only then", "expression": expression}}


def starts_with(prefix):
    return f"resource.name.startsWith('{prefix}')"


def test_a_condition_on_the_buckets_name_holds_for_that_bucket(bucket, pod, pod_principal):
    there = f"projects/_/buckets/{bucket.name}"
    for elsewhere in (f"{there}/objects/w/", f"{there}-2", "projects/_/buckets/other"):
        grant(bucket, VIEWER, pod_principal, **when(starts_with(elsewhere)))
        with pytest.raises(refused.Forbidden):
            pod.get_bucket(bucket.name)
    grant(bucket, VIEWER, pod_principal, **when(starts_with(there)))
    assert pod.get_bucket(bucket.name).name == bucket.name


def test_a_condition_on_the_names_of_objects_holds_for_those(bucket, pod, pod_principal):
    for name in ("mine/a", "others/a"):
        bucket.blob(name).upload_from_string(b"weights")
    mine = f"projects/_/buckets/{bucket.name}/objects/mine/"
    grant(bucket, USER, pod_principal, **when(starts_with(mine).replace("'", '"')))
    theirs = pod.bucket(bucket.name)
    assert theirs.blob("mine/a").download_as_bytes() == b"weights"
    theirs.blob("mine/b").upload_from_string(b"new")
    theirs.blob("mine/c", chunk_size=2**18).upload_from_string(b"x" * 2**19)
    theirs.blob("mine/joined").compose([theirs.blob("mine/a"), theirs.blob("mine/b")])
    theirs.blob("mine/b").delete()
    for beyond in (
        lambda: theirs.blob("others/a").download_as_bytes(),
        lambda: theirs.blob("others/b").upload_from_string(b"new"),
        lambda: theirs.blob("others/a").delete(),
        lambda: theirs.blob("mine/a").rewrite(theirs.blob("others/a")),
        lambda: theirs.blob("mine/joined").compose([theirs.blob("others/a")]),
        lambda: list(pod.list_blobs(bucket.name, prefix="mine/")),  # it is the bucket's to allow
    ):
        with pytest.raises(refused.Forbidden):
            beyond()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "true",
        "false",
        "request.time < timestamp('2100-01-01T00:00:00Z')",
        "!resource.name.startsWith('projects/_/buckets/other')",
        "resource.name.startsWith('projects/_/') && false",
        "resource.name.startsWith('')",
        "resource.name.startsWith('projects/_/\")",
        "resource.name.endsWith('')",
    ],
)
def test_a_condition_that_is_not_understood_grants_nothing(bucket, pod, pod_principal, expression):
    grant(bucket, VIEWER, pod_principal, **when(expression))
    with pytest.raises(refused.Forbidden):
        pod.get_bucket(bucket.name)
    assert pod.bucket(bucket.name).test_iam_permissions(["storage.buckets.get"]) == []


@pytest.mark.parametrize("name", ["no-such-bucket", None])
def test_who_is_unknown_is_refused_with_403_never_401_or_404(bucket, at_address, name):
    nobody = at_address("127.0.0.1")
    with pytest.raises(refused.Forbidden, match="Anonymous caller does not have"):
        nobody.get_bucket(name or bucket.name)
    with pytest.raises(refused.Forbidden, match="access to the Google Cloud project"):
        nobody.create_bucket("by-nobody")


def test_an_unregistered_address_has_no_identity(bucket, at_address, server):
    address = "127.0.0.1"
    grant(bucket, VIEWER, "user:passer-by@example.com")
    server.callers.register(address, Caller("user:passer-by@example.com", "passer-by"))
    assert at_address(address).get_bucket(bucket.name)
    server.callers.forget(address)
    with pytest.raises(refused.Forbidden, match="Anonymous"):
        at_address(address).get_bucket(bucket.name)


def test_links_lead_back_to_the_address_that_was_called(bucket, pod, pod_principal):
    grant(bucket, USER, pod_principal)
    blob = pod.bucket(bucket.name).blob("by the pod", chunk_size=2**18)
    blob.upload_from_string(b"x" * 600_000)
    assert blob.media_link.startswith("http://127.0.0.9:")
