"""A saved file of events, descriptions or objects in, the evidence of each Pod out."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.pods import Evidence
from warmbook.doctor.saved import evidence

NAMES = st.sampled_from(["", "a", "b"])


def event(pod, message="m", **more):
    about = {"kind": "Pod", "name": pod} if pod else {"kind": "Node", "name": "n"}
    return {"kind": "Event", "reason": "R", "message": message, "involvedObject": about, **more}


def listed(*objects):
    return {"kind": "List", "apiVersion": "v1", "items": list(objects)}


@pytest.mark.parametrize("written", [json.dumps, yaml.safe_dump])
@given(pods=st.lists(NAMES, min_size=1, max_size=8))
def test_each_pod_gets_its_events_and_those_of_no_pod(written, pods):
    found = evidence(written(listed(*(event(pod, f"m{n}") for n, pod in enumerate(pods)))))
    own = [pod for pod in dict.fromkeys(pods) if pod]
    assert list(found) == (own or [""])
    for name, one in found.items():
        told = [one["message"] for one in one.events]
        assert sorted(told) == sorted(f"m{n}" for n, pod in enumerate(pods) if pod in ("", name))


def test_a_pod_and_its_node_are_read_together():
    pod = {"kind": "Pod", "metadata": {"name": "a"}, "spec": {}, "status": {"phase": "Pending"}}
    node = {"kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": [{"type": "R"}]}}
    (one,) = evidence(json.dumps(listed(pod, node, event("a")))).values()
    assert (one.pod, one.nodes, len(one.events), one.conditions) == (pod, [node], 1, [])


def test_events_of_the_newer_api_get_the_older_names():
    told = {
        "kind": "Event",
        "reason": "R",
        "note": "why",
        "regarding": {"kind": "Pod", "name": "a"},
    }
    told["series"] = {"count": 4, "lastObservedTime": "2026-11-29T09:00:00Z"}
    ((one,),) = (found.events for found in evidence(json.dumps(told)).values())
    assert (one["message"], one["count"]) == ("why", 4)
    assert one["lastTimestamp"] == "2026-11-29T09:00:00Z"


def test_an_empty_list_is_a_file_of_events_without_any():
    (only,) = evidence(json.dumps(listed())).items()
    assert (only[0], only[1].pod, only[1].in_order()) == ("", None, [])


@pytest.mark.parametrize(
    "content", ["", "INFO ok", "{}", "[]", "[1]", '{"items": 3}', "kind: A", "--- *a"]
)
def test_another_kind_of_file_gives_no_evidence(content):
    assert evidence(content) is None


KEYS = st.sampled_from(["kind", "items", "status", "conditions", "reason", "message", "metadata"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES | st.sampled_from(["Pod", "Node", "List"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES | st.text(max_size=80))
def test_any_file_is_read_or_skipped_without_an_exception(content):
    found = evidence(content if isinstance(content, str) else json.dumps(content))
    assert found is None or all(isinstance(one, Evidence) for one in found.values())
