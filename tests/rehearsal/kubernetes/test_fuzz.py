"""Whatever is sent, the server stays up and calls no error its own."""

from __future__ import annotations

import copy
import json
import struct
from http.client import HTTPConnection
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

MEDIA = (
    "application/json",
    "application/yaml",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/json-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
)
SPOKEN = """
    apiVersion kind metadata spec status name namespace labels replicas selector matchLabels
    template containers image resources limits data strategy rollingUpdate maxSurge ports env
    volumes tolerations op managedFields ownerReferences finalizers resourceVersion path value
    $patch generateName annotations affinity nodeSelector startupProbe httpGet port
"""
WORDS = SPOKEN.split()
PATHS = (
    "/api/v1/namespaces",
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/services",
    "/api/v1/namespaces/default/events",
    "/api/v1/nodes",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/deployments/web",
    "/apis/apps/v1/namespaces/default/deployments/web/scale",
    "/apis/apps/v1/namespaces/default/deployments/web/status",
    "/apis/apps/v1/namespaces/default/replicasets",
    "/apis/batch/v1/namespaces/default/jobs",
    "/apis/batch/v1/namespaces/default/cronjobs",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(("", "web", "1", "25%", "Recreate", "Always", "/spec/replicas", "main"))
    | st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
ODD = (
    *("-1", "0", "1", "9" * 18, "9" * 99, "a in (b", "1.5", "a in (,)", "!", "a==", "a=b=c", ",,"),
    *("metadata.name=", "spec.nodeName!=x", "a notin ()", "W10=", "WzEsMl0=", "bnVsbA==", "%%%"),
    *("2020-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00", "\x00"),
)
NAMES = st.text(max_size=6) | st.sampled_from(
    ("UPPER", "a..b", "-a", "a_b", "x" * 300, "..", "a/b", "", "é", "a\n", "web%2Fx", "one:x")
)
YAMLS = (
    *(b"&a [*a, *a]", b"a: &a {<<: *a}", b"&a {b: *a}", b"{a: .nan}", b"a: .inf", b"a: 1e999"),
    *(b"!!python/object:os.system x", b"!!binary x", b"? {a: 1}\n: b", b"<<: 1", b"- " * 3000),
    *(b"{a: " * 3000, b"a: !!set {b}", b"a: 2020-99-99", b"a: 0o8", b"a: 1:99", b"%YAML 9.9\n---"),
    b"a: &a {x: 1}\n"
    + b"".join(b"b: &a {<<: [%s]}\n" % b",".join([b"*a"] * 10) for _ in range(12)),
    *(b"--- a\n--- b", b"a: \xff", b"\xff\xfea\x00", b"\t", b"a: *b", b"!!int x", b"!!float x"),
    b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 10)) for n in range(97, 109)
    ),
)
RELAXED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def target(call, deployment):
    assert call("POST", "/apis/apps/v1/namespaces/default/deployments", deployment())[0] == 201
    return call


def _is_an_answer(status, body):
    assert status < 500, body
    assert status < 400 or (body["kind"], body["code"]) == ("Status", status)
    json.dumps(body, allow_nan=False)  # Python reads NaN in JSON, nobody else does


@RELAXED
@given(
    method=st.sampled_from(("POST", "PUT", "PATCH", "DELETE")),
    path=st.sampled_from(PATHS),
    media=st.sampled_from(MEDIA),
    body=VALUES,
)
def test_any_json_gets_an_answer(target, method, path, media, body):
    _is_an_answer(*target(method, f"{path}?fieldManager=fuzz&dryRun=All", body, media=media))


def _mutations(body):
    """Yield (holder, key) of every value in a manifest."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in list(pairs):
        yield body, key
        if isinstance(value, (dict, list)):
            yield from _mutations(value)


@RELAXED
@given(data=st.data())
def test_a_manifest_with_one_wrong_value_gets_an_answer(target, deployment, data):
    body = deployment(gpus=1)
    holder, key = data.draw(st.sampled_from(list(_mutations(body))))
    holder[key] = data.draw(VALUES)
    path = "/apis/apps/v1/namespaces/default/deployments"
    method, media = data.draw(
        st.sampled_from(
            (("POST", MEDIA[0]), ("PUT", MEDIA[0]), *(("PATCH", media) for media in MEDIA[2:6]))
        )
    )
    where = path if method == "POST" else f"{path}/web"
    _is_an_answer(*target(method, f"{where}?fieldManager=fuzz&dryRun=All", body, media=media))


@RELAXED
@given(raw=st.binary(max_size=64), media=st.sampled_from(MEDIA), known=st.booleans())
def test_any_bytes_get_an_answer(target, raw, media, known):
    raw = b"k8s\x00\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12" + raw if known else raw
    _is_an_answer(*target("POST", "/api/v1/namespaces?dryRun=All", raw=raw, media=media))


@RELAXED
@given(
    query=st.dictionaries(
        st.sampled_from(
            (
                *("labelSelector", "fieldSelector", "limit", "continue", "resourceVersion"),
                *("timeoutSeconds", "tailLines", "sinceSeconds", "sinceTime", "limitBytes"),
                *("container", "dryRun", "fieldValidation", "propagationPolicy", "pretty"),
                *("resourceVersionMatch", "includeObject", "previous", "timestamps"),
            )
        ),
        st.text(max_size=10) | st.sampled_from(ODD),
        max_size=4,
    ),
    path=st.sampled_from((*PATHS[:7], "/api/v1/namespaces/default/pods/one/log")),
)
def test_any_query_gets_an_answer(target, query, path):
    status, body = target("GET", f"{path}?{urlencode(query)}")
    assert status < 500 or (status == 504 and "Too large resource version" in body["message"])


@RELAXED
@given(
    text=st.sampled_from(YAMLS) | st.text("{}[]&*a:- \n!<?|>'#%", max_size=30), apply=st.booleans()
)
def test_any_yaml_gets_an_answer(target, text, apply):
    raw = text if isinstance(text, bytes) else text.encode()
    raw = b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata:\n  " * apply + raw
    path = "/api/v1/namespaces/default/configmaps"
    for method, where, media in (("POST", path, MEDIA[1]), ("PATCH", f"{path}/a", MEDIA[5])):
        where = f"{where}?fieldManager=fuzz&dryRun=All"
        _is_an_answer(*target(method, where, raw=raw, media=media))


def _packed(number, *inside):
    """Write a field of a protobuf message."""
    raw = b"".join(part if isinstance(part, bytes) else part.encode() for part in inside)
    length, size = len(raw), b""
    while length > 127:
        length, size = length >> 7, size + bytes([length & 127 | 128])
    return bytes([number << 3 | 2]) + size + bytes([length]) + raw


def _deployment_in_protobuf():
    labels = _packed(1, "app"), _packed(2, "web")
    port = _packed(1, "http") + struct.pack("BB", 3 << 3, 80)
    container = _packed(2, _packed(1, "main"), _packed(2, "web:1"), _packed(6, port))
    pod = _packed(3, _packed(1, _packed(11, *labels)), _packed(2, container, _packed(3, "Always")))
    spec = struct.pack("BB", 1 << 3, 1) + _packed(2, _packed(1, *labels)) + pod
    return _packed(1, _packed(1, "packed"), _packed(11, *labels)) + _packed(2, spec)


@RELAXED
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 200), st.binary(max_size=3), st.booleans()), max_size=3
    ),
    kind=st.sampled_from(("Deployment", "Pod", "ConfigMap", "Secret", "Service", "Namespace")),
)
@example(changes=[(114, b"\0\0\0", True)], kind="Deployment")
def test_mutated_protobuf_gets_an_answer(target, changes, kind):
    raw = _deployment_in_protobuf()
    for at, put, over in changes:
        raw = raw[: at % len(raw)] + put + raw[at % len(raw) + len(put) * over :]
    version = "apps/v1" if kind == "Deployment" else "v1"
    raw = b"k8s\0" + _packed(1, _packed(1, version), _packed(2, kind)) + _packed(2, raw)
    where = "apis/apps/v1/namespaces/default/deployments" if "/" in version else "api/v1/namespaces"
    status, body = target("POST", f"/{where}?dryRun=All", raw=raw, media=MEDIA[6])
    _is_an_answer(status, body)
    assert changes or kind != "Deployment" or status == 201, body


def _manifests(deployment, pod):
    """Return good objects of many kinds, by the path that they are posted to."""
    here, meta = "/api/v1/namespaces/default", {"labels": {"a": "b"}, "annotations": {"a": "b"}}
    template = {"spec": {**pod()["spec"], "restartPolicy": "Never"}}
    ports = [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]
    about = {"kind": "Pod", "name": "one", "namespace": "default", "uid": "1"}
    return {
        "/apis/apps/v1/namespaces/default/deployments": deployment(
            "x", gpus=1, annotations={"a": "b"}, strategy={"rollingUpdate": {"maxSurge": "25%"}}
        ),
        "/apis/batch/v1/namespaces/default/jobs": {
            "spec": {"template": template, "backoffLimit": 1}
        },
        "/apis/batch/v1/namespaces/default/cronjobs": {
            "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
        },
        f"{here}/pods": pod(),
        f"{here}/services": {"spec": {"selector": {"app": "web"}, "ports": ports}},
        f"{here}/configmaps": {"data": {"a": "b"}, "binaryData": {"c": "AA=="}, "metadata": meta},
        f"{here}/secrets": {"data": {"a": "AA=="}, "stringData": {"b": "c"}, "type": "Opaque"},
        f"{here}/events": {"involvedObject": about, "lastTimestamp": "2020-01-01T00:00:00Z"},
        "/api/v1/namespaces": {"metadata": meta},
        "/api/v1/nodes": {
            "metadata": meta,
            "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]},
        },
    }


@RELAXED
@given(data=st.data(), validation=st.sampled_from(("Strict", "Warn", "Ignore", "strict", "")))
def test_what_is_stored_stops_no_reader_and_no_controller(
    target, deployment, pod, capfd, eventually, data, validation
):
    kinds = _manifests(deployment, pod)
    path = data.draw(st.sampled_from(sorted(kinds)))
    body = copy.deepcopy(kinds[path])
    body.setdefault("metadata", {})["name"] = data.draw(st.just("fuzzed") | NAMES)
    holder, key = data.draw(st.sampled_from([*_mutations(body), (body, "status"), (body, "odd")]))
    holder[key] = data.draw(VALUES)
    state = data.draw(VALUES)
    query = urlencode({"fieldValidation": validation})
    status, made = target("POST", f"{path}?{query}", body)
    _is_an_answer(status, made)
    for form in ("Table", "PartialObjectMetadataList"):
        accept = {"Accept": f"application/json;as={form};v=v1;g=meta.k8s.io"}
        _is_an_answer(*target("GET", f"{path}?includeObject=None", **accept))
    if status == 201:
        one = f"{path}/{made['metadata']['name']}"
        _is_an_answer(*target("PUT", f"{one}/status", {**made, "status": state}))
        _is_an_answer(*target("GET", path, Accept="application/json;as=Table;v=v1;g=meta.k8s.io"))
        _is_an_answer(*target("DELETE", f"{one}?gracePeriodSeconds=0"))
    assert "Traceback" not in capfd.readouterr().err


OTHER_VERSIONS = st.integers(1, 99) | st.integers(10**9, 10**20)
"""Versions that no object of a test has: a store begins at 100."""


@RELAXED
@given(name=NAMES, patch=st.sampled_from(MEDIA[2:6]), version=OTHER_VERSIONS.map(str))
def test_names_are_checked_and_stale_versions_conflict(target, deployment, name, patch, version):
    path = "/apis/apps/v1/namespaces/default/deployments"
    _is_an_answer(*target("GET", f"{path}/{quote(name, safe='')}"))
    _is_an_answer(
        *target("DELETE", f"/api/v1/namespaces/{quote(name, safe='')}/pods/{quote(name)}")
    )
    stale = deployment()
    stale["metadata"]["resourceVersion"] = version
    assert target("PUT", f"{path}/web", stale)[0] == 409
    body = {"metadata": {"resourceVersion": version}, "apiVersion": "apps/v1", "kind": "Deployment"}
    if patch == "application/json-patch+json":
        body = [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}]
    assert target("PATCH", f"{path}/web?fieldManager=fuzz", body, media=patch)[0] == 409
    status, refusal = target(
        "DELETE",
        f"{path}/web",
        {"preconditions": body["metadata"]}
        if isinstance(body, dict)
        else {"preconditions": {"resourceVersion": version}},
    )
    assert (status, refusal["reason"]) == (409, "Conflict")


@pytest.fixture
def raw(cluster):
    """Return a function that asks and awaits no stream's end: (status, JSON if refused)."""

    def ask(method, path, token=None, **headers):
        connection = HTTPConnection(cluster.url.removeprefix("http://"), timeout=5)
        sent = {"Authorization": f"Bearer {cluster.token}" if token is None else token, **headers}
        try:
            connection.request(method, path[:8000], headers=sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()) if answer.status >= 400 else None
        finally:
            connection.close()

    return ask


@RELAXED
@given(
    query=st.dictionaries(
        st.sampled_from(
            (
                *("resourceVersion", "timeoutSeconds", "resourceVersionMatch", "labelSelector"),
                *("sendInitialEvents", "allowWatchBookmarks", "fieldSelector", "limit"),
            )
        ),
        st.sampled_from((*ODD, "true")),
        max_size=4,
    ),
    path=st.sampled_from(PATHS[:7]),
)
def test_any_watch_gets_an_answer(target, raw, query, path):
    status, refusal = raw("GET", f"{path}?{urlencode({**query, 'watch': 'true'})}")
    assert refusal is None or status == 504 or _is_an_answer(status, refusal) is None


@RELAXED
@given(
    stream=st.sampled_from(
        ("log", "exec", "portforward", "proxy", "proxy/%00", "proxy/a%2Fb?x=%zz")
    ),
    method=st.sampled_from(("GET", "POST", "PUT", "OPTIONS")),
    query=st.lists(
        st.tuples(
            st.sampled_from(
                ("container", "command", "ports", "stdin", "tty", "tailLines", "sinceTime")
            ),
            st.sampled_from(("", "main", "true", "\x00", "0", "1", "65536", "1,x", "²", *ODD)),
        ),
        max_size=4,
    ),
    key=st.sampled_from(("", "x", "AAAAAAAAAAAAAAAAAAAAAA==", "\xff")),
    name=st.sampled_from(
        ("one", "one:1", "http:one:1", "one:x", "https:one:1", "two", ":", "one:0")
    ),
)
def test_any_stream_gets_an_answer(running_pod, raw, stream, method, query, key, name):
    name = name if stream.startswith("proxy") else name.partition(":")[0]
    path = f"/api/v1/namespaces/default/pods/{name}/{stream}"
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {**upgrade, "Sec-WebSocket-Key": key} if key and "proxy" not in stream else {}
    status, refusal = raw(
        method, f"{path}{'&' if '?' in path else '?'}{urlencode(query)}", **headers
    )
    refused_by_the_pod = status == 503 and "error trying to reach service" in refusal["message"]
    assert refusal is None or refused_by_the_pod or _is_an_answer(status, refusal) is None


@RELAXED
@given(token=st.text("Bearer \xff=.x", max_size=12).map(str.strip), path=st.sampled_from(PATHS))
def test_any_other_token_is_a_401(target, raw, token, path):
    for method in ("GET", "POST", "OPTIONS"):
        status, refusal = raw(method, path, token)
        assert (status, refusal["reason"]) == (401, "Unauthorized")
