"""The rehearsal as a whole: what it gives, what it leaves, what it shares with another."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import requests
import yaml

from warmbook.steps import cluster, project
from warmbook_rehearsal.rehearsal import pod_addresses
from warmbook_rehearsal.state_folder import PREFIX

from ..processes import GUIDE, processes_with, until


def test_the_commands_exit_status_is_the_doors(door):
    process = door(sys.executable, "-c", "raise SystemExit(7)")
    process.communicate(timeout=60)
    assert process.returncode == 7


def test_a_missing_command_is_reported(door):
    process = door("no-such-command")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 127
    assert "no-such-command" in told
    assert "Traceback" not in told


def test_the_command_finds_every_client_pointed_at_the_rehearsal(door, monkeypatch):
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "the reader's own")
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    out, _ = door(sys.executable, "-c", show).communicate(timeout=60)
    environ = json.loads(out)
    for name in ("WARMBOOK_REHEARSAL_URL", "STORAGE_EMULATOR_HOST"):
        assert environ[name].startswith("http://127.0.0.1:")
    assert environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER"].startswith("http://127.0.0.1:")
    assert environ["WARMBOOK_MODEL_URI"] == "gs://rehearsal-project-models/tiny"
    assert "HUGGING_FACE_HUB_TOKEN" not in environ


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_neither_process_nor_file(door, tmp_path, number):
    mark = tmp_path / "started"
    process = door(sys.executable, "-c", GUIDE, str(mark))
    until(lambda: mark.exists() or process.poll() is not None, 60)
    assert process.poll() is None, process.communicate()
    assert len(processes_with(str(tmp_path))) >= 3  # door, command, Pod
    process.send_signal(number)
    process.communicate(timeout=30)
    until(lambda: not processes_with(str(tmp_path)))
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_a_killed_rehearsal_takes_its_pods_along_and_the_next_one_sweeps(door, tmp_path):
    mark = tmp_path / "started"
    process = door(sys.executable, "-c", GUIDE, str(mark))
    until(mark.exists, 60)
    until(lambda: processes_with(str(tmp_path), in_command_line="engine.py"))
    pods = processes_with(str(tmp_path), in_command_line="engine.py")
    process.kill()
    process.wait(10)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pods))
    until(lambda: not processes_with(str(tmp_path)))  # the command has got SIGTERM
    assert list(tmp_path.glob(f"{PREFIX}*"))
    door("true").communicate(timeout=60)
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_two_rehearsals_side_by_side_are_independent(door, tmp_path):
    marks = [tmp_path / "one", tmp_path / "two"]
    processes = [door(sys.executable, "-c", GUIDE, str(mark)) for mark in marks]
    until(lambda: all(mark.exists() for mark in marks), 90)
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_each_port_asks_for_the_token(rehearsal):
    environ = rehearsal.environ
    answer = requests.get(
        f"{environ['WARMBOOK_REHEARSAL_URL']}/v3/projects/rehearsal-project", timeout=5
    )
    assert answer.status_code == 401
    bucket = f"{environ['STORAGE_EMULATOR_HOST']}/storage/v1/b/rehearsal-project-models"
    assert requests.get(bucket, timeout=5).status_code == 403


def test_a_pods_address_is_never_private_and_never_twice():
    addresses = pod_addresses()
    seen = [next(addresses) for _ in range(1000)]
    assert len(set(seen)) == 1000
    assert all(address.startswith("127.") for address in seen)


def test_help_describes_the_rehearsal():
    words = [sys.executable, "-m", "warmbook_rehearsal", "--help"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "every client at it" in textwrap.dedent(told).replace("\n", " ")


def test_kubectl_calls_the_newest_cluster_that_is_left(rehearsal, chosen, clients, quiet):
    def context():
        return yaml.safe_load(rehearsal.inner.clusters.kubeconfig.read_text())["current-context"]

    project.enable_services(chosen, clients, **quiet)
    first, second = (chosen.model_copy(update={"cluster_name": name}) for name in ("one", "two"))
    for settings, name in ((first, "one"), (second, "two")):
        cluster.create(settings, clients, **quiet)
        assert context() == name
    clients.clusters.delete_cluster(name=clients.cluster_path(second))
    until(lambda: context() == "one")
