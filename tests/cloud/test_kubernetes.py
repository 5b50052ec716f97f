"""Which of a cluster's endpoints the workbook talks to, and what a command in a Pod leaves open."""

from types import SimpleNamespace

import pytest
from google.cloud import container_v1
from kubernetes.client.exceptions import ApiException

from warmbook.cloud.kubernetes import Kubernetes

IP, DNS = "203.0.113.7", "gke-1.us-central1.gke.goog"
OLD = {"private_cluster_config": {"enable_private_endpoint": True}}
CREDENTIALS = SimpleNamespace(valid=True, token="t")


def cluster(public=None, dns=False, endpoint=IP, **more):
    addresses = {} if public is None else {"enable_public_endpoint": public}
    return container_v1.Cluster(
        endpoint=endpoint,
        control_plane_endpoints_config={
            "ip_endpoints_config": addresses,
            "dns_endpoint_config": {"endpoint": DNS, "allow_external_traffic": dns},
        },
        **more,
    )


@pytest.mark.parametrize(
    ("existing", "host"),
    [
        (cluster(), IP),
        (cluster(public=True, dns=True), IP),
        (cluster(public=False, dns=True), DNS),
        (cluster(public=False), IP),  # from inside its network
        (cluster(dns=True, **OLD), DNS),
        (cluster(endpoint="", dns=True), DNS),
    ],
)
def test_an_internal_address_gives_way_to_a_dns_endpoint_that_takes_outside_traffic(
    existing, host, monkeypatch
):
    monkeypatch.setattr("kubernetes.dynamic.DynamicClient", lambda api, **_: api)
    assert Kubernetes(existing, CREDENTIALS)._dynamic.configuration.host == f"https://{host}"


class Running:
    """A command's WebSocket, as the library's own client has it."""

    def __init__(self, fails=None):
        self.fails, self.open, self.sock = fails, True, self

    def run_forever(self, timeout):
        if self.fails:
            raise self.fails

    def read_all(self):
        return "said"

    def shutdown(self):
        self.open = False


@pytest.fixture
def ran(monkeypatch):
    """Run a command in a Pod over the WebSocket given."""
    monkeypatch.setattr("kubernetes.dynamic.DynamicClient", lambda api, **_: api)

    def run(running):
        call = "kubernetes.stream.ws_client.websocket_call"
        monkeypatch.setattr(call, lambda *_, **__: running)
        return Kubernetes(cluster(), CREDENTIALS).run("pod", "space", ["true"])

    return run


def test_a_command_in_a_pod_leaves_no_connection_open(ran):
    running = Running()
    assert (ran(running), running.open) == ("said", False)


def test_a_command_whose_connection_breaks_leaves_no_connection_open(ran):
    running = Running(OSError("reset"))
    with pytest.raises(ApiException, match="reset"):
        ran(running)
    assert not running.open


class Answer:
    """What urllib3 gives while it is read; keeps whether its connection is open."""

    def __init__(self, *pieces):
        self.pieces, self.open = pieces, True

    def stream(self):
        yield from self.pieces

    def close(self):
        self.open = False


@pytest.fixture
def asked(monkeypatch):
    """Return the lines of a Pod's server whose answer comes in these pieces, and the answer."""
    monkeypatch.setattr("kubernetes.dynamic.DynamicClient", lambda api, **_: api)

    def asked(*pieces):
        cluster_api, answer = Kubernetes(cluster(), CREDENTIALS), Answer(*pieces)
        monkeypatch.setattr(cluster_api, "_sent", lambda *_, **__: answer)
        return cluster_api.ask_by_lines("pod", "space", 8000, "v1/x", {}), answer

    return asked


def test_lines_are_whole_however_they_are_cut(asked):
    whole = "data: París\r\n\ndata: 2".encode()
    lines, answer = asked(*(whole[n : n + 1] for n in range(len(whole))))
    assert list(lines) == ["data: París", "", "data: 2"]
    assert not answer.open


def test_lines_are_yielded_as_they_arrive_and_stopping_closes_the_connection(asked):
    lines, answer = asked(b"one\ntw", b"o\n")
    assert next(lines) == "one" and answer.open
    lines.close()
    assert not answer.open
