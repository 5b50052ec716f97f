from types import SimpleNamespace

import pytest

from warmbook.serving.pods import Pod, rolled_out, staying


def condition(name, since):
    return {"type": name, "status": "True", "lastTransitionTime": since}


def pod(**changes):
    found = {
        "metadata": {"name": "p", "creationTimestamp": "2026-11-23T10:00:00Z"},
        "spec": {"nodeName": "n"},
        "status": {
            "phase": "Running",
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "True",
                    "lastTransitionTime": "2026-11-23T10:00:05Z",
                },
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T10:01:00Z"},
            ],
            "containerStatuses": [
                {"restartCount": 2, "state": {"running": {"startedAt": "2026-11-23T10:00:09Z"}}}
            ],
            **changes,
        },
    }
    return Pod.of(found)


def test_a_pod_is_read_with_its_moments():
    found = pod()
    assert (found.running, found.ready, found.restarts, found.node) == (True, True, 2, "n")
    assert (found.scheduled - found.created).total_seconds() == 5
    assert (found.became_ready - found.started).total_seconds() == 51


@pytest.mark.parametrize("status", [{}, {"conditions": []}, {"containerStatuses": []}])
def test_a_pod_that_has_just_begun_is_read_too(status):
    found = pod(**{"conditions": [], "containerStatuses": [], **status})
    assert (found.running, found.ready, found.restarts) == (False, False, 0)
    assert found.became_ready is None


def test_pods_that_end_are_not_among_those_that_stay():
    kept, gone = pod(), pod(phase="Failed")
    assert staying([kept, gone]) == [kept]


@pytest.mark.parametrize(
    ("generation", "updated", "replicas", "ends"),
    [
        (7, 2, 2, {"old gone": True, "new there": True}),
        (6, 2, 2, {"old gone": False, "new there": False}),  # the status is of an older template
        (8, 2, 2, {"old gone": True, "new there": True}),
        (7, 1, 2, {"old gone": False, "new there": False}),
        (7, 3, 3, {"old gone": False, "new there": False}),  # it was just scaled down
        (7, 2, 3, {"old gone": False, "new there": True}),
    ],
)
def test_a_deployment_is_rolled_out_once_all_its_pods_are_new(
    settings, generation, updated, replicas, ends
):
    status = {"observedGeneration": generation, "updatedReplicas": updated, "replicas": replicas}
    found = {"metadata": {"generation": 7}, "spec": {"replicas": 2}, "status": status}
    cluster = SimpleNamespace(find=lambda kind, name, namespace: found)
    clients = SimpleNamespace(kubernetes=cluster)
    assert rolled_out(settings, clients, old_gone=True) is ends["old gone"]
    assert rolled_out(settings, clients, old_gone=False) is ends["new there"]
