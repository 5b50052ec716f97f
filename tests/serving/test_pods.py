import pytest

from warmbook.serving.pods import Pod, staying


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
