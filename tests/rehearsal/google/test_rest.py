"""The REST face itself: tokens, routes, malformed requests, and whatever hypothesis thinks of."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
import requests
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warmbook_rehearsal.access import Caller, Callers
from warmbook_rehearsal.google.rest import Rest
from warmbook_rehearsal.google.transcoding import Route

CLUSTERS = "/v1/projects/demo-project/locations/us-central1/clusters"


@pytest.mark.parametrize(
    ("token", "reason"),
    [("", "CREDENTIALS_MISSING"), ("someone-elses", "ACCESS_TOKEN_TYPE_UNSUPPORTED")],
)
def test_a_request_without_the_readers_token_is_unauthenticated(
    shared: Any, token: str, reason: str
) -> None:
    answer = shared.get("/v3/projects/demo-project", token=token)
    error = answer.json()["error"]

    assert answer.status_code == error["code"] == 401
    assert error["status"] == "UNAUTHENTICATED"
    assert error["details"][0]["reason"] == reason
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/", "/v1/nothing", "/v3/projects/a/b", CLUSTERS + "/a:b", "//"])
def test_an_unknown_path_is_googles_404(shared: Any, path: str) -> None:
    answer = shared.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"


def test_enums_are_numbers_or_names_as_asked(shared: Any) -> None:
    path = "/v3/projects/demo-project"

    assert shared.get(path).json()["state"] == "ACTIVE"
    assert shared.get(path, **{"$alt": "json;enum-encoding=int"}).json()["state"] == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{bad", "Invalid JSON payload received. Unexpected token.\nbad\n^"),
        (b"\xff", "Invalid JSON payload received. Unexpected token."),
        (b'{"cluster": NaN}', "Invalid JSON payload received. Unexpected token."),
        (b"[" * 100_000, "Invalid JSON payload received. "),
        (
            {"colour": 1},
            'Invalid JSON payload received. Unknown name "colour": Cannot find field.',
        ),
        (
            {"cluster": {"autopilot": {"on": True}}},
            "Invalid JSON payload received. Unknown name \"on\" at 'cluster.autopilot': "
            "Cannot find field.",
        ),
        (
            {"cluster": {"initialNodeCount": "many"}},
            "Invalid value at 'cluster.initial_node_count' (TYPE_INT32), \"many\"",
        ),
        (
            {"cluster": {"initialNodeCount": 2**31}},
            "Invalid value at 'cluster.initial_node_count' (TYPE_INT32), 2147483648",
        ),
        (
            {"cluster": {"autopilot": {"enabled": "yes"}}},
            "Invalid value at 'cluster.autopilot.enabled' (TYPE_BOOL), \"yes\"",
        ),
        ({"cluster": {"name": 7}}, "Invalid value at 'cluster.name' (TYPE_STRING), 7"),
        (
            {"cluster": {"locations": "us-central1-a"}},
            "Invalid JSON payload received. Unknown name \"locations\" at 'cluster': "
            "Proto field is repeating, cannot start non-list.",
        ),
        (
            {"cluster": {"resourceLabels": {"a": 1}}},
            "Invalid value at 'cluster.resource_labels[].value' (TYPE_STRING), 1",
        ),
        (
            {"cluster": {"resourceLabels": ["a"]}},
            "Invalid JSON payload received. Unknown name \"resource_labels\" at 'cluster': "
            "Proto field is repeating, cannot start non-list.",
        ),
        (
            {"cluster": {"nodePools": [{"maxPodsConstraint": {"maxPodsPerNode": 1.5}}]}},
            "Invalid value at 'cluster.node_pools[0].max_pods_constraint.max_pods_per_node' "
            "(TYPE_INT64), 1.5",
        ),
        (
            {"cluster": {"status": "HAPPY"}},
            "Invalid value at 'cluster.status' "
            '(type.googleapis.com/google.container.v1.Cluster.Status), "HAPPY"',
        ),
        (
            {"cluster": "c"},
            "Invalid value at 'cluster' (type.googleapis.com/google.container.v1.Cluster), \"c\"",
        ),
    ],
)
def test_an_invalid_body_is_refused_with_googles_message(
    shared: Any, body: Any, message: str
) -> None:
    answer = shared.post(CLUSTERS, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert answer.json()["error"]["message"].startswith(message)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("etag", 7, "Invalid value at 'policy.etag' (TYPE_BYTES), 7"),
        ("etag", "?", "Invalid value at 'policy.etag' (TYPE_BYTES), \"?\""),
        ("version", True, "Invalid value at 'policy.version' (TYPE_INT32), true"),
    ],
)
def test_bytes_and_numbers_are_checked_too(
    shared: Any, field: str, value: Any, message: str
) -> None:
    answer = shared.post("/v1/projects/demo-project:setIamPolicy", {"policy": {field: value}})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)


def test_a_time_that_is_none_is_refused(shared: Any) -> None:
    wanted = {"projectId": "second-project", "createTime": "yesterday"}

    assert shared.post("/v3/projects", wanted).status_code == 400


def test_an_unexpected_failure_is_googles_500(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: Any, caller: Any) -> Any:
        raise ZeroDivisionError

    async def ask() -> tuple[int, Any]:
        callers = Callers("token", Caller("user:you@example.com", "you@example.com"))
        rest = Rest([Route("GET", "/v1/broken", None, fail)], callers)
        async with TestClient(TestServer(rest.application())) as client:
            answer = await client.get("/v1/broken", headers={"Authorization": "Bearer token"})
            return answer.status, await answer.json()

    status, body = asyncio.run(ask())

    assert status == 500
    assert body["error"]["message"] == "Internal error encountered."
    assert "ZeroDivisionError" in caplog.text


def test_every_violation_is_listed(shared: Any) -> None:
    error = shared.post(CLUSTERS, {"cluster": {"name": 7, "colour": 1}}).json()["error"]
    violations = error["details"][0]["fieldViolations"]

    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert [violation.get("field") for violation in violations] == ["cluster.name", "cluster"]


def test_an_unknown_query_parameter_is_refused(shared: Any) -> None:
    answer = shared.get("/v3/projects:search", colour="red")

    assert answer.status_code == 400
    assert "Cannot bind query parameter. Field 'colour'" in answer.json()["error"]["message"]


def test_query_parameters_are_bound_by_their_type(shared: Any) -> None:
    found = shared.get("/v3/projects:search", pageSize="5", prettyPrint="false")
    refused = shared.get("/v3/projects:search", pageSize="five")

    assert found.status_code == 200
    assert refused.status_code == 400
    assert "Invalid value at 'page_size' (TYPE_INT32)" in refused.json()["error"]["message"]


SEGMENTS = st.sampled_from(
    [
        *("v1", "v3", "projects", "projects:search", "demo-project", "locations", "us-central1"),
        *("us-central1-a", "-", "clusters", "c", "nodePools", "operations", "serverConfig"),
        *("services", "services:batchGet", "services:batchEnable", "container.googleapis.com"),
        *("billingInfo", "billingAccounts", "compute", "zones", "regions", "aggregated"),
        *("acceleratorTypes", "machineTypes", ":getIamPolicy", ":setIamPolicy"),
        *("%2F", "%00", "%ff", ".."),
    ]
) | st.text(max_size=5).map(lambda text: quote(text, safe=""))
NAMES = st.sampled_from(
    [
        *("cluster", "name", "nodePools", "nodePool", "parent", "config", "accelerators"),
        *("acceleratorCount", "autopilot", "enabled", "resourceLabels", "createTime"),
        *("policy", "bindings", "members", "etag", "options", "requestedPolicyVersion"),
        *("serviceIds", "project", "projectId", "permissions", "updateMask"),
        "projectBillingInfo",
    ]
) | st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
KNOWN = st.sampled_from(
    [
        ("POST", CLUSTERS),
        ("POST", CLUSTERS + "/c/nodePools"),
        ("PUT", CLUSTERS + "/c"),
        ("POST", "/v3/projects"),
        ("POST", "/v1/projects/demo-project:setIamPolicy"),
        ("POST", "/v1/projects/demo-project/services:batchEnable"),
        ("PUT", "/v1/projects/demo-project/billingInfo"),
    ]
)
ANY = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    st.lists(SEGMENTS, max_size=9).map(lambda segments: "/" + "/".join(segments)),
)
QUERY = st.dictionaries(
    st.sampled_from(["filter", "query", "pageToken", "maxResults", "a.b", "$alt", "names"])
    | st.text(max_size=4),
    st.text(max_size=8),
    max_size=2,
)
RELAXED = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def open_gke(shared: Any) -> Any:
    shared.enable_gke()
    return shared


@RELAXED
@given(call=KNOWN | ANY, body=JSON, query=QUERY)
def test_no_request_makes_the_server_fail(
    open_gke: Any, call: tuple[str, str], body: Any, query: dict[str, str]
) -> None:
    verb, path = call
    open_gke.allow("roles/owner")
    open_gke.enable_gke()
    answer = requests.request(
        verb,
        open_gke.url + path,
        params=query,
        data=json.dumps(body).encode(),
        headers={"Authorization": "Bearer reader-token"},
        timeout=5,
    )

    assert answer.status_code < 500 or answer.status_code == 501, answer.text
