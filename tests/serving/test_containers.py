from warmbook.serving.containers import server_container, server_status
from warmbook.serving.guide_manifest import CONTAINER

SIDECAR, SERVER = {"name": "istio-proxy"}, {"name": CONTAINER}


def test_the_servers_container_is_found_by_its_name():
    assert server_container({"containers": [SIDECAR, SERVER]}) is SERVER
    assert server_status({"status": {"containerStatuses": [SIDECAR, SERVER]}}) is SERVER


def test_where_none_has_its_name_the_first_is_taken():
    assert server_container({"containers": [SIDECAR, {"name": "other"}]}) is SIDECAR


def test_a_pod_without_containers_has_none():
    assert server_container({}) == server_status({}) == server_status(None) == {}
