"""Each fault of the server's container is seen over the wire as the node tells it."""

import re
import time

import pytest
import yaml

from warmbook.errors import WarmbookError
from warmbook.serving.guide_manifest import DEPLOYMENT
from warmbook.steps import server
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.server import AS_YAML_READS_IT


@pytest.fixture
def faults(request):
    return (request.param,)


def container(clients, chosen, *, until, phases=("Pending", "Running", "Failed")):
    """Follow the server's Pod until its container's status is as wanted; return both.

    The Pod has one of the `phases` then.
    """
    end = time.monotonic() + 10
    while time.monotonic() < end:
        pods = clients.kubernetes.list_objects("Pod", chosen.namespace)
        for found in pods:
            for status in (found.get("status") or {}).get("containerStatuses") or ():
                if found["status"]["phase"] in phases and until(status):
                    return found, status
        time.sleep(0.1)
    raise AssertionError(f"the container did not come to it: {pods}")


def ended(status):
    return status["lastState"].get("terminated") or status["state"].get("terminated")


@pytest.mark.parametrize("faults", ["driver-too-old"], indirect=True)
def test_a_driver_that_is_too_old_ends_the_server_until_the_manifest_is_sent_again(
    faults, up_to, clients, chosen, quiet
):
    up_to("identity")
    server.deploy(chosen, clients)
    pod, _ = container(clients, chosen, until=ended)
    log = clients.kubernetes.log(pod["metadata"]["name"], chosen.namespace)
    log += clients.kubernetes.log(pod["metadata"]["name"], chosen.namespace, previous=True)
    assert "NVIDIA driver on your system is too old (found version 12020)" in log
    server.deploy(chosen, clients)
    after = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
    selector = after["spec"]["template"]["spec"]["nodeSelector"]
    assert selector["cloud.google.com/gke-gpu-driver-version"] == "latest"


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


MENDED = {
    "flag-removed": "unrecognized arguments: --use-v2-block-manager",
    "loader-key-unknown": "Unexpected extra config keys for runai_streamer",
    "gs-uppercase": "pull files is not implemented for file system paths",
    "wrong-load-format": "'load_format' must be 'runai_streamer'",
}


@pytest.mark.parametrize("faults", MENDED, indirect=True)
def test_applying_the_manifest_again_removes_foreign_changes(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    pod, _ = container(clients, chosen, until=lambda s: s["restartCount"])
    name, namespace = pod["metadata"]["name"], chosen.namespace
    logs = [clients.kubernetes.log(name, namespace, previous=before) for before in (True, False)]
    assert MENDED[faults[0]] in "".join(logs)
    assert server.deploy(chosen, clients).changed
    container(clients, chosen, until=lambda s: s["ready"])


@pytest.mark.parametrize("faults", ["probe-too-short"], indirect=True)
def test_the_probe_itself_ends_the_container(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    container(clients, chosen, until=lambda s: s["restartCount"])
    events = clients.kubernetes.list_objects("Event", chosen.namespace)
    assert any("failed startup probe, will be restarted" in e["message"] for e in events)


@pytest.mark.parametrize("minute_s", [0.1], ids=[""])
@pytest.mark.parametrize("faults", ["image-pull-slow"], indirect=True)
def test_a_slow_image_pull_is_reported_by_the_workbook(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    told = []
    server.wait_started(chosen, clients, report=lambda progress: told.append(progress.state))
    assert any(state.startswith("the image is being pulled, ") for state in told)


@pytest.mark.parametrize("faults", ["argument-is-a-map"], indirect=True)
def test_the_api_refuses_what_yaml_made_of_an_argument_and_takes_it_the_next_time(
    faults, up_to, clients, chosen
):
    up_to("identity")
    with pytest.raises(WarmbookError, match=r"cannot unmarshal object into .* of type string"):
        server.deploy(chosen, clients)
    assert clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace) is None
    assert server.deploy(chosen, clients).created
    container(clients, chosen, until=lambda s: s["ready"])


def test_yaml_reads_an_argument_with_a_space_as_the_fault_sends_it():
    sent = yaml.safe_load('- --model-loader-extra-config={"distributed": true}')
    assert sent == [AS_YAML_READS_IT]


@pytest.mark.parametrize("faults", ["evicted-storage"], indirect=True)
def test_pods_without_a_request_for_disk_are_put_out_until_they_have_one(
    faults, up_to, clients, chosen
):
    up_to("identity")
    server.deploy(chosen, clients)
    pod, status = container(clients, chosen, until=ended, phases=("Failed",))
    assert "ephemeral-storage" not in pod["spec"]["containers"][0]["resources"]["requests"]
    assert (pod["status"]["phase"], pod["status"]["reason"]) == ("Failed", "Evicted")
    said = pod["status"]["message"]
    assert said.startswith("Pod ephemeral local storage usage exceeds the total limit of")
    assert status["restartCount"] == 0
    events = clients.kubernetes.list_objects("Event", chosen.namespace)
    assert said in [event["message"] for event in events if event["reason"] == "Evicted"]
    assert server.deploy(chosen, clients).changed
    container(clients, chosen, until=lambda s: s["ready"])


@pytest.mark.parametrize("faults", ["kv-cache-too-small"], indirect=True)
def test_a_simulated_exit_is_marked_as_simulated_without_its_name(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    container(clients, chosen, until=ended)
    told = [e["message"] for e in clients.kubernetes.list_objects("Event", chosen.namespace)]
    assert any(one.startswith("Rehearsal: this container plays an end") for one in told)
    assert not any(re.search("kv[ -]cache", one.lower()) for one in told)  # names are random


def test_there_are_more_than_forty_faults_each_described_in_one_line():
    assert len(FAULTS) >= 40
    for fault in FAULTS.values():
        assert 10 < len(fault.what) < 110
        assert "\n" not in fault.what
