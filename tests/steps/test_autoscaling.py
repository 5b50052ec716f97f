"""A queue that asks for more Pods, and what stands in its way."""

import itertools
import time

import pytest
import requests

from warmbook.__main__ import main
from warmbook.errors import MissingError, ResourceFailedError, SettingsError
from warmbook.serving import guide_manifest
from warmbook.serving.openai_api import Server
from warmbook.steps import autoscaling, cleanup
from warmbook.steps.cleanup import plan

SCALER = "HorizontalPodAutoscaler"


@pytest.fixture
def up_to_two(chosen):
    return chosen.model_copy(update={"max_replicas": 2})


def test_a_queue_adds_a_pod_and_an_empty_one_removes_it(up_to_two, clients, quiet, up_to):
    up_to("streaming")
    done = autoscaling.by_queue(up_to_two, clients, **quiet)
    assert (done.before, done.asked) == (1, 2)
    assert done.most_waiting > guide_manifest.WAITING
    assert "cold start" in repr(done)
    found = clients.kubernetes.find(SCALER, guide_manifest.DEPLOYMENT, up_to_two.namespace)
    assert found["spec"]["maxReplicas"] == 2
    told = clients.kubernetes.list_objects("Event", up_to_two.namespace)
    assert any("New size: 2" in event["message"] for event in told)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        deployment = clients.kubernetes.find(
            "Deployment", guide_manifest.DEPLOYMENT, up_to_two.namespace
        )
        if deployment["spec"]["replicas"] == 1:
            return
        time.sleep(0.2)
    raise AssertionError("the empty queue takes no Pod back")


def test_by_default_nothing_is_created_and_an_earlier_autoscaler_is_deleted(
    chosen, up_to_two, clients, quiet, up_to
):
    up_to("streaming")
    assert "max_replicas" in autoscaling.by_queue(chosen, clients).off
    autoscaling.by_queue(up_to_two, clients, **quiet)
    assert clients.kubernetes.list_objects(SCALER, chosen.namespace)
    assert "max_replicas" in autoscaling.by_queue(chosen, clients).off
    for kind in guide_manifest.AUTOSCALING:
        assert not clients.kubernetes.list_objects(kind, chosen.namespace)


def test_another_server_has_another_queue(up_to_two, clients):
    sglang = up_to_two.model_copy(update={"inference_server": "sglang"})
    with pytest.raises(SettingsError, match="vLLM's queue"):
        autoscaling.by_queue(sglang, clients)


def test_without_a_ready_pod_no_requests_are_sent(up_to_two, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="ready"):
        autoscaling.by_queue(up_to_two, clients)


def test_a_metric_that_does_not_arrive_is_named(up_to_two, clients, quiet, up_to, monkeypatch):
    up_to("streaming")
    monkeypatch.setattr(autoscaling, "LONGEST_S", 1)
    monkeypatch.setattr(guide_manifest, "QUEUE_METRIC", "vllm:no_such_metric")
    with pytest.raises(ResourceFailedError, match="unable to get metric") as refused:
        autoscaling.by_queue(up_to_two, clients, **quiet)
    assert "Adapter" in refused.value.remedy


@pytest.fixture
def breaking(monkeypatch):
    """Let connections break for the load's requests; return a function that ends it."""
    post, left = Server.post, itertools.count(1)

    def broken(server, path, body):
        if next(left) <= broken.times:
            raise requests.ConnectionError("Connection aborted.")
        return post(server, path, body)

    broken.times = 3
    monkeypatch.setattr(Server, "post", broken)
    return broken


def test_failed_requests_of_the_load_are_reported(up_to_two, clients, quiet, up_to, breaking):
    up_to("streaming")
    done = autoscaling.by_queue(up_to_two, clients, **quiet)
    assert done.asked == 2
    assert done.failures.startswith("3 of ")
    assert "Connection aborted." in repr(done)
    assert done.edge() == "warning"


def test_a_load_that_only_fails_is_the_reason(
    up_to_two, clients, quiet, up_to, breaking, monkeypatch
):
    up_to("streaming")
    breaking.times = 10**9
    monkeypatch.setattr(autoscaling, "LONGEST_S", 1)
    with pytest.raises(ResourceFailedError, match="Connection aborted"):
        autoscaling.by_queue(up_to_two, clients, **quiet)


def test_cleanup_deletes_the_autoscaler(up_to_two, clients, quiet, up_to, monkeypatch):
    up_to("streaming")
    autoscaling.by_queue(up_to_two, clients, **quiet)
    monkeypatch.setattr(plan, "is_marked", lambda labels: False)  # not our cluster
    kinds = [one.kind for one in cleanup.inventory(up_to_two, clients).created]
    assert kinds[:2] == [SCALER, "PodMonitoring"]
    assert cleanup.delete(up_to_two, clients, **quiet).left == ()


def test_the_manifest_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("WARMBOOK_MODEL_URI", "gs://models/gemma")
    monkeypatch.setenv("WARMBOOK_PROJECT_ID", "my-project")
    assert main(["manifest", "--autoscaling", "-p", "max_replicas", "3"]) == 0
    told = capsys.readouterr().out
    assert "kind: PodMonitoring" in told
    assert "maxReplicas: 3" in told
    assert "prometheus.googleapis.com|vllm:num_requests_waiting|gauge" in told
