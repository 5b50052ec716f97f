"""PodMonitoring as Google publishes it: what the workbook writes, and what the rehearsal takes.

Witness: the definition in GoogleCloudPlatform/prometheus-engine, whose schema is
pod_monitoring.json; jsonschema judges by it, beside the rehearsal's own code.
"""

from __future__ import annotations

import copy

import pytest
from jsonschema import Draft202012Validator

from warmbook.serving.guide_manifest import pod_monitoring
from warmbook_rehearsal.kubernetes.custom import POD_MONITORING

PATH = "/apis/monitoring.googleapis.com/v1/namespaces/default/podmonitorings"
GOOGLES = Draft202012Validator(POD_MONITORING["spec"])
SECRET = {"secret": {"name": "s", "key": "k"}}

TAKEN = {
    "as it is": {},
    "port by name": {"port": "api"},
    "no path": {"path": None},
    "https": {"scheme": "https"},
    "timeout": {"timeout": "15s"},
    "interval of two units": {"interval": "1m30s"},
    "parameters": {"params": {"match[]": ["up"]}},
    "credentials": {"authorization": {"type": "Bearer", "credentials": SECRET}},
    "TLS": {"tls": {"ca": SECRET, "minVersion": "TLS12", "insecureSkipVerify": True}},
    "relabeling": {"metricRelabeling": [{"action": "drop", "sourceLabels": ["le"], "regex": "x"}]},
}
REFUSED = {
    "no interval": {"interval": None},
    "no port": {"port": None},
    "another scheme": {"scheme": "gopher"},
    "interval as a number": {"interval": 15},
    "parameters that are no lists": {"params": {"match[]": "up"}},
    "port without a name": {"port": ""},
    "port with a long name": {"port": "p" * 254},
    "path that is none": {"path": 7},
    "credentials without a key": {"authorization": {"credentials": {"secret": {"name": "s"}}}},
    "TLS of no version": {"tls": {"minVersion": "SSL3"}},
    "relabeling of no action": {"metricRelabeling": [{"action": "forget"}]},
    "relabeling by no label": {"metricRelabeling": [{"sourceLabels": ["a-b"]}]},
}
OF_SPEC = {
    "no endpoint": {"endpoints": []},
    "no selector": {"selector": None},
    "eleven endpoints": {"endpoints": [{"port": 1, "interval": "15s"}] * 11},
    "labels of no kind": {"targetLabels": {"metadata": ["colour"]}},
    "label of no name": {"targetLabels": {"fromPod": [{"from": "app", "to": "a-b"}]}},
    "label of nothing": {"targetLabels": {"fromPod": [{"to": "app"}]}},
    "limits as text": {"limits": {"samples": "many"}},
    "filter as text": {"filterRunning": "yes"},
}
BY_OTHER_RULES = {
    "interval of no unit": {"interval": "15"},
    "interval in words": {"interval": "often"},
    "port 0": {"port": 0},
    "timeout beyond the interval": {"timeout": "16s"},
    "two credentials": {"basicAuth": {"username": "u"}, "authorization": {"type": "Bearer"}},
}
"""What the schema's format and the definition's x-kubernetes-validations refuse."""


@pytest.fixture
def written(settings):
    """The workbook's PodMonitoring, in a namespace that is there."""
    body = pod_monitoring(settings)
    body["metadata"]["namespace"] = "default"
    return body


def changed(target, change):
    """Return a mapping with other values; without those that are None."""
    return {k: v for k, v in {**copy.deepcopy(target), **change}.items() if v is not None}


def with_endpoint(body, change):
    (endpoint,) = body["spec"]["endpoints"]
    return {**body, "spec": {**body["spec"], "endpoints": [changed(endpoint, change)]}}


def with_spec(body, change):
    return {**body, "spec": changed(body["spec"], change)}


def test_the_source_of_the_schema_is_named():
    origin = POD_MONITORING["origin"]
    assert origin["repository"].endswith("/GoogleCloudPlatform/prometheus-engine")
    assert (len(origin["commit"]), origin["licence"]) == (40, "Apache-2.0")
    Draft202012Validator.check_schema(POD_MONITORING["spec"])


def test_the_workbook_writes_only_fields_of_the_schema(written):
    GOOGLES.validate(written["spec"])
    assert {*written["spec"]} <= {*POD_MONITORING["spec"]["properties"]}
    known = POD_MONITORING["spec"]["properties"]["endpoints"]["items"]["properties"]
    assert {name for one in written["spec"]["endpoints"] for name in one} <= {*known}


@pytest.mark.parametrize("case", TAKEN)
def test_objects_valid_by_the_schema_are_accepted(call, written, case):
    body = with_endpoint(written, TAKEN[case])
    assert GOOGLES.is_valid(body["spec"])
    status, made = call("POST", f"{PATH}?fieldValidation=Strict", body)
    assert status == 201, made
    assert made["spec"]["endpoints"] == body["spec"]["endpoints"]


@pytest.mark.parametrize("case", [*REFUSED, *OF_SPEC])
def test_objects_invalid_by_the_schema_are_refused(call, written, case):
    whole = with_spec(written, OF_SPEC[case]) if case in OF_SPEC else None
    body = whole or with_endpoint(written, REFUSED[case])
    assert not GOOGLES.is_valid(body["spec"])
    assert call("POST", PATH, body)[0] in (400, 422)


@pytest.mark.parametrize("case", BY_OTHER_RULES)
def test_what_other_rules_of_the_definition_refuse_is_refused(call, written, case):
    status, told = call("POST", PATH, with_endpoint(written, BY_OTHER_RULES[case]))
    assert status == 422, told
    assert told["details"]["causes"][0]["field"].startswith("spec.endpoints[0]")


def test_the_defaults_of_the_schema_are_filled_in(call, written):
    _, made = call("POST", PATH, written)
    labels = POD_MONITORING["spec"]["properties"]["targetLabels"]["properties"]["metadata"]
    assert made["spec"]["targetLabels"] == {"metadata": labels["default"]}
    own = with_spec(written, {"targetLabels": {"metadata": ["pod"]}})
    own["metadata"] = {**own["metadata"], "name": "own"}
    assert call("POST", PATH, own)[1]["spec"]["targetLabels"] == {"metadata": ["pod"]}
