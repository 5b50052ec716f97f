"""Whatever is sent, the server stays up and calls no error its own."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
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
                *("container", "dryRun", "fieldValidation", "propagationPolicy"),
            )
        ),
        st.text(max_size=10) | st.sampled_from(("-1", "99999999999999999999", "a in (b", "1.5")),
        max_size=4,
    ),
    path=st.sampled_from((*PATHS[:7], "/api/v1/namespaces/default/pods/one/log")),
)
def test_any_query_gets_an_answer(target, query, path):
    from urllib.parse import urlencode

    status, body = target("GET", f"{path}?{urlencode(query)}")
    assert status < 500 or (status == 504 and "Too large resource version" in body["message"])
