"""What `kubectl describe` prints of a Pod, or of what makes Pods."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.saved.description import is_one, objects

CORPUS = Path(__file__).parents[2] / "corpus" / "diagnosis"
DESCRIBED = (CORPUS / "describe-pod.txt").read_text("utf-8")
DEPLOYMENT = """Name:                   demo
Namespace:              vllm
Conditions:
  Type             Status  Reason
  ----             ------  ------
  ReplicaFailure   True    FailedCreate
Events:
  Type     Reason             Age   From                   Message
  ----     ------             ----  ----                   -------
  Normal   ScalingReplicaSet  2m    deployment-controller  Scaled up replica set demo-1 to 1
"""


def test_a_pod_is_read_with_its_containers_and_events():
    assert is_one(DESCRIBED)
    pod, *events = objects(DESCRIBED)
    assert (pod["kind"], pod["metadata"]["name"]) == ("Pod", "demo-6c9-abc")
    status = {one["name"]: one for one in pod["status"]["containerStatuses"]}
    ended = [one["lastState"]["terminated"] for one in status.values() if "lastState" in one]
    assert [one["reason"] for one in ended] == ["OOMKilled"]
    assert events and all(one["involvedObject"]["name"] == "demo-6c9-abc" for one in events)


def test_a_deployment_is_read_with_its_conditions():
    deployment, event = objects(DEPLOYMENT)
    assert deployment["kind"] == "Deployment"
    assert deployment["status"]["conditions"] == [
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    ]
    assert event["reason"] == "ScalingReplicaSet"


@pytest.mark.parametrize("count", [1, 3])
def test_each_of_several_objects_is_read(count):
    kinds = [one["kind"] for one in objects("\n\n".join([DEPLOYMENT] * count)) if "kind" in one]
    assert kinds == ["Deployment"] * count


@given(st.integers(0, len(DESCRIBED)), st.text(max_size=60), st.integers(0, 40))
def test_a_description_that_was_cut_or_changed_is_read_as_far_as_it_goes(place, more, gap):
    content = DESCRIBED[:place] + more + DESCRIBED[place + gap :]
    for one in objects(content):
        assert "status" in one or "message" in one
