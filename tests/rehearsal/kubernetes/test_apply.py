"""Server-side apply and the three kinds of patch: who owns what, and who may change it."""

from __future__ import annotations

import pytest

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
MAPS = "/api/v1/namespaces/default/configmaps"
APPLY = "application/apply-patch+yaml"


@pytest.fixture
def apply(call):
    """Return a function that applies a manifest as a field manager."""

    def send(path, body, manager="one", *, force=False):
        query = f"fieldManager={manager}&force={str(force).lower()}"
        name = body["metadata"]["name"]
        return call("PATCH", f"{path}/{name}?{query}", body, media=APPLY)

    return send


def _map(**data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
        "data": data,
    }


def _owned(body, manager, operation="Apply"):
    entries = body["metadata"]["managedFields"]
    return [
        e["fieldsV1"] for e in entries if (e["manager"], e["operation"]) == (manager, operation)
    ]


def test_applying_creates_missing_objects_and_owns_the_given_fields(apply):
    status, body = apply(MAPS, _map(x="1"))
    assert status == 201
    assert _owned(body, "one") == [{"f:data": {"f:x": {}}}]


def test_applying_the_same_again_changes_nothing(apply):
    first = apply(MAPS, _map(x="1"))[1]
    status, again = apply(MAPS, _map(x="1"))
    assert status == 200 and again == first


def test_a_field_that_is_no_longer_applied_goes(apply):
    apply(MAPS, _map(x="1", y="2"))
    assert apply(MAPS, _map(x="1"))[1]["data"] == {"x": "1"}


def test_a_field_that_another_manager_owns_too_stays(apply):
    apply(MAPS, _map(x="1", y="2"))
    apply(MAPS, _map(y="2"), "two")
    body = apply(MAPS, _map(x="1"))[1]
    assert body["data"] == {"x": "1", "y": "2"}
    assert _owned(body, "two") == [{"f:data": {"f:y": {}}}]


def test_changing_what_another_owns_is_a_conflict(apply):
    apply(MAPS, _map(x="1"))
    status, body = apply(MAPS, _map(x="2"), "two")
    assert (status, body["reason"]) == (409, "Conflict")
    assert body["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    assert body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "one"',
            "field": ".data.x",
        }
    ]


def test_force_takes_the_field_over(apply):
    apply(MAPS, _map(x="1", y="1"))
    status, body = apply(MAPS, _map(x="2"), "two", force=True)
    assert (status, body["data"]) == (200, {"x": "2", "y": "1"})
    assert _owned(body, "one") == [{"f:data": {"f:y": {}}}]
    assert _owned(body, "two") == [{"f:data": {"f:x": {}}}]


def test_a_plain_write_is_an_owner_as_well(apply, call):
    call("POST", f"{MAPS}?fieldManager=editor", _map(x="1"))
    status, body = apply(MAPS, _map(x="2"))
    assert status == 409
    assert body["details"]["causes"][0]["message"] == 'conflict with "editor" using v1'


def test_a_plain_write_takes_a_field_from_its_owner(apply, call):
    apply(MAPS, _map(x="1", y="1"))
    media = "application/merge-patch+json"
    patch = {"data": {"x": "2"}}
    body = call("PATCH", f"{MAPS}/a?fieldManager=editor", patch, media=media)[1]
    assert _owned(body, "one") == [{"f:data": {"f:y": {}}}]
    assert _owned(body, "editor", "Update") == [{"f:data": {"f:x": {}}}]


def test_items_of_a_list_are_merged_by_their_key(apply, deployment):
    apply(DEPLOYMENTS, deployment())
    sidecar = deployment()
    sidecar["spec"]["template"]["spec"]["containers"] = [{"name": "side", "image": "log:1"}]
    status, body = apply(DEPLOYMENTS, sidecar, "two")
    names = [c["name"] for c in body["spec"]["template"]["spec"]["containers"]]
    assert (status, names) == (200, ["main", "side"])
    sidecar["spec"]["template"]["spec"]["containers"] = []
    status, body = apply(DEPLOYMENTS, sidecar, "two")
    assert status == 200, body
    names = [c["name"] for c in body["spec"]["template"]["spec"]["containers"]]
    assert names == ["main"]


def test_an_item_that_another_manager_still_uses_stays(apply, deployment):
    apply(DEPLOYMENTS, deployment())
    env = deployment()
    env["spec"]["template"]["spec"]["containers"] = [
        {"name": "main", "env": [{"name": "A", "value": "1"}]}
    ]
    assert apply(DEPLOYMENTS, env, "two")[0] == 200
    env["spec"]["template"]["spec"]["containers"] = []
    (main,) = apply(DEPLOYMENTS, env, "two")[1]["spec"]["template"]["spec"]["containers"]
    assert main["image"] == "web:1" and "env" not in main


def test_a_node_selector_is_owned_as_a_whole(apply, deployment):
    apply(DEPLOYMENTS, deployment(gpus=1))
    other = deployment(gpus=1)
    other["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    status, body = apply(DEPLOYMENTS, other, "two")
    assert status == 409 and ".spec.template.spec.nodeSelector" in body["message"]


def test_applying_needs_a_manager_a_kind_and_no_managed_fields(call, apply):
    status, body = call("PATCH", f"{MAPS}/a", _map(), media=APPLY)
    assert status == 422 and "is required for apply patch" in body["message"]
    bare = {"metadata": {"name": "a"}}
    assert apply(MAPS, bare)[0] == 400
    managed = _map()
    managed["metadata"]["managedFields"] = [{"manager": "x"}]
    status, body = apply(MAPS, managed)
    assert (status, body["message"]) == (400, "metadata.managedFields must be nil")


def test_the_dynamic_client_applies_strictly(dynamic_client, deployment):
    resource = dynamic_client.resources.get(api_version="apps/v1", kind="Deployment")
    options = {"field_manager": "warmbook", "query_params": [("fieldValidation", "Strict")]}
    body = deployment()
    made = dynamic_client.server_side_apply(resource, body=body, namespace="default", **options)
    assert made.spec.replicas == 1
    body["spec"]["colour"] = "red"
    with pytest.raises(Exception, match="strict decoding error: unknown field"):
        dynamic_client.server_side_apply(resource, body=body, namespace="default", **options)


def test_a_strategic_merge_patch_merges_lists_by_name(call, deployment):
    call("POST", DEPLOYMENTS, deployment())
    env = [{"name": "A", "value": "1"}]
    containers = [{"name": "main", "env": env}, {"name": "side", "image": "x"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    media = "application/strategic-merge-patch+json"
    body = call("PATCH", f"{DEPLOYMENTS}/web", patch, media=media)[1]
    main, side = body["spec"]["template"]["spec"]["containers"]
    assert (main["image"], main["env"], side["name"]) == ("web:1", env, "side")
    gone = [{"name": "side", "$patch": "delete"}]
    patch = {"spec": {"template": {"spec": {"containers": gone}}}}
    body = call("PATCH", f"{DEPLOYMENTS}/web", patch, media=media)[1]
    assert len(body["spec"]["template"]["spec"]["containers"]) == 1


def test_a_strategy_keeps_only_what_fits_its_type(call, deployment):
    call("POST", DEPLOYMENTS, deployment())
    media = "application/strategic-merge-patch+json"
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    status, body = call("PATCH", f"{DEPLOYMENTS}/web", patch, media=media)
    assert (status, body["spec"]["strategy"]) == (200, {"type": "Recreate"})


def test_a_merge_patch_replaces_lists_and_null_removes(call):
    call("POST", MAPS, _map(x="1", y="2"))
    media = "application/merge-patch+json"
    body = call("PATCH", f"{MAPS}/a", {"data": {"x": None, "z": "3"}}, media=media)[1]
    assert body["data"] == {"y": "2", "z": "3"}


def test_a_json_patch_is_carried_out_in_order(call):
    call("POST", MAPS, _map(x="1"))
    media = "application/json-patch+json"
    operations = [
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "2"},
        {"op": "copy", "from": "/data/x", "path": "/data/y"},
        {"op": "move", "from": "/data/x", "path": "/data/z"},
        {"op": "replace", "path": "/data/z", "value": "9"},
    ]
    body = call("PATCH", f"{MAPS}/a", operations, media=media)[1]
    assert body["metadata"]["annotations"] == {"a/b": "2"}
    assert body["data"] == {"y": "1", "z": "9"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/x", "value": "2"},
        {"op": "remove", "path": "/data/none"},
        {"op": "add", "path": "no/slash", "value": 1},
        {"op": "dance", "path": "/data"},
        {"path": "/data"},
    ],
    ids=str,
)
def test_a_json_patch_that_does_not_fit_changes_nothing(call, operation):
    call("POST", MAPS, _map(x="1"))
    media = "application/json-patch+json"
    assert call("PATCH", f"{MAPS}/a", [operation], media=media)[0] == 422
    assert call("GET", f"{MAPS}/a")[1]["data"] == {"x": "1"}
