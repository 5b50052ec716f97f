"""■ and Ctrl-C end a wait within a second, and the reader learns what goes on in the cloud."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from warmbook.display.banner import connect
from warmbook.errors import InterruptedWaitError
from warmbook.settings import Settings, merge
from warmbook.steps import (
    cache,
    cleanup,
    cluster,
    identity,
    probe,
    project,
    scaling,
    server,
    streaming,
    upload,
    weights,
)
from warmbook_rehearsal.google.errors import GoogleError
from warmbook_rehearsal.kubernetes.errors import ApiError
from warmbook_rehearsal.storage import StorageError

from ..conftest import safetensors_file
from ..machine import slowness

STANDARD = {"mode": "standard", "location": "us-central1-a"}
HOURS = 1000.0
"""Seconds of a minute of the cloud from when it should not move any more."""


def interrupted(step, *args, waits, after_s=0.5, **kwargs):
    """Send SIGINT `after_s` seconds after the step `waits`.

    Return its error and the seconds until it was raised.
    """
    sent, over = [], threading.Event()

    def send():
        waits.wait(60)
        if not over.wait(after_s):
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send).start()
    try:
        with pytest.raises(InterruptedWaitError) as told:
            step(*args, **kwargs)
        return told.value, time.monotonic() - sent[0]
    finally:
        over.set()


@pytest.fixture
def told_waits():
    """An event that the first progress of a step sets, and the step's argument for that."""
    waits = threading.Event()
    return {"waits": waits, "report": lambda progress: waits.set()}


@pytest.fixture
def stand_still(rehearsal):
    """Let nothing in the cloud come to an end from now on."""

    def stop():
        object.__setattr__(rehearsal.inner.time_scale, "minute_s", HOURS)

    return stop


WAITS = {
    "apis": ("", project.enable_services, {}, "Google Cloud continues to enable them"),
    "cluster": ("project", cluster.create, {}, "GKE continues to create the cluster run-ai-test"),
    "pool": (
        "cluster without pool",
        cluster.create_node_pool,
        STANDARD,
        "GKE continues to create the node pool",
    ),
    "container": ("deployed", server.wait_started, {}, "continues to start the Pods"),
    "available": ("deployed", streaming.wait_available, {}, "continues to start the Pods"),
    "scale": ("server", scaling.scale, {"replicas": 3}, "continues to start the Pods"),
    "reads": ("streaming", scaling.read, {}, "The reads stop; the server keeps running"),
    "cache": ("server", cache.create, {}, "Cloud Storage continues to create the caches"),
    "cleanup": ("cluster", cleanup.delete, {}, "GKE continues to delete the cluster run-ai-test"),
    "probe": ("identity", probe.probe, {}, "The test Pod is deleted; nothing keeps running"),
}


@pytest.mark.parametrize("name", WAITS)
def test_a_wait_ends_within_a_second_and_reports_what_continues(
    name, rehearsal, up_to, quiet, stand_still, told_waits
):
    section, step, given, sentence = WAITS[name]
    settings = Settings.parse(merge(given))
    clients = connect(settings)
    if section == "cluster without pool":
        up_to("project", settings)
        cluster.create(settings, clients, **quiet)
    elif section == "deployed":
        up_to("identity", settings)
        stand_still()
        server.deploy(settings, clients)
    elif section:
        up_to(section, Settings.parse(merge()))
    stand_still()
    stall(rehearsal, "storage", only=lambda incoming: incoming.address != "127.0.0.1")
    error, seconds = interrupted(step, settings, clients, **told_waits)
    assert seconds < slowness()
    assert sentence in str(error)
    assert "Run this again" in str(error)


def test_an_interrupted_cluster_is_found_and_waited_for(
    rehearsal, chosen, clients, quiet, up_to, told_waits
):
    up_to("project")
    object.__setattr__(rehearsal.inner.time_scale, "minute_s", 0.5)
    interrupted(cluster.create, chosen, clients, **told_waits)
    made = cluster.create(chosen, connect(chosen), **quiet)
    assert (made.status, made.created) == ("RUNNING", False)


def test_an_upload_ends_within_a_second_and_reports_what_was_uploaded(
    rehearsal, tmp_path, told_waits
):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors_file(40 * 2**20))
    (folder / "config.json").write_text("{}")
    uri = "gs://rehearsal-project-models/mine"
    settings = Settings.parse(merge({"model_source": str(folder), "model_uri": uri}))
    stall(rehearsal, "storage", only=lambda incoming: incoming.method == "PUT")
    error, seconds = interrupted(upload.model, settings, connect(settings), **told_waits)
    assert seconds < slowness()
    assert "are already in the bucket" in str(error)
    assert "uploaded parts are not sent again" in str(error)


@pytest.fixture
def run_of_04(rehearsal, stand_still, up_to, tmp_path):
    """Return `python -m warmbook run --only 04` once its cell waits, and the kernel's pid."""
    up_to("project")
    stand_still()
    running, kernel = begin_04(tmp_path), 0
    try:
        while "PROVISIONING" not in running.stdout.readline():
            pass
        (kernel,) = children_of(running.pid)
        yield running, kernel
    finally:
        for pid in (running.pid, kernel):
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
        running.communicate()


def begin_04(out):
    return begin("run", "--only", "04", "--out", str(out))


def begin(*words):
    """Start a verb of the command line, its two outputs apart."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    words = [sys.executable, "-m", "warmbook", *words]
    return subprocess.Popen(words, env=dict(os.environ), **pipes)


def children_of(pid):
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]


CTRL_C, CANCELLED = [signal.SIGINT], [signal.SIGTERM]
CANCELLED_BY_GROUP = [signal.SIGTERM, signal.SIGTERM]
"""To each process of a group, and passed on by one of them."""


@pytest.mark.parametrize(
    ("sent", "status"), [(CTRL_C, 130), (CANCELLED, 143), (CANCELLED_BY_GROUP, 143)]
)
def test_ctrl_c_and_sigterm_end_a_run_in_seconds_and_leave_its_record_whole(
    run_of_04, tmp_path, sent, status
):
    running, kernel = run_of_04
    begun = time.monotonic()
    for number in sent:
        running.send_signal(number)
        time.sleep(0.05)
    out, told = running.communicate(timeout=30)
    assert time.monotonic() - begun < 3 * slowness()
    assert running.returncode == status
    assert "GKE continues to create the cluster run-ai-test" in told
    assert "The created resources still exist; notebook 10 deletes them" in told
    assert str(tmp_path) in told
    assert "continues to" not in out and "notebook 10" not in out
    assert not Path(f"/proc/{kernel}").exists()
    (done,) = json.loads((tmp_path / "run.json").read_text())["notebooks"]
    assert done["status"] == "interrupted"
    assert "GKE continues to create the cluster" in (tmp_path / "04_cluster.ipynb").read_text()
    assert nbformat.read(tmp_path / "04_cluster.ipynb", 4).cells


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_waiting_verb_ends_by_either_signal_with_a_message_on_standard_error(
    rehearsal, up_to, stand_still, number, status
):
    up_to("identity")
    stand_still()
    requests = []

    async def note(incoming):
        if incoming.service == "kubernetes" and "/pods" in incoming.path:
            requests.append(incoming)

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(note))
    waiting = begin("doctor", "--probe", "--format", "json")
    end = time.monotonic() + 60
    while len(requests) < 3 and waiting.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    begun = time.monotonic()
    waiting.send_signal(number)
    out, told = waiting.communicate(timeout=30)
    assert waiting.returncode == status, told
    assert time.monotonic() - begun < 5 * slowness()
    assert "nothing keeps running" in told
    assert "stopped" not in out


def test_a_second_ctrl_c_leaves_no_kernel_behind(run_of_04, tmp_path):
    running, kernel = run_of_04
    sent = time.monotonic()
    running.send_signal(signal.SIGINT)
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert time.monotonic() - sent < 2 * slowness()
    assert not Path(f"/proc/{kernel}").exists()
    (done,) = json.loads((tmp_path / "run.json").read_text())["notebooks"]
    assert done["status"] == "interrupted"
    assert nbformat.read(tmp_path / "04_cluster.ipynb", 4).cells


def test_a_killed_run_takes_its_kernel_with_it(run_of_04):
    running, kernel = run_of_04
    running.kill()
    end = time.monotonic() + 10
    while Path(f"/proc/{kernel}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not Path(f"/proc/{kernel}").exists()


def test_a_dead_kernel_is_reported_and_the_next_run_continues(rehearsal, up_to, tmp_path):
    up_to("project")
    object.__setattr__(rehearsal.inner.time_scale, "minute_s", 1.5)
    first = begin_04(tmp_path)
    while "PROVISIONING" not in first.stdout.readline():
        pass
    os.kill(*children_of(first.pid), signal.SIGKILL)
    told, _ = first.communicate(timeout=30)
    assert first.returncode == 1
    assert "The kernel died. Run it again" in told
    second = begin_04(tmp_path)
    assert "✔ 04_cluster" in second.communicate(timeout=120)[0]
    operations = rehearsal.inner.cloud.cluster_operations.find_all("rehearsal-project", "-")
    assert [one.operation_type.name for one in operations] == ["CREATE_CLUSTER"]


REQUESTS = {
    "google": ("project", lambda s, c: cluster.create(s, c)),
    "kubernetes": ("cluster", lambda s, c: identity.create_namespace(s, c)),
    "storage": ("", lambda s, c: weights.inspect(s, c)),
    "caches": ("", lambda s, c: cache.describe(s, c)),
}


def stall(rehearsal, service, only=lambda incoming: True):
    """Answer no request to the service; return an event that the first one sets."""
    came = threading.Event()

    async def hang(incoming):
        if incoming.service == service and only(incoming):
            came.set()
            await asyncio.sleep(60)

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(hang))
    return came


@pytest.mark.parametrize("service", REQUESTS)
def test_a_request_without_an_answer_is_given_up_within_a_second(
    service, rehearsal, chosen, clients, up_to
):
    section, step = REQUESTS[service]
    if section:
        up_to(section)
    came = stall(rehearsal, service)
    error, seconds = interrupted(step, chosen, clients, waits=came)
    assert seconds < slowness()
    assert "continue in the cloud" in str(error)


@pytest.mark.parametrize("service", REQUESTS)
def test_the_pause_before_a_new_attempt_is_no_obstacle(
    service, rehearsal, chosen, clients, up_to, monkeypatch
):
    section, step = REQUESTS[service]
    if section:
        up_to(section)
    errors = {
        "kubernetes": ApiError(503, "ServiceUnavailable", "later"),
        "storage": StorageError(503, "backendError", "later"),
    }

    came = threading.Event()

    async def refuse(incoming):
        if incoming.service == service:
            came.set()
            raise errors.get(service) or GoogleError("UNAVAILABLE", "later")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(refuse))
    error, seconds = interrupted(step, chosen, connect(chosen), waits=came, after_s=2)
    assert seconds < slowness()
    assert "continue in the cloud" in str(error)
