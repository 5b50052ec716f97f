"""Any request that the server's own OpenAPI documents describe gets an answer, or a Status."""

from __future__ import annotations

import json
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import given

from ..described import Description, of_openapi, requests
from ..fuzzing import Wire, batches
from .test_fuzz import _is_an_answer

NAMES = ("web", "web", "one", "two", "gpu-0")
CONTAINERS = [{"name": "main", "image": "web:1"}]
KNOWN = {
    "containers": (CONTAINERS,),
    "template": ({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": CONTAINERS}},),
    "namespace": ("default", "default", "default", "kube-system", "x"),
    **dict.fromkeys(("name", "generateName"), NAMES),
    **dict.fromkeys(("replicas", "parallelism", "completions", "minReplicas"), (0, 1, 2)),
    **dict.fromkeys(("labels", "matchLabels", "nodeSelector", "selector"), ({"app": "web"}, {})),
    **dict.fromkeys(("limits", "requests"), ({"cpu": "1"}, {"nvidia.com/gpu": "1"}, {})),
    **{"image": ("web:1",), "data": ({"a": "b"}, {"a": "YQ=="}), "dryRun": ("All", "All", "x")},
    **{"fieldManager": ("fuzz",), "fieldValidation": ("Strict", "Warn", "Ignore"), "force": ("1",)},
    "resourceVersion": ("",),
    "metadata": tuple({"name": name, "labels": {"app": "web"}} for name in (*NAMES, "new")),
}


def of_the_cluster(wire: Wire) -> Description:
    """Return what the documents of all groups describe, as one."""
    index = json.loads(wire.ask("GET", "/openapi/v3").body)["paths"]
    found = [
        of_openapi(json.loads(wire.ask("GET", one["serverRelativeURL"]).body))
        for one in index.values()
    ]
    methods = tuple(method for each in found for method in each.methods)
    schemas = {name: schema for each in found for name, schema in each.schemas.items()}
    return Description(methods, schemas)


@pytest.mark.parametrize(("seed", "drawn"), batches(), ids=lambda one: None)
def test_any_described_request_gets_an_answer(cluster, call, deployment, seed, drawn):
    assert call("POST", "/apis/apps/v1/namespaces/default/deployments", deployment())[0] == 201
    cluster.add_gpu_node()
    wire = Wire(cluster.url, cluster.token)
    described = of_the_cluster(Wire(cluster.url, cluster.token))

    @hypothesis.seed(seed)
    @drawn
    @given(requests(described, KNOWN))
    def ask(request):
        answer = wire.ask(request.verb, request.target, request.body, request.media)
        _is_an_answer(answer.status, json.loads(answer.body))

    with wire.recorded("Kubernetes", len(described.methods)):
        ask()
    assert wire.ask("GET", "/api/v1/namespaces/default").status == 200


def test_bodies_are_of_the_kind_that_the_path_is_of(cluster):
    described = of_the_cluster(Wire(cluster.url, cluster.token))
    taking = [method for method in described.methods if method.body]
    assert {method.verb for method in taking} == {"POST", "PUT", "PATCH"}
    pods = replace(described, methods=tuple(m for m in taking if m.path.endswith("/pods")))
    assert [method.verb for method in pods.methods] == ["POST"]
    request = hypothesis.find(
        requests(pods, KNOWN), lambda one: isinstance(one.body, dict) and "kind" in one.body
    )
    assert (request.body["apiVersion"], request.body["kind"]) == ("v1", "Pod")
