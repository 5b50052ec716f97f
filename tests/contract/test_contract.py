"""What the workbook, Google's clients and the rehearsal say, held against Google's documents."""

import copy
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from .discovery import SYSTEM_PARAMETERS, UNDESCRIBED, deviations, method_of, read, undescribed
from .replay import can_be_sent_again, differences

TAPES = sorted((Path(__file__).parent / "tapes").glob("*.jsonl"))
FEWEST_EXCHANGES, FEWEST_METHODS = 1000, 35

pytestmark = pytest.mark.timeout(600)


def found(exchanges):
    """Return the deviations of all, each once, with how often it occurs."""
    counted = Counter()
    for one in exchanges:
        method = method_of(one)
        counted.update((method.name if method else str(one), what) for what in deviations(one))
    return dict(counted)


def test_the_walk_is_long_enough(exchanges):
    described = [method for one in exchanges if (method := method_of(one))]
    methods = {method.name for method in described}
    print(f"{len(described)} exchanges by {len(methods)} methods")
    assert len(described) >= FEWEST_EXCHANGES
    assert len(methods) >= FEWEST_METHODS, sorted(methods)
    assert {one.host.partition(".")[0] for one in exchanges} >= {
        *("cloudbilling", "cloudresourcemanager", "compute", "container"),
        *("monitoring", "serviceusage", "storage"),
    }
    refused = {one.status for one in exchanges if one.status >= 400}
    assert refused >= {403, 404, 409, 412}


def test_no_exchange_deviates_from_googles_documents(exchanges):
    assert found(exchanges) == {}


def test_what_no_document_describes_is_listed_with_its_reason(exchanges):
    assert all(why for *_, why in UNDESCRIBED) and all(SYSTEM_PARAMETERS.values())
    used = {undescribed(one) for one in exchanges if method_of(one) is None}
    assert used == {"a session's chunks, by its URL"}
    parameters = {name for one in exchanges for name, _ in one.query}
    assert {"$alt", "upload_id"} <= parameters & SYSTEM_PARAMETERS.keys()


# ── what the test would find ────────────────────────────────────────────────────────────────────


def one_of(exchanges, method, status=200):
    """Return an exchange of the method with that status, to break it."""
    return next(
        copy.deepcopy(one)
        for one in exchanges
        if one.status == status and (told := method_of(one)) and told.name == method
    )


CLUSTERS = "container.projects.locations.clusters"


@pytest.mark.parametrize(
    ("method", "side", "way", "name"),
    [
        (f"{CLUSTERS}.create", "request", ("cluster",), "resourceLables"),
        (f"{CLUSTERS}.get", "response", (), "state_"),
        (f"{CLUSTERS}.get", "response", ("nodePools", 0, "config"), "machinetype"),
        ("cloudresourcemanager.projects.setIamPolicy", "request", ("policy",), "binding"),
        ("compute.regions.get", "response", ("quotas", 0), "use"),
        ("serviceusage.services.batchEnable", "request", (), "serviceId"),
        ("storage.buckets.patch", "request", (), "label"),
        ("storage.objects.list", "response", ("items", 0), "md5hash"),
    ],
)
def test_a_misspelt_field_is_found(exchanges, method, side, way, name):
    broken = one_of(exchanges, method)
    assert deviations(broken) == []
    inner = getattr(broken, side)
    for step in way:
        inner = inner[step]
    inner[name] = "x"
    (told,) = deviations(broken)
    assert told.startswith(side) and told.endswith(f"has no field {name}")


@pytest.mark.parametrize(
    ("method", "way", "value"),
    [
        (f"{CLUSTERS}.get", ("status",), "RUNNING_"),
        (f"{CLUSTERS}.get", ("status",), 77),
        (f"{CLUSTERS}.get", ("nodePools", 0, "status"), "RUNNING_"),
        ("compute.regions.get", ("quotas", 0, "metric"), "NVIDIA_H100_GPUS"),
        ("compute.zones.get", ("status",), "up"),
        ("serviceusage.services.list", ("services", 0, "state"), "ON"),
    ],
)
def test_a_misspelt_enum_value_is_found(exchanges, method, way, value):
    broken = one_of(exchanges, method)
    inner = broken.response
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    (told,) = deviations(broken)
    assert told.startswith(f"response.{way[0]}") and str(value) in told


def test_with_enum_encoding_int_a_name_is_found_and_without_it_none(exchanges):
    numbered = next(
        one
        for one in exchanges
        if one.status == 200 and dict(one.query).get("$alt", "").endswith("enum-encoding=int")
        if isinstance(one.response, dict) and isinstance(one.response.get("status"), int)
    )
    assert deviations(numbered) == []
    named = replace(numbered, response={**numbered.response, "status": "RUNNING"})
    assert ["which enum-encoding=int asks for" in one for one in deviations(named)] == [True]
    assert deviations(replace(named, query=())) == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("prefixx", "many/", "prefixx is no parameter of storage.objects.list"),
        ("maxResults", "many", "'many' is no integer uint32"),
        ("projection", "all", "'all' is none of full, noAcl"),
        ("versions", "yes", "'yes' is no boolean"),
    ],
)
def test_a_wrong_query_parameter_is_found(exchanges, name, value, told):
    listed = one_of(exchanges, "storage.objects.list")
    broken = replace(listed, query=((name, value),))
    assert [told in one for one in deviations(broken)] == [True]


def test_a_parameter_that_is_missing_or_given_twice_is_found(exchanges):
    asked = one_of(exchanges, "storage.buckets.list")
    assert deviations(replace(asked, query=())) == ["query: project is missing"]
    twice = replace(asked, query=(("project", "a"), ("project", "b")))
    assert set(deviations(twice)) == {"query: project is given twice"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("size", 5, "response.size: 5 is no string uint64"),
        ("timeCreated", "yesterday", "response.timeCreated: 'yesterday' is no string date-time"),
        ("temporaryHold", "no", "response.temporaryHold: 'no' is no boolean"),
        ("componentCount", 2**31, "response.componentCount: 2147483648 is no integer int32"),
        ("metadata", [], "response.metadata is no object: []"),
        ("acl", {}, "response.acl is no list: {}"),
    ],
)
def test_a_value_of_another_type_is_found(exchanges, field, value, told):
    broken = one_of(exchanges, "storage.objects.patch")
    broken.response[field] = value
    assert deviations(broken) == [told]


def test_a_message_is_compared_by_its_declared_type(exchanges):
    begun = one_of(exchanges, "serviceusage.operations.get")
    metadata = {**begun.response["metadata"], "resourceName": []}
    broken = replace(begun, response={**begun.response, "metadata": metadata})
    told = "response.metadata: OperationMetadata has no field resourceName"
    assert deviations(broken) == [told]


def test_an_undocumented_method_is_found(exchanges):
    got = one_of(exchanges, f"{CLUSTERS}.get")
    assert deviations(replace(got, path="/v1/projects/p/clusters/c")) == ["no such method"]
    assert deviations(replace(got, method="PATCH")) == ["no such method"]
    assert deviations(replace(got, host="")) == ["no such method"]


@pytest.mark.parametrize(
    "change",
    [
        {"code": 500},
        {"message": None},
        {"status": "NOT_THERE", "errors": []},
        {"reason": "notFound"},
        {"details": [{"reason": "x"}]},
        {"errors": [{"reason": "x"}]},
    ],
)
def test_an_error_in_another_form_is_found(exchanges, change):
    refused = one_of(exchanges, f"{CLUSTERS}.get", status=404)
    assert deviations(refused) == []
    refused.response["error"].update(change)
    assert len(deviations(refused)) == 1


def test_an_error_without_its_envelope_is_found(exchanges):
    refused = one_of(exchanges, "storage.buckets.get", status=404)
    for body in ({"error": "invalid_grant"}, [], {"message": "no"}):
        assert deviations(replace(refused, response=body)) == ["error: not in Google's form"]


# ── tapes of live runs ──────────────────────────────────────────────────────────────────────────


def test_a_tape_keeps_to_the_documents_and_is_answered_alike(rehearsal):
    for tape in TAPES:
        recorded = read(tape.read_text().splitlines())
        assert recorded, tape
        assert found(recorded) == {}, tape
        assert [*differences(recorded, rehearsal.environ)] == [], tape


def test_a_different_answer_than_on_the_tape_is_found(exchanges, rehearsal):
    look = one_of(exchanges, "compute.regions.get")
    gone = one_of(exchanges, f"{CLUSTERS}.get", status=404)
    tape = [look, gone]
    assert all(map(can_be_sent_again, tape))
    rehearsal.call(lambda: rehearsal.inner.cloud.project.services.add("container.googleapis.com"))
    assert [*differences(tape, rehearsal.environ)] == []
    look.response["quotas"] = {}
    (told,) = differences([look], rehearsal.environ)
    assert ".quotas is list, Google's is dict" in told
    (told,) = differences([replace(look, status=403, response=None)], rehearsal.environ)
    assert "the rehearsal answers 200" in told


def test_what_belongs_to_one_run_is_not_sent_again(exchanges):
    sent, kept = Counter(), Counter()
    for one in exchanges:
        (sent if can_be_sent_again(one) else kept)[json.dumps(one.path)] += 1
    assert len(sent) > 50
    assert any("/operations/" in path for path in kept)
    assert not any("/operations/" in path for path in sent)
