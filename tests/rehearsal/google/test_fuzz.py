"""Whatever is sent to Google's REST faces, they answer in Google's form and stay up."""

from __future__ import annotations

import base64
import copy
import json
import re
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from warmbook_rehearsal.google import methods
from warmbook_rehearsal.google.billing import ACCOUNT
from warmbook_rehearsal.google.errors import HTTP_STATUS
from warmbook_rehearsal.google.projects import CLIENT_BASED
from warmbook_rehearsal.google.service_catalogue import BY_DEFAULT
from warmbook_rehearsal.google.transcoding import Route

from ..fuzzing import places

LIMIT_S = 5
HOME = ("demo-project", "us-central1-a", "c")
EXAMPLES = 100
ANY = MagicMock()
ROUTES = [
    *methods.resource_manager(ANY, ANY),
    *methods.resource_manager_v1(ANY),
    *methods.service_usage(ANY),
    *methods.cloud_billing(ANY),
    *methods.cluster_manager(ANY, ANY),
    *methods.compute_engine(ANY),
]
SET_POLICY = "/v1/projects/demo-project:setIamPolicy"
CLUSTERS = "/v1/projects/demo-project/locations/us-central1-a/clusters"
POOL = {
    "name": "p",
    "initialNodeCount": 1,
    "locations": ["us-central1-a"],
    "autoscaling": {"enabled": True, "minNodeCount": 1, "maxNodeCount": 2},
    "config": {
        "machineType": "g2-standard-4",
        "accelerators": [{"acceleratorCount": "1", "acceleratorType": "nvidia-l4"}],
        "labels": {"a": "b"},
    },
}
CLUSTER = {
    "name": "new",
    "locations": ["us-central1-a"],
    "resourceLabels": {"a": "b"},
    "nodePools": [POOL],
    "initialClusterVersion": "latest",
}
GOOD: dict[str, Any] = {
    f"POST {CLUSTERS}": {"cluster": CLUSTER},
    f"POST {CLUSTERS.replace('1-a', '1')}": {
        "cluster": {"name": "n", "autopilot": {"enabled": True}}
    },
    f"POST {CLUSTERS}/c/nodePools": {"nodePool": POOL},
    f"POST {SET_POLICY}": {
        "policy": {"bindings": [{"role": "roles/viewer", "members": ["user:a@b.c"]}], "version": 3},
        "updateMask": "bindings",
    },
    "POST /v3/projects": {"projectId": "second-project", "labels": {"a": "b"}},
    "POST /v1/projects/demo-project/services:batchEnable": {"serviceIds": ["run.googleapis.com"]},
    "PUT /v1/projects/demo-project/billingInfo": {
        "billingAccountName": "billingAccounts/000000-AAAAAA-000000"
    },
}

# one word for each part of a path, so that most requests get past it
KNOWN = {
    **dict.fromkeys(("projects", "project", "projectId"), ("demo-project", "123456789012")),
    **dict.fromkeys(("locations", "zone"), ("us-central1-a",)),
    **{"region": ("us-central1",), "clusters": ("c", "new"), "nodePools": ("default-pool", "p")},
    **{"services": ("container.googleapis.com",), "machineType": ("g2-standard-4",)},
}
ODD = (
    "-",
    "%00",
    "%ff",
    "%2F",
    "%zz",
    "%",
    "..",
    "%E2%82",
    "a:b",
    "%0D%0A",
    "x" * 3000,
    "%ED%A0%80",
)
WORDS = ("", "c", "us-central1-a", "demo-project", "nvidia-l4", "g2-standard-4", "roles/owner", "-")
TEXTS = (
    st.sampled_from(WORDS) | st.text(max_size=6) | st.sampled_from(("\ud800", "\x00", "9" * 5000))
)
NUMBERS = st.integers(-2, 3) | st.sampled_from((2**31, -(2**63), 2**64, 10**400, 1e308, 1.5, 1e999))
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
GARBAGE = st.binary(max_size=40) | st.sampled_from(
    (b"{", b"[" * 50_000, b'{"a":' * 50_000, b"\xff\xfe{}", b"{}{}", b" " * 2**21, b'{"a":1e99999}')
)
QUERIES = st.dictionaries(
    st.sampled_from(
        (
            *("pageSize", "pageToken", "maxResults", "filter", "query", "orderBy", "names"),
            *("$alt", "alt", "fields", "options.requestedPolicyVersion", "returnPartialSuccess"),
        )
    )
    | st.text(max_size=4),
    st.sampled_from(("-1", "0", "", "²", "9" * 4400, "1e3", "name=", "name eq (", "(a:b) (", "id:"))
    | st.text(max_size=8),
    max_size=3,
)
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def face(shared: Any) -> Iterator[Any]:
    """A cloud with the APIs on and a cluster `c`; it must answer to the very end."""
    yield shared
    restored(shared)
    assert shared.get("/v3/projects/demo-project").json()["state"] == "ACTIVE"


def ask(face: Any, verb: str, target: str, body: Any = None, token: str | None = None) -> Any:
    """Send a request just as it is spelled; return (status, JSON), the time limit kept."""
    connection = HTTPConnection(face.url.removeprefix("http://"), timeout=LIMIT_S)
    headers = {"Authorization": "Bearer reader-token" if token is None else token}
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    try:
        connection.request(verb, target[:8000], raw, headers)  # longer ones aiohttp refuses itself
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    assert answer.headers.get_content_type() == "application/json", (answer.status, text[:200])
    return answer.status, json.loads(text) if verb != "HEAD" else None


def is_googles(status: int, body: Any) -> None:
    """Check that an answer is no failure of the server, and a refusal in Google's form."""
    assert status < 500 or status == 501, body
    if status >= 400 and body is not None:
        error = body["error"]
        assert error["code"] == status == HTTP_STATUS[error["status"]]
        assert isinstance(error["message"], str) and error["message"]


def restored(face: Any) -> None:
    """Undo what an example may have done: else the next one ends at the same closed door."""
    face.allow("roles/owner")
    face.enable_gke()
    face.cloud.project.services |= BY_DEFAULT | CLIENT_BASED
    face.cloud.project.billing_account = ACCOUNT
    cluster_registry = face.cloud.cluster_registry
    while cluster_registry.operations._active:
        time.sleep(0.002)
    for key in [key for key in cluster_registry.clusters if key != HOME]:
        del cluster_registry.clusters[key]
    if not cluster_registry.clusters:
        face.wait(face.create_cluster("c"))
    cluster = cluster_registry.clusters[HOME]
    cluster.node_pools = cluster.node_pools[:1]


@st.composite
def targets(draw: Any, route: Route, odd: bool) -> str:
    """Spell a path that fits a route, with odd segments now and then if wanted."""
    shape = re.sub(
        r"\{(\w+)(=[^}]*)?\}", lambda v: v[2][1:] if v[2] else f"*{v[1]}", route.template
    )
    spelled: list[str] = []
    for part in shape.split("/"):
        star = re.match(r"\*+(\w*)", part)
        if star is None:
            spelled.append(part)
            continue
        usual = KNOWN.get(star[1] or spelled[-1], ("projects",) if spelled[-1] == "v1" else ("x",))
        choice = st.sampled_from((*usual, *(ODD if odd else ())))
        spelled.append(draw(choice) + part[star.end() :])
    return "/".join(spelled)


def fields_of(route: Route) -> list[str]:
    """Return the names of the fields in a route's body."""
    message = route.request.pb() if hasattr(route.request, "wrap") else route.request
    whole = message.DESCRIPTOR
    body = whole if route.body == "*" else whole.fields_by_name[route.body].message_type
    return [field.json_name for field in body.fields]


@FUZZ
@given(data=st.data(), request=st.sampled_from(sorted(GOOD)))
def test_a_request_with_wrong_values_gets_an_answer(
    face: Any, data: st.DataObject, request: str
) -> None:
    body = copy.deepcopy(GOOD[request])
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(list(places(body)) or [(body, "x")]))
        alike = (
            TEXTS if isinstance(holder.get(key) if key == "x" else holder[key], str) else NUMBERS
        )
        holder[key] = data.draw(alike | SCALARS | JSON | st.lists(TEXTS, max_size=2))
    restored(face)

    is_googles(*ask(face, *request.split(), body))


@FUZZ
@given(data=st.data())
def test_any_body_gets_an_answer(face: Any, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from([route for route in ROUTES if route.body]))
    target = data.draw(targets(route, odd=False))
    fields = st.dictionaries(st.sampled_from(fields_of(route)), JSON, max_size=4)
    body = data.draw(fields | GARBAGE | JSON)
    restored(face)

    is_googles(*ask(face, route.verb, target, body))


@FUZZ
@given(data=st.data(), query=QUERIES, odd=st.booleans())
def test_any_path_and_query_get_an_answer(
    face: Any, data: st.DataObject, query: dict[str, str], odd: bool
) -> None:
    route = data.draw(st.sampled_from(ROUTES))
    target = data.draw(targets(route, odd))
    restored(face)

    is_googles(*ask(face, route.verb, f"{target}?{urlencode(query)}"))
    is_googles(*ask(face, "GET", f"{target}?{quote(str(query))}&=&%zz=%ff&&a"))


@FUZZ
@given(data=st.data(), verb=st.sampled_from(("HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "LOCK")))
def test_any_method_gets_an_answer(face: Any, data: st.DataObject, verb: str) -> None:
    target = data.draw(targets(data.draw(st.sampled_from(ROUTES)), odd=True))
    target = "*" if verb == "OPTIONS" and target.endswith("a:b") else target
    restored(face)

    is_googles(*ask(face, verb, target, b"{}"))


@FUZZ
@given(data=st.data(), token=st.binary(max_size=12).map(lambda raw: raw.decode("latin-1")))
@example(data=None, token="Bearer \xff")
@example(data=None, token="Bearer " + "x" * 4000)
def test_any_other_token_is_a_401(face: Any, data: Any, token: str) -> None:
    target = (
        CLUSTERS if data is None else data.draw(targets(data.draw(st.sampled_from(ROUTES)), True))
    )
    token = re.sub(r"[^\x20-\x7e\x80-\xff]", "", token)

    status, body = ask(face, "GET", target, token=token)

    assert status == 401
    assert body["error"]["status"] == "UNAUTHENTICATED"


@FUZZ
@given(etag=st.binary(min_size=1, max_size=12))
def test_a_stale_etag_is_a_409(face: Any, etag: bytes) -> None:
    restored(face)
    binding = {"role": "roles/owner", "members": [face.reader.member]}
    policy = {"bindings": [binding], "etag": base64.b64encode(etag).decode()}

    status, body = ask(face, "POST", SET_POLICY, {"policy": policy})

    assert (status, body["error"]["status"]) == (409, "ABORTED")
