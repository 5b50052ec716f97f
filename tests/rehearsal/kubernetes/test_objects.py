"""Objects over the wire: create, read, change, delete, and what is refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from kubernetes import client

from ...machine import slowness

NAMESPACES = "/api/v1/namespaces"
PODS = f"{NAMESPACES}/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


def test_requests_without_the_token_are_refused(cluster, call):
    for path in ("/api", "/apis", "/version", "/openapi/v3", PODS, "/nowhere", "/healthz"):
        status, body = call("GET", path, Authorization="Bearer wrong")
        assert (status, body["reason"], body["code"]) == (401, "Unauthorized", 401)


def test_the_official_client_creates_reads_changes_and_deletes(core):
    core.create_namespaced_config_map("default", {"metadata": {"name": "a"}, "data": {"x": "1"}})
    made = core.read_namespaced_config_map("a", "default")
    assert made.data == {"x": "1"} and made.metadata.uid and made.metadata.creation_timestamp
    made.data["x"] = "2"
    core.replace_namespaced_config_map("a", "default", made)
    assert core.read_namespaced_config_map("a", "default").data == {"x": "2"}
    core.delete_namespaced_config_map("a", "default")
    with pytest.raises(client.ApiException) as gone:
        core.read_namespaced_config_map("a", "default")
    assert gone.value.status == 404


def test_a_missing_object_is_named_as_the_real_server_names_it(call):
    status, body = call("GET", f"{DEPLOYMENTS}/nope")
    assert status == 404
    assert body["message"] == 'deployments.apps "nope" not found'
    assert body["details"] == {"name": "nope", "group": "apps", "kind": "deployments"}


def test_a_name_is_taken_once(call, pod):
    assert call("POST", PODS, pod())[0] == 201
    status, body = call("POST", PODS, pod())
    assert (status, body["reason"]) == (409, "AlreadyExists")
    assert body["message"] == 'pods "one" already exists'


def test_a_generated_name_begins_with_its_prefix(call, pod):
    body = pod()
    body["metadata"] = {"generateName": "job-"}
    made = call("POST", PODS, body)[1]["metadata"]["name"]
    assert made.startswith("job-") and len(made) == len("job-") + 5


def test_a_stale_version_is_refused_with_409(call):
    maps = f"{NAMESPACES}/default/configmaps"
    first = call("POST", maps, {"metadata": {"name": "a"}})[1]
    first["data"] = {"x": "1"}
    assert call("PUT", f"{maps}/a", first)[0] == 200
    status, body = call("PUT", f"{maps}/a", first)
    assert (status, body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in body["message"]


def test_a_change_that_changes_nothing_keeps_the_version(call):
    maps = f"{NAMESPACES}/default/configmaps"
    made = call("POST", maps, {"metadata": {"name": "a"}, "data": {"x": "1"}})[1]
    media = "application/merge-patch+json"
    after = call("PATCH", f"{maps}/a", {"data": {"x": "1"}}, media=media)[1]
    assert after["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


@pytest.mark.parametrize("subresource", ["", "/status"])
def test_status_changes_only_through_its_subresource(call, pod, cluster, subresource):
    cluster.kubelet.holds = True
    call("POST", PODS, pod())
    media = "application/merge-patch+json"
    patch = {"status": {"message": "by hand"}}
    body = call("PATCH", f"{PODS}/one{subresource}", patch, media=media)[1]
    assert ("message" in body["status"]) == bool(subresource)


def test_a_dry_run_stores_nothing(call, pod):
    status, body = call("POST", f"{PODS}?dryRun=All", pod())
    assert status == 201 and body["spec"]["restartPolicy"] == "Always"
    assert call("GET", f"{PODS}/one")[0] == 404


def test_scale_reads_and_writes_the_number_of_replicas(apps, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment())
    apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 3}})
    scale = apps.read_namespaced_deployment_scale("web", "default")
    assert scale.spec.replicas == 3 and scale.status.selector == "app=web"
    scale.spec.replicas, scale.metadata.resource_version = 0, None
    apps.replace_namespaced_deployment_scale("web", "default", scale)
    assert apps.read_namespaced_deployment("web", "default").spec.replicas == 0


def test_pages_together_are_the_whole_list(core):
    for number in range(7):
        core.create_namespaced_config_map("default", {"metadata": {"name": f"m{number}"}})
    names, token, remaining = [], None, []
    while token != "":
        page = core.list_namespaced_config_map("default", limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        remaining.append(page.metadata.remaining_item_count)
        token = page.metadata._continue or ""
    assert names == [f"m{number}" for number in range(7)]
    assert remaining == [4, 1, None]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", ["a"]),
        ("tier!=web", ["b", "c"]),
        ("tier in (web, db)", ["a", "b"]),
        ("tier notin (web)", ["b", "c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier in (web,db),env=prod", ["b"]),
    ],
)
def test_label_selectors(core, selector, names):
    for name, labels in (("a", {"tier": "web"}), ("b", {"tier": "db", "env": "prod"}), ("c", {})):
        core.create_namespaced_config_map("default", {"metadata": {"name": name, "labels": labels}})
    found = core.list_namespaced_config_map("default", label_selector=selector)
    assert [item.metadata.name for item in found.items] == names


@pytest.mark.parametrize(
    ("path", "selector", "fits"),
    [
        ("/api/v1/nodes", "spec.unschedulable=false", True),
        ("/api/v1/nodes", "spec.unschedulable=true", False),
        (PODS, "spec.hostNetwork=false", True),
        (PODS, "spec.hostNetwork!=false", False),
    ],
)
def test_a_missing_field_does_not_match_a_selector(call, running_pod, path, selector, fits):
    status, body = call("GET", f"{path}?{urlencode({'fieldSelector': selector})}")
    assert status == 200
    assert bool(body["items"]) == fits


def test_field_selectors_depend_on_the_kind(core, call, running_pod):
    found = core.list_namespaced_pod("default", field_selector="status.phase=Running")
    assert [p.metadata.name for p in found.items] == [running_pod]
    assert not core.list_namespaced_pod("default", field_selector="status.phase!=Running").items
    status, body = call("GET", f"{PODS}?fieldSelector=spec.color%3Dred")
    assert (status, body["message"]) == (400, "field label not supported: spec.color")


def test_a_collection_is_deleted_by_selector(core):
    for name, tier in (("a", "x"), ("b", "y"), ("c", "x")):
        body = {"metadata": {"name": name, "labels": {"tier": tier}}}
        core.create_namespaced_config_map("default", body)
    core.delete_collection_namespaced_config_map("default", label_selector="tier=x")
    left = core.list_namespaced_config_map("default").items
    assert [item.metadata.name for item in left] == ["b"]


def test_a_precondition_on_the_uid_guards_a_delete(call):
    maps = f"{NAMESPACES}/default/configmaps"
    call("POST", maps, {"metadata": {"name": "a"}})
    status, body = call("DELETE", f"{maps}/a", {"preconditions": {"uid": "another"}})
    assert (status, body["reason"]) == (409, "Conflict")
    assert call("GET", f"{maps}/a")[0] == 200


@pytest.mark.parametrize(
    ("media", "raw", "status", "reason"),
    [
        ("application/json", "{", 400, "BadRequest"),
        ("application/json", "[1]", 400, "BadRequest"),
        ("application/json", '{"metadata": 1}', 400, "BadRequest"),
        ("application/json", "[" * 100_000, 400, "BadRequest"),
        ("application/json", '{"metadata": {"name": NaN}}', 400, "BadRequest"),
        ("application/json", b"\xff\xfe", 400, "BadRequest"),
        ("text/plain", "{}", 415, "UnsupportedMediaType"),
        ("application/xml", "<a/>", 415, "UnsupportedMediaType"),
        ("application/vnd.kubernetes.protobuf", "k8s", 400, "BadRequest"),
        ("application/json", "x" * (4 << 20), 413, "RequestEntityTooLarge"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_body_that_cannot_be_read_is_refused(call, media, raw, status, reason):
    got, body = call("POST", PODS, raw=raw, media=media)
    assert (got, body["reason"], body["kind"]) == (status, reason, "Status")


def test_a_patch_of_an_unknown_type_is_refused_with_415(call, running_pod):
    got, body = call("PATCH", f"{PODS}/one", {}, media="application/json")
    assert (got, body["reason"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v2", 404), ("GET", "/apis/nope/v1", 404), ("PUT", PODS, 405)],
)
def test_an_unknown_address_is_a_status_too(call, method, path, status):
    got, body = call(method, path, None if method == "GET" else {})
    assert (got, body["kind"], body["code"]) == (status, "Status", status)


def test_the_address_determines_where_an_object_is_created(call, pod):
    status, body = call("POST", PODS, pod(namespace="kube-system"))
    assert status == 400 and "does not match the namespace sent on the request" in body["message"]
    assert call("POST", f"{NAMESPACES}/nope/pods", pod())[0] == 404


def test_a_thousand_pods_are_listed_in_300_ms(cluster, core, pod):
    cluster.kubelet.holds = True

    def fill():
        for number in range(1000):
            cluster.store.create("Pod", pod(f"p{number}", namespace="default"))

    cluster.on_loop(fill)
    took = []
    for _ in range(3):
        begin = time.monotonic()
        answer = core.list_namespaced_pod("default", _preload_content=False)
        size = len(answer.data)
        took.append(time.monotonic() - begin)
    assert size > 500_000 and min(took) < 0.3 * slowness()


def test_many_writers_lose_nothing(core):
    core.create_namespaced_config_map("default", {"metadata": {"name": "a"}})

    def add(number):
        core.patch_namespaced_config_map("a", "default", {"data": {f"k{number}": "v"}})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert len(core.read_namespaced_config_map("a", "default").data) == 40
