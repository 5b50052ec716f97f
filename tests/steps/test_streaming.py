import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import NotFoundError

from warmbook.__main__ import main
from warmbook.errors import MissingError
from warmbook.measure.coldstart.timeline import UNEXPLAINED
from warmbook.steps import scaling, streaming
from warmbook.steps.streaming import packages as in_the_pod
from warmbook_rehearsal.network import Network


@pytest.mark.guide("G24 G25 G26")
def test_the_stream_is_measured_against_the_bucket(chosen, clients, up_to):
    up_to("streaming")
    stream = streaming.measure(chosen, clients)
    assert stream.whole
    assert stream.expected_bytes == 15_000
    (load,) = stream.loads
    assert load.source == "streamer"
    assert load.record()["bytes"] == 15_000
    assert stream.slowest_s == load.elapsed_s


def test_the_cold_start_is_listed_in_phases_and_drawn(chosen, clients, up_to):
    up_to("streaming")
    start = streaming.cold_start(chosen, clients)
    names = [phase.name for phase in start.phases if phase.name != UNEXPLAINED]
    assert names == [
        *("node asked for", "node ready", "scheduling", "Pod set-up", "image pull"),
        *("container start", "vLLM imports", "small files", "engine start"),
        *("weights streamed", "server up", "ready"),
    ]
    assert start.first.witness.whole
    assert start.machine.name == "g2-standard-16"
    assert "nothing is billed" in repr(start)
    assert "<svg" in start.plot()._repr_html_()
    last = start.record()["phases"][-1]
    assert (last["name"], last["source"]) == ("ready", "Kubernetes")
    assert last["start"] + last["seconds"] == pytest.approx(start.first.total_s, abs=0.01)


@pytest.mark.parametrize("network", [Network(latency_ms=5)], ids=["shaped"])
def test_no_figure_of_a_shaped_rehearsal_goes_without_its_label(chosen, clients, up_to, quiet):
    label = (
        "The rehearsal's network is shaped: 5 ms to the first byte. "
        "Its rates say nothing about Cloud Storage."
    )
    up_to("streaming")
    assert streaming.measure(chosen, clients).note() == label
    assert label in streaming.cold_start(chosen, clients).note()
    assert label in scaling.read(chosen, clients, **quiet).note()


def test_a_rehearsal_that_is_not_shaped_has_no_such_label(chosen, clients, up_to, quiet):
    up_to("streaming")
    assert streaming.measure(chosen, clients).note() == ""
    assert "shaped" not in streaming.cold_start(chosen, clients).note()
    assert "shaped" not in scaling.read(chosen, clients, **quiet).note()


def test_of_several_replicas_each_has_its_timeline(chosen, clients, up_to):
    chosen = chosen.model_copy(update={"replicas": 2})
    up_to("streaming", chosen, clients)
    start = streaming.cold_start(chosen, clients)
    assert len({one.pod for one in start.timelines}) == 2
    assert all(one.phases[-1].name == "ready" for one in start.timelines)
    assert repr(start.plot()).startswith("Cold starts of 2 Pods")


def test_timeline_prints_the_cold_start_of_a_pod(chosen, clients, up_to, tmp_path, capsys):
    up_to("streaming")
    (name,) = streaming.list_pods(chosen, clients).names
    picture = tmp_path / "start.png"
    assert main(["timeline", name, "--picture", str(picture)]) == 0
    told = capsys.readouterr().out
    assert f"Cold start of {name}" in told
    assert "image pulled" in told
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["timeline", "another"]) == 2
    assert "The Pod another does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(("faults", "minute_s"), [(["driver-not-ready"], 0.3)])
def test_a_driver_that_takes_long_is_a_phase_of_its_own(chosen, clients, up_to):
    up_to("streaming")
    found = {p.name: p for p in streaming.cold_start(chosen, clients).phases}
    assert found["driver"].source == "Kubernetes"


def test_the_model_is_asked_through_the_clusters_api(chosen, clients, up_to):
    up_to("streaming")
    answer = streaming.ask(chosen, clients, question="What is the capital of Japan?")
    assert (answer.text, answer.declined) == ("Tokyo.", "")
    assert answer.model == chosen.model_uri


def test_only_the_first_answer_of_a_pod_ends_its_cold_start(chosen, clients, up_to):
    up_to("streaming")
    first, second = (streaming.ask(chosen, clients, question="?") for _ in range(2))
    assert (first.first, second.first) == (True, False)
    assert 0 < first.elapsed_s < 30
    start = streaming.cold_start(chosen, clients, answer=first)
    last = start.record()["phases"][-1]
    assert (last["name"], last["source"]) == ("first answer", "workbook")
    assert last["seconds"] == first.record()["answered"]["seconds"]
    # nobody asked for a while after readiness: that is no part of it
    ready, answered = start.phases[-2:]
    assert (ready.name, ready.end_s) == ("ready", pytest.approx(answered.start_s))
    again = streaming.cold_start(chosen, clients, answer=second)
    assert again.phases[-1].name == "ready"
    assert "had responded before" in repr(second)


@pytest.mark.parametrize("told", ["", "vllm:other_total{} 1.0\n", None], ids=str)
def test_a_server_that_counts_no_questions_has_no_first_answer(
    chosen, clients, up_to, monkeypatch, told
):
    up_to("streaming")
    ask = clients.kubernetes.ask

    def without_metrics(pod, namespace, port, path, body=None):
        if path != "metrics":
            return ask(pod, namespace, port, path, body)
        if told is None:
            raise NotFoundError(ApiException(404, "Not Found"))
        return told

    monkeypatch.setattr(clients.kubernetes, "ask", without_metrics)
    answer = streaming.ask(chosen, clients, question="?")
    assert (answer.text, answer.first) == ("Tokyo.", None)
    assert "does not report" in repr(answer)
    start = streaming.cold_start(chosen, clients, answer=answer)
    assert start.phases[-1].name == "ready"


def test_of_several_pods_only_the_one_that_was_asked_has_its_answer(chosen, clients, up_to):
    chosen = chosen.model_copy(update={"replicas": 2})
    up_to("streaming", chosen, clients)
    answer = streaming.ask(chosen, clients, question="?")
    start = streaming.cold_start(chosen, clients, answer=answer)
    last = {one.pod: one.phases[-1].name for one in start.timelines}
    assert last.pop(answer.pod) == "first answer"
    assert set(last.values()) == {"ready"}


def test_the_versions_are_read_from_the_pod(chosen, clients, up_to):
    up_to("streaming")
    versions = streaming.versions(chosen, clients)
    assert dict(versions.packages)["vllm"] == "0.0.0"
    assert versions.engine == "vLLM"
    assert "engine: vLLM" in repr(versions)
    packages = {"vllm": "0.0.0", "runai-model-streamer": "0.0.0"}
    node = {"gke": "1.33.5-gke.1308000", "gpu-driver": "latest"}
    assert versions.record() == {"engine": "vLLM", "packages": {**packages, **node}}


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        ("x86_64 Kernel Module  535.288.01  Wed Aug", "535.288.01"),
        ("Open Kernel Module for x86_64  580.126.20  Release Build", "580.126.20"),
    ],
)
def test_the_driver_is_read_from_the_pods_kernel_module(kind, driver, tmp_path):
    """The line of /proc/driver/nvidia/version is that of NVIDIA's driver README."""
    file = tmp_path / "version"
    file.write_text(f"NVRM version: NVIDIA UNIX {kind}  2026\nGCC version:  gcc 12.2.0\n")
    script = in_the_pod._COLLECT.replace("/proc/driver/nvidia/version", str(file))
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert json.loads(told.stdout)["nvidia-driver"] == driver


@pytest.mark.parametrize(
    ("told", "engine"),
    [
        ('{"version": "quick engine"}', "quick engine"),
        ('{"version": "0.33.0"}', "vLLM"),
        ('{"detail": "Not Found"}', ""),
        ('["version"]', ""),
        ("<html>", ""),
        (None, ""),
    ],
)
def test_the_engine_is_read_from_the_server_or_unknown(
    chosen, clients, up_to, monkeypatch, told, engine
):
    def ask(pod, namespace, port, path, body=None):
        if told is None:
            raise NotFoundError(ApiException(404, "Not Found"))
        return told

    up_to("streaming")
    monkeypatch.setattr(clients.kubernetes, "ask", ask)
    assert streaming.versions(chosen, clients).engine == engine


def test_without_a_deployment_the_notebook_that_makes_it_is_named(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="Deployment") as missing:
        streaming.wait_available(chosen, clients)
    assert "06" in missing.value.remedy


def test_before_a_pod_is_ready_no_prompt_is_sent(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="No Pod of the server is ready"):
        streaming.ask(chosen, clients, question="?")


class TwoPods:
    """A cluster whose Deployment wants two Pods; `looks` tells for each look which are ready."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def find(self, kind, name, namespace=None):
        status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2}
        return {"metadata": {"generation": 1}, "spec": {"replicas": 2}, "status": status}

    def list_objects(self, kind, namespace=None, **_):
        return []

    def watch(self, kind, namespace, **_):
        while self.looks:
            yield [a_pod(name, ready) for name, ready in zip("ab", self.looks.pop(0), strict=True)]


def a_pod(name, ready):
    at = "2026-11-23T10:00:00Z"
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": at}
    return {
        "metadata": {"name": name, "creationTimestamp": at},
        "spec": {"nodeName": "n"},
        "status": {"phase": "Pending", "conditions": [condition]},
    }


def test_one_ready_pod_of_two_is_waited_on(settings, quiet):
    cluster = TwoPods((False, False), (True, False), (True, True), (True, True))
    done = streaming.wait_available(settings, SimpleNamespace(kubernetes=cluster), **quiet)
    assert (done.available, done.wanted, done.edge()) == (2, 2, "ok")
    assert cluster.looks == [(True, True)]  # it ended with the first look that has both
