"""Fixtures that every test may use: choices, and a rehearsal with a double for its engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path

import hypothesis
import pytest

from warmbook import texts
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge

from .processes import DOOR, processes_with
from .waiting_for import waiting_for

DOUBLE = Path(__file__).parent / "doubles" / "engine.py"

# Commands follow the reader's locale, those of the tests are in English on every machine.
for variable in ("LANGUAGE", "LC_ALL"):
    os.environ.pop(variable, None)
os.environ["LC_MESSAGES"] = "C"

# `make test` draws the same cases every time: what passed passes again. `make soak` draws others.
# The first case imports, and on a busy machine any case may be slow: neither is a failure.
SLOW = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("same", derandomize=True, **SLOW)
hypothesis.settings.register_profile("others", derandomize=False, **SLOW)
hypothesis.settings.load_profile(os.environ.get("WARMBOOK_CASES", "same"))

HERE = Path(__file__).parent
WITH_SERVERS = frozenset(
    ("agreement", "browser", "contract", "faults", "install", "rehearsal", "reliability", "safety")
)
"""Folders whose tests start servers, processes or whole rehearsals."""
NO_UNIT = frozenset(("slow", "engine", "streamer", "browser", "agreement", "install"))


def pytest_configure():
    """Let Ctrl-C interrupt the tests, and what they start, also if a shell started them by `&`.

    Such a shell has SIGINT ignored. Source: POSIX, Shell Command Language, 2.11.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path, config):
    """Skip what no unit test is in: to import it takes longer than to run the others."""
    units_only = config.option.markexpr == "unit"
    return True if units_only and _folder(collection_path) in WITH_SERVERS else None


def pytest_collection_modifyitems(items):
    """Mark as `unit` whatever starts no rehearsal and is not marked as slow."""
    for item in items:
        if _is_unit(item):
            item.add_marker(pytest.mark.unit)


def _is_unit(item):
    starts_a_rehearsal = "image_and_model" in getattr(item, "fixturenames", ())
    apart = _folder(item.path) in WITH_SERVERS
    return not (apart or starts_a_rehearsal or NO_UNIT & {m.name for m in item.iter_markers()})


def _folder(path):
    """Return the name of the folder of tests/ that a path is in, or "" beside them all."""
    inside = path.relative_to(HERE) if path.is_relative_to(HERE) else Path()
    return inside.parts[0] if inside.parts else ""


@pytest.fixture(autouse=True)
def english_and_no_environment(monkeypatch, tmp_path):
    for name in ("LANGUAGE", *(field.upper() for field in Settings.model_fields)):
        monkeypatch.delenv(f"WARMBOOK_{name}", raising=False)
    monkeypatch.delenv("WARMBOOK_SHAPED", raising=False)
    monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "workbook.yaml"))
    texts.speak("en")


@pytest.fixture
def choices():
    return {"project_id": "my-project", "model_uri": "gs://my-bucket/models/my-llama"}


@pytest.fixture
def settings(choices):
    return Settings.parse(choices)


def safetensors_file(length, name="weight", dtype="U8"):
    """Return a safetensors file of `length` bytes with one tensor in it."""
    header_bytes = 192
    data = length - 8 - header_bytes
    entry = {"dtype": dtype, "shape": [data], "data_offsets": [0, data]}
    header = json.dumps({name: entry}).encode().ljust(header_bytes)
    return struct.pack("<Q", header_bytes) + header + bytes(data)


@pytest.fixture(scope="session")
def image_and_model(tmp_path_factory):
    """An image whose interpreter is the double, and a model of a few kilobytes."""
    from warmbook_rehearsal.node import Image
    from warmbook_rehearsal.node.model import describe, model_of

    folder = tmp_path_factory.mktemp("image")
    (folder / "bin").mkdir()
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{DOUBLE}" "$@"\n')
    python.chmod(0o755)
    (folder / "bin" / "python3").symlink_to(python)
    (folder / "complete.json").write_text(json.dumps({"vllm": "0.32.0"}))
    model = tmp_path_factory.mktemp("models") / "tiny"
    model.mkdir()
    for number in (1, 2):
        shard = model / f"model-0000{number}-of-00002.safetensors"
        shard.write_bytes(safetensors_file(5000 * number, name=f"layer.{number}"))
    shape = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 128}
    (model / "config.json").write_text(json.dumps({**shape, "max_position_embeddings": 8192}))
    (model / "tokenizer.json").write_text("{}")
    return Image(folder), model_of(model, map(describe, sorted(model.iterdir())))


class RehearsalThread:
    """A rehearsal in a thread of its own."""

    def __init__(
        self,
        image,
        model,
        minute_s=0.02,
        faults=(),
        network=None,
        propagation_s=0.0,
        on=(),
        record=None,
    ):
        from warmbook_rehearsal.faults import named
        from warmbook_rehearsal.network import UNSHAPED
        from warmbook_rehearsal.rehearsal import Rehearsal
        from warmbook_rehearsal.time_scale import TimeScale

        self.inner = Rehearsal(
            *(image, model),
            engine="quick",
            time_scale=TimeScale(minute_s),
            network=network or UNSHAPED,
            staged=named(faults),
            propagation_s=propagation_s,
            record=record,
        )
        self._on = tuple(on)
        self._up, self._stop = threading.Event(), None
        # a daemon: one that does not stop fails its test, and keeps no other from ending
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self.inner:
            self.inner.cloud.project.services.update(self._on)
            from warmbook_rehearsal import environment

            self.environ = environment.of(self.inner)
            self._up.set()
            await self._stop.wait()

    def call(self, function):
        """Run a function on the rehearsal's loop, where its state lives."""

        async def run():
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def wait_for(self, begin):
        """Run what `begin` returns, a coroutine, on the rehearsal's loop to its end."""
        return asyncio.run_coroutine_threadsafe(begin(), self._loop).result(10)

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(20)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stop the rehearsal; twice is fine."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), waiting_for(self._loop)


@pytest.fixture
def minute_s():
    """How long a minute of the cloud lasts in a test's rehearsal, in seconds."""
    return 0.02


@pytest.fixture
def faults():
    """What goes wrong in a test's rehearsal, by name; nothing unless the test says so."""
    return ()


@pytest.fixture
def network():
    """The shape of the network in a test's rehearsal; none unless the test says so."""
    return None


@pytest.fixture
def propagation_s():
    """How late a role or an API holds in a test's rehearsal, in seconds."""
    return 0.0


@pytest.fixture
def on():
    """APIs that are on in a test's rehearsal besides Google's default ones.

    Those with which tests of one step may begin; a test of a fresh project says that there are
    none.
    """
    names = ("cloudresourcemanager", "cloudbilling", "cloudquotas", "compute")
    return tuple(f"{name}.googleapis.com" for name in names)


@pytest.fixture
def record():
    """The file for the exchanges of a test's rehearsal; none unless the test says so."""
    return None


@pytest.fixture
def rehearsal(
    image_and_model, minute_s, faults, network, propagation_s, on, record, monkeypatch, tmp_path
):
    """A rehearsal of its own for one test, and the environment that points at it."""
    running = RehearsalThread(
        *image_and_model,
        minute_s=minute_s,
        faults=faults,
        network=network,
        propagation_s=propagation_s,
        on=on,
        record=record,
    )
    with running:
        for name, value in running.environ.items():
            if name.startswith(("WARMBOOK", "STORAGE", "GOOGLE", "NO_GCE", "HF_")):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "workbook.yaml"))
        yield running


@pytest.fixture
def chosen(rehearsal):
    """The choices of the rehearsal, as a notebook without any edit has them."""
    return Settings.parse(merge())


@pytest.fixture
def clients(chosen):
    return connect(chosen)


@pytest.fixture
def quiet():
    return {"report": lambda progress: None}


@pytest.fixture
def up_to_identity(chosen, clients, quiet):
    """A cluster with the namespace of the settings."""
    from warmbook.steps import cluster, identity, project

    project.enable_services(chosen, clients, **quiet)
    cluster.create(chosen, clients, **quiet)
    identity.create_namespace(chosen, clients)


@pytest.fixture
def up_to(chosen, clients, quiet):
    """Carry out the guide up to a section, as the notebooks before it do."""
    from warmbook.steps import cluster, identity, project, server, streaming

    def carry_out(section, settings=chosen, clients=clients):
        clients = clients if settings is chosen else connect(settings)
        project.enable_services(settings, clients, **quiet)
        if section == "project":
            return
        cluster.create(settings, clients, **quiet)
        cluster.create_node_pool(settings, clients, **quiet)
        if section == "cluster":
            return
        identity.create_namespace(settings, clients)
        identity.create_service_account(settings, clients)
        identity.grant_bucket_roles(settings, clients)
        if section == "identity":
            return
        server.deploy(settings, clients)
        server.wait_started(settings, clients, **quiet)
        if section == "server":
            return
        streaming.wait_available(settings, clients, **quiet)

    return carry_out


@pytest.fixture
def door(image_and_model, tmp_path):
    """Start the door around a command, with a temporary folder of its own."""
    image, model = image_and_model
    started = []

    def start(*command, before=""):
        environ = {**os.environ, "TMPDIR": str(tmp_path)}
        words = [
            sys.executable,
            "-c",
            before + DOOR,
            str(image.folder),
            str(model.folder),
            *command,
        ]
        process = subprocess.Popen(
            words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
    for pid in processes_with(str(tmp_path)):  # a command whose door was killed holds its pipes
        os.kill(pid, signal.SIGKILL)
    for process in started:
        process.communicate()
