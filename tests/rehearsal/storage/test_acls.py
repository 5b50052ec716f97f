"""Access control lists of buckets and objects, and the prevention of public access."""

from __future__ import annotations

import pytest
from google.api_core import exceptions as refused

from .conftest import NUMBER

READER = {"entity": "user-a@example.com", "role": "READER"}
TEAMS = {f"project-{team}-{NUMBER}" for team in ("owners", "editors", "viewers")}


@pytest.fixture
def bucket(client, request):
    """A bucket whose access is by lists, too."""
    return client.create_bucket(f"lists-{abs(hash(request.node.name))}", location="us-central1")


def entities(http, path):
    answer = http.get(f"/storage/v1/b/{path}")
    assert answer.status_code == 200, answer.text
    return {item["entity"]: item["role"] for item in answer.json()["items"]}


def uniform(http, bucket, enabled):
    setting = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": enabled}}}
    assert http.patch(f"/storage/v1/b/{bucket.name}", json=setting).status_code == 200


@pytest.mark.parametrize("kind", ["acl", "defaultObjectAcl", "o/x/acl"])
def test_an_entry_is_added_changed_and_removed(http, bucket, kind):
    bucket.blob("x").upload_from_string("first")
    path = f"{bucket.name}/{kind}"
    assert set(entities(http, path)) == TEAMS
    url = f"/storage/v1/b/{path}"
    assert http.post(url, json=READER).json()["email"] == "a@example.com"
    one = f"{url}/{READER['entity']}"
    assert http.get(one).json()["role"] == "READER"
    assert http.patch(one, json={"role": "OWNER"}).status_code == 200
    assert entities(http, path)[READER["entity"]] == "OWNER"
    assert http.delete(one).status_code == 204
    assert set(entities(http, path)) == TEAMS
    assert http.get(one).status_code == 404


def test_a_buckets_list_and_its_policys_legacy_roles_are_the_same(http, bucket, pod_principal):
    policy = bucket.get_iam_policy()
    policy["roles/storage.legacyBucketReader"].add(pod_principal)
    bucket.set_iam_policy(policy)
    http.post(f"/storage/v1/b/{bucket.name}/acl", json=READER)
    told = bucket.get_iam_policy()["roles/storage.legacyBucketReader"]
    assert {"user:a@example.com", pod_principal} <= told
    assert "roles/storage.legacyObjectReader" in bucket.get_iam_policy()


def test_uniform_access_hides_the_lists_and_keeps_them(http, bucket):
    bucket.blob("x").upload_from_string("first")
    paths = [f"{bucket.name}/acl", f"{bucket.name}/o/x/acl"]
    for path in paths:
        http.post(f"/storage/v1/b/{path}", json=READER)
    before = [entities(http, path) for path in paths]
    uniform(http, bucket, True)
    for path in paths:
        assert http.get(f"/storage/v1/b/{path}").status_code == 400
        assert http.post(f"/storage/v1/b/{path}", json=READER).status_code == 400
    uniform(http, bucket, False)
    assert [entities(http, path) for path in paths] == before


def test_an_object_that_is_made_public_is_read_by_anybody(http, bucket, at_address):
    bucket.blob("x").upload_from_string("first")
    bucket.blob("y").upload_from_string("second")
    anybody = at_address("127.0.0.1").bucket(bucket.name)
    bucket.blob("x").make_public()
    assert anybody.blob("x").download_as_bytes() == b"first"
    with pytest.raises((refused.Unauthorized, refused.Forbidden)):
        anybody.blob("y").download_as_bytes()
    uniform(http, bucket, True)
    with pytest.raises((refused.Unauthorized, refused.Forbidden)):
        anybody.blob("x").download_as_bytes()


def test_a_list_outlives_an_update_and_hinders_no_move_under_uniform_access(http, bucket):
    bucket.blob("x").upload_from_string("first")
    url = f"/storage/v1/b/{bucket.name}/o/x"
    http.post(f"{url}/acl", json=READER)
    for team in TEAMS:
        http.delete(f"{url}/acl/{team}")
    uniform(http, bucket, True)
    assert http.put(url, json={"contentType": "text/plain"}).status_code == 200
    uniform(http, bucket, False)
    assert entities(http, f"{bucket.name}/o/x/acl") == {READER["entity"]: "READER"}
    http.delete(f"{url}/acl/{READER['entity']}")
    assert entities(http, f"{bucket.name}/o/x/acl") == {}
    uniform(http, bucket, True)
    assert http.post(f"{url}/moveTo/o/y").status_code == 200
    assert bucket.blob("y").download_as_bytes() == b"first"


def test_new_objects_have_the_default_list_and_copies_not_their_sources(http, bucket):
    bucket.blob("x").upload_from_string("first")
    http.post(f"/storage/v1/b/{bucket.name}/o/x/acl", json=READER)
    bucket.copy_blob(bucket.blob("x"), bucket, "y", preserve_acl=True)
    assert set(entities(http, f"{bucket.name}/o/y/acl")) == TEAMS
    http.post(f"/storage/v1/b/{bucket.name}/defaultObjectAcl", json=READER)
    bucket.blob("z").upload_from_string("third")
    assert entities(http, f"{bucket.name}/o/z/acl")[READER["entity"]] == "READER"


def test_where_public_access_is_prevented_nothing_is_opened(http, bucket):
    bucket.blob("x").upload_from_string("first")
    bucket.iam_configuration.public_access_prevention = "enforced"
    bucket.patch()
    public = {"entity": "allUsers", "role": "READER"}
    for path in ("acl", "defaultObjectAcl", "o/x/acl"):
        assert http.post(f"/storage/v1/b/{bucket.name}/{path}", json=public).status_code == 412
    policy = bucket.get_iam_policy()
    policy["roles/storage.objectViewer"].add("allUsers")
    with pytest.raises(refused.PreconditionFailed):
        bucket.set_iam_policy(policy)


@pytest.mark.parametrize("entity", ["", "nobody", "user-", "project-x-1", 3])
def test_an_entity_that_is_none_is_refused(http, bucket, entity):
    document = {"entity": entity, "role": "READER"}
    assert http.post(f"/storage/v1/b/{bucket.name}/acl", json=document).status_code == 400
    listed = {"acl": [document]}
    assert http.patch(f"/storage/v1/b/{bucket.name}", json=listed).status_code == 400
    assert http.get(f"/storage/v1/b/{bucket.name}").json()["metageneration"] == "1"
