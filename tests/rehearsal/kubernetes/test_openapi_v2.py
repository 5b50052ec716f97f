"""OpenAPI v2 as clients read it: Terraform's as JSON, kubectl's as protobuf."""

from __future__ import annotations

import itertools
import json
import re

import pytest
import requests

from warmbook_rehearsal.kubernetes import openapi_v2, openapi_v2_protobuf

OLD_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
GVK = "x-kubernetes-group-version-kind"


@pytest.fixture
def get(cluster):
    def get(accept):
        headers = {"Authorization": f"Bearer {cluster.token}", "Accept": accept}
        return requests.get(f"{cluster.url}/openapi/v2", headers=headers, timeout=10)

    return get


def test_the_document_names_every_kind_and_refers_to_nothing_that_is_not_there(get):
    document = get("application/json").json()
    assert document["swagger"] == "2.0"
    definitions = document["definitions"]
    kinds = {g["kind"] for one in definitions.values() for g in one.get(GVK, ())}
    assert {"Pod", "Deployment", "PersistentVolumeClaim", "PodMonitoring"} <= kinds
    text = json.dumps(document)
    references = set(re.findall(r'"\$ref": "([^"]+)"', text))
    assert references <= {f"#/definitions/{name}" for name in definitions}
    assert "oneOf" not in text
    port = definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"]
    assert port == {"type": "string", "format": "int-or-string"}


def test_each_array_has_items_and_each_operation_its_own_name():
    document = openapi_v2.document()

    def inside(value):
        yield value
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, (dict, list)):
            for one in inner:
                yield from inside(one)

    arrays = [
        one for one in inside(document) if isinstance(one, dict) and one.get("type") == "array"
    ]
    assert arrays
    assert all("items" in one for one in arrays)
    items = (path.values() for path in document["paths"].values())
    names = [one["operationId"] for one in itertools.chain(*items) if isinstance(one, dict)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", openapi_v2.JSON),
        ("test/test, */*", openapi_v2.JSON),
        (OLD_PROTOBUF, openapi_v2.PROTOBUF),
        (f"application/json, {OLD_PROTOBUF}", openapi_v2.JSON),
        (f"{OLD_PROTOBUF}, application/json", openapi_v2.PROTOBUF),
        (f"{OLD_PROTOBUF}; q=0.5, application/json", openapi_v2.JSON),
    ],
)
def test_the_form_is_what_the_caller_likes_best(get, accept, form):
    """Source: kube-openapi, pkg/handler/handler_test.go, TestRegisterOpenAPIVersionedService."""
    assert get(accept).headers["Content-Type"].partition(";")[0] == form


def test_a_form_that_there_is_not_is_refused(get):
    refused = get("application/test")
    assert (refused.status_code, refused.json()["reason"]) == (406, "NotAcceptable")


def test_the_message_has_the_fields_of_gnostic_s_document():
    small = {
        "swagger": "2.0",
        "info": {"title": "K", "version": "v"},
        "paths": {},
        "definitions": {"D": {"type": "object", "required": ["a"], "x-y": [1]}},
    }
    schema = b"\x9a\x01\x01a" + b"\xb2\x01\x08\x0a\x06object"
    schema += b"\xfa\x01\x0c\x0a\x03x-y\x12\x05\x12\x03[1]"
    named = b"\x0a\x01D\x12" + bytes([len(schema)]) + schema
    definitions = b"\x0a" + bytes([len(named)]) + named
    assert openapi_v2_protobuf.encode(small) == (
        b"\x0a\x032.0"
        b"\x12\x06\x0a\x01K\x12\x01v"
        b"\x42\x00"
        b"\x4a" + bytes([len(definitions)]) + definitions
    )
