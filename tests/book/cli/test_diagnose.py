"""`warmbook diagnose POD` in a rehearsal's cluster: the cause of a Pod that does not come up."""

import json

import pytest

from warmbook import __main__ as command_line
from warmbook.book.walkthrough import walk

FOUND, UP, NOTHING = 1, 0, 2


@pytest.fixture
def faults(request):
    return getattr(request, "param", ())


def servers(clients, chosen):
    """Return the names of the server's Pods."""
    found = clients.kubernetes.list_objects("Pod", chosen.namespace)
    return [pod["metadata"]["name"] for pod in found]


@pytest.mark.parametrize("faults", [("bucket-viewer-missing",), ("gpu-stockout",)], indirect=True)
def test_a_failing_pod_gets_the_same_diagnosis_as_the_rollout(
    faults, chosen, clients, quiet, capsys
):
    walked = walk(chosen, clients, quiet["report"], doctor=False)
    assert len(walked.pitfalls) == 1
    (name,) = servers(clients, chosen)
    assert command_line.main(["diagnose", name, "--format", "json"]) == FOUND
    (told,) = json.loads(capsys.readouterr().out)["pods"]
    assert told["pod"] == name
    assert [one["pitfall"] for one in told["found"][:1]] == [*walked.pitfalls]


def test_a_running_server_has_no_diagnosis_and_a_missing_pod_is_reported(
    up_to, chosen, clients, capsys
):
    up_to("streaming")
    (name,) = servers(clients, chosen)
    assert command_line.main(["diagnose", name]) == UP
    assert command_line.main(["diagnose", "no-such-pod"]) == NOTHING
    assert "no-such-pod" in capsys.readouterr().err
