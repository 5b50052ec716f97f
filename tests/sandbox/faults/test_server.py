"""Each fault of the server's container is seen over the wire as the node tells it."""

import time

import pytest

from warmbook.steps import server
from warmbook_sandbox.faults import FAULTS
from warmbook_sandbox.faults.server import PLAYED


@pytest.fixture
def faults(request):
    return (request.param,)


def container(clients, chosen, *, until):
    """Follow the server's Pod until its container's status is as wanted; return the status."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        pods = clients.kubernetes.list_objects("Pod", chosen.namespace)
        for found in pods:
            for status in (found.get("status") or {}).get("containerStatuses") or ():
                if until(status):
                    return found, status
        time.sleep(0.1)
    raise AssertionError(f"the container did not come to it: {pods}")


def ended(status):
    return status["lastState"].get("terminated") or status["state"].get("terminated")


@pytest.mark.parametrize("faults", [name for name, *_ in PLAYED], indirect=True)
def test_a_played_end_has_its_lines_its_code_and_its_reason(faults, up_to, clients, chosen):
    (name,) = faults
    end = next(one for known, _, _, one in PLAYED if known == name)
    up_to("identity")
    server.deploy(chosen, clients)
    pod, status = container(clients, chosen, until=ended)
    assert ended(status)["exitCode"] == end.code
    assert ended(status)["reason"] == (end.reason or "Error")
    log = clients.kubernetes.log(pod["metadata"]["name"], chosen.namespace)
    log += clients.kubernetes.log(pod["metadata"]["name"], chosen.namespace, previous=True)
    assert all(line in log for line in end.lines)


@pytest.mark.parametrize("faults", ["image-not-found"], indirect=True)
def test_the_image_is_refused_again_and_again_and_another_release_is_to_be_had(
    faults, up_to, clients, chosen
):
    up_to("identity")
    server.deploy(chosen, clients)
    container(
        clients,
        chosen,
        until=lambda s: (s["state"].get("waiting") or {}).get("reason") == "ImagePullBackOff",
    )
    other = chosen.model_copy(update={"vllm_version": "0.31.0"})
    server.deploy(other, clients)
    container(clients, chosen, until=lambda s: s["image"].endswith("0.31.0") and s["ready"])


@pytest.mark.parametrize("faults", ["flag-removed", "loader-key-unknown"], indirect=True)
def test_what_somebody_put_into_the_manifest_is_gone_when_it_is_sent_again(
    faults, up_to, clients, chosen
):
    up_to("identity")
    server.deploy(chosen, clients)
    container(clients, chosen, until=lambda s: s["restartCount"])
    assert server.deploy(chosen, clients).changed
    container(clients, chosen, until=lambda s: s["ready"])


@pytest.mark.parametrize("faults", ["probe-too-short"], indirect=True)
def test_the_probe_itself_ends_the_container(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    container(clients, chosen, until=lambda s: s["restartCount"])
    events = clients.kubernetes.list_objects("Event", chosen.namespace)
    assert any("failed startup probe, will be restarted" in e["message"] for e in events)


@pytest.mark.parametrize("faults", ["node-goes-away"], indirect=True)
def test_the_node_goes_and_another_one_takes_the_server(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    first = container(clients, chosen, until=lambda s: "running" in s["state"])[0]
    node = first["spec"]["nodeName"]
    end = time.monotonic() + 10
    while clients.kubernetes.find("Node", node) and time.monotonic() < end:
        time.sleep(0.1)
    assert not clients.kubernetes.find("Node", node)
    pod, _ = container(clients, chosen, until=lambda s: s["ready"])
    assert pod["spec"]["nodeName"] != node


def test_there_are_more_than_forty_faults_and_each_says_in_a_line_what_goes_wrong():
    assert len(FAULTS) >= 40
    for fault in FAULTS.values():
        assert 10 < len(fault.what) < 110
        assert "\n" not in fault.what
