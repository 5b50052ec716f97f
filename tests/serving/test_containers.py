import pytest

from warmbook.serving.containers import last_end, server_container, server_status
from warmbook.serving.guide_manifest import CONTAINER

SIDECAR, SERVER = {"name": "istio-proxy"}, {"name": CONTAINER}


def test_the_servers_container_is_found_by_its_name():
    assert server_container({"containers": [SIDECAR, SERVER]}) is SERVER
    assert server_status({"status": {"containerStatuses": [SIDECAR, SERVER]}}) is SERVER


def test_where_none_has_its_name_the_first_is_taken():
    assert server_container({"containers": [SIDECAR, {"name": "other"}]}) is SIDECAR


def test_a_pod_without_containers_has_none():
    assert server_container({}) == server_status({}) == server_status(None) == {}


ENDED, RUNNING = {"terminated": {"exitCode": 1}}, {"running": {}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}


@pytest.mark.parametrize(
    ("status", "instance"),
    [
        ({}, -1),
        ({"restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}, -1),
        ({"restartCount": 0, "state": RUNNING}, -1),
        ({"restartCount": 0, "state": ENDED}, 0),
        ({"restartCount": 1, "state": RUNNING, "lastState": ENDED}, 0),
        ({"restartCount": 1, "state": BACK_OFF, "lastState": ENDED}, 1),
        ({"restartCount": 2, "state": RUNNING, "lastState": ENDED}, 1),
    ],
)
def test_the_instance_that_ended_last_is_the_newest_one_unless_that_runs(status, instance):
    assert last_end(status) == instance
