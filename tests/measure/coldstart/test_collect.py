"""What is asked of a cluster for a cold start, and what its answers make of it."""

from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ForbiddenError

from warmbook.measure.coldstart import collect
from warmbook.serving.pods import Pod

AT = "2026-11-23T10:00:00Z"
LOG = "2026-11-23T10:01:00.5Z INFO 11-23 10:01:00 [u.py:1] non-default args: {}\n"


class Cluster:
    """One node for all Pods; `forbidden` are the kinds that the reader may not see."""

    def __init__(self, *forbidden, machine="g2-standard-16", spot=""):
        labels = {"node.kubernetes.io/instance-type": machine, "cloud.google.com/gke-spot": spot}
        self.node, self.forbidden = {"metadata": {"labels": labels}}, forbidden

    def _check(self, kind):
        if kind in self.forbidden:
            raise ForbiddenError(ApiException(403, "Forbidden"))

    def list_objects(self, kind, namespace=None, *, labels=""):
        self._check(kind)
        return []

    def find(self, kind, name):
        self._check(kind)
        return self.node

    def log(self, name, namespace, *, timestamps):
        assert timestamps
        return LOG


def pod(name):
    container = {"env": [{"name": "RUNAI_STREAMER_CONCURRENCY", "value": "64"}]}
    return Pod.of(
        {
            "metadata": {"name": name, "creationTimestamp": AT},
            "spec": {"nodeName": "n", "containers": [container]},
            "status": {},
        }
    )


@pytest.fixture
def start(settings, monkeypatch):
    folder = SimpleNamespace(size_bytes=15_000)
    monkeypatch.setattr(collect, "list_folder", lambda clients, uri: folder)

    def started(cluster, answered_s=None, rehearsal=""):
        clients = SimpleNamespace(kubernetes=cluster, rehearsal=rehearsal, network=None)
        return collect.start_of(settings, clients, [pod("a"), pod("b")], answered_s or {})

    return started


def test_machine_price_and_connections_are_those_of_the_node_and_the_container(start):
    found = start(Cluster())
    assert (found.machine.name, found.spot, found.rehearsal) == ("g2-standard-16", False, False)
    assert found.streams == 64
    assert [one.pod for one in found.timelines] == ["a", "b"]
    assert [phase.name for phase in found.phases][-1] == "vLLM imports"
    assert start(Cluster(spot="true"), rehearsal="http://127.0.0.1:1").spot
    assert start(Cluster(), rehearsal="http://127.0.0.1:1").rehearsal


def test_an_unknown_machine_has_no_figures(start):
    found = start(Cluster(machine="z9-giant-1"))
    assert (found.machine, found.streams) == (None, None)


def test_only_the_pod_that_was_asked_has_its_answer(start):
    found = start(Cluster(), {"b": 1.5})
    assert [one.phases[-1].name for one in found.timelines] == ["vLLM imports", "first answer"]


@pytest.mark.parametrize("kind", ["Node", "Pod"])
def test_without_permission_to_read_an_object_the_cold_start_has_fewer_facts(start, kind):
    found = start(Cluster(kind))
    assert (found.machine is None) is (kind == "Node")
    assert found.first.pod == "a"
