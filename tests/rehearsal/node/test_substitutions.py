"""What runs in place of a manifest's command, and that each difference is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from warmbook_rehearsal.node.port_guard import SOCKET
from warmbook_rehearsal.node.substitutions import QUICK, command_for

ADDRESS = "127.9.9.9"
VLLM = ["python3", "-m", "vllm.entrypoints.openai.api_server"]
UDS = f"--uds={SOCKET}"
ARGS = ["--model=gs://b/m", "--load-format=runai_streamer", "--host=0.0.0.0", "--port=8000"]


@pytest.fixture
def command(image, tmp_path):
    def command(*words, engine="vllm", services=None, folder=tmp_path, env=None, **container):
        container = {"name": "c", "image": "i", "command": [*words], **container}
        return command_for(
            container, env or {}, image, ADDRESS, folder, services or {}, engine=engine
        )

    return command


def test_vllm_s_command_stays_but_for_host_and_eager(command):
    found = command(*VLLM, args=ARGS)
    host = f"--host={ADDRESS}"
    assert found.words == [*VLLM, *ARGS[:2], host, "--port=8000", "--enforce-eager", UDS]
    firsts = [told.split()[0] for told in found.notes]
    assert firsts == ["--host=0.0.0.0", "--enforce-eager", "the", UDS]
    assert found.port == (ADDRESS, 8000)


def test_arguments_in_the_manifest_are_not_substituted(command):
    args = ["--host", "127.0.0.1", "--enforce-eager", "--tensor-parallel-size=1"]
    found = command(*VLLM, args=args)
    assert found.words == [*VLLM, *args, UDS]
    assert len(found.notes) == 2
    assert found.port == ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("args", "port"),
    [
        ([], (ADDRESS, 8000)),
        (["--host=::", "--port", "8001"], (ADDRESS, 8001)),
        (["--port=1", "--port=9000"], (ADDRESS, 9000)),
    ],
)
def test_clients_reach_the_server_at_the_manifests_port(command, args, port):
    found = command(*VLLM, args=args)
    assert (found.port, found.words[-1]) == (port, UDS)


@pytest.mark.parametrize("args", [["--uds=/own.sock"], ["--port=abc"], ["--port=70000"]])
def test_a_server_with_a_socket_of_its_own_or_an_unfit_port_gets_none(command, args):
    found = command(*VLLM, args=args)
    assert found.port is None
    assert UDS not in found.words


def test_what_is_no_server_gets_no_port(command):
    assert command("python3", "-m", "http.server").port is None


@pytest.mark.parametrize("args", [["--host", "0.0.0.0"], ["--host=0.0.0.0"]])
def test_the_host_is_replaced_in_both_spellings(command, args):
    assert ADDRESS in " ".join(command(*VLLM, args=args).words)
    assert "0.0.0.0" not in " ".join(command(*VLLM, args=args).words)


@pytest.mark.parametrize("args", [["--tensor-parallel-size=4"], ["-tp", "4"]])
def test_a_model_is_not_shared_among_gpus_that_are_not_there(command, args):
    found = command(*VLLM, args=args)
    assert "4" not in " ".join(found.words)
    assert any("--tensor-parallel-size=4 is 1" in told for told in found.notes)


def test_the_quick_engine_gets_the_same_arguments_and_is_reported(command, image):
    found = command(*VLLM, args=ARGS, engine="quick")
    assert found.words == [
        str(image.python),
        str(QUICK),
        *ARGS[:2],
        f"--host={ADDRESS}",
        "--port=8000",
        UDS,
    ]
    assert any("quick engine stands for vLLM" in told for told in found.notes)


def test_without_a_command_the_image_s_entry_point_runs(command):
    vllm = command(args=["gs://b/m"], image="vllm/vllm-openai:v0.32.0")
    assert vllm.words[:3] == ["vllm", "serve", "gs://b/m"]
    assert command(args=["echo", "ran"], image="busybox").words == ["echo", "ran"]
    assert command(image="busybox").words == ["sh"]


def test_other_commands_run_as_they_are(command):
    found = command("sh", "-c", "echo --host=0.0.0.0")
    assert found.words == ["sh", "-c", "echo --host=0.0.0.0"]
    assert found.notes == []
    assert "VLLM_HOST_IP" not in found.environ


def test_python_in_vllm_s_image_has_vllm_or_the_quick_engine_s(command):
    job = {"image": "vllm/vllm-openai:v0.32.0"}
    real, quick = (
        command("python3", "-c", "", engine=engine, **job) for engine in ("vllm", "quick")
    )
    assert real.words == quick.words == ["python3", "-c", ""]
    assert "PYTHONPATH" not in real.environ
    assert (Path(quick.environ["PYTHONPATH"]) / "vllm" / "__init__.py").exists()
    assert any("quick engine" in told for told in quick.notes)
    assert real.environ["VLLM_CPU_KVCACHE_SPACE"] == "1"


def test_the_manifest_s_variables_win_over_the_node_s(command):
    found = command(
        *VLLM,
        env={"OMP_NUM_THREADS": "7", "X": "1"},
        services={"X": "0", "Y": "0"},
    )
    assert (found.environ["OMP_NUM_THREADS"], found.environ["X"]) == ("7", "1")
    assert found.environ["Y"] == "0"


def test_references_to_variables_are_expanded_as_kubernetes_does(command):
    found = command("echo", "$(B)", "$(NONE)", "$$(A)", env={"A": "one", "B": "one-two"})
    assert found.words[1:] == ["one-two", "$(NONE)", "$(A)"]


def test_nothing_of_the_machine_s_own_environment_leaks_in(command, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    found = command(*VLLM, args=ARGS)
    assert not {"HF_TOKEN", "HTTPS_PROXY"} & set(found.environ)


def test_the_image_s_python_comes_first(command, image):
    assert command("python3").environ["PATH"].split(":")[0] == str(image.folder / "bin")


def test_a_folder_too_deep_for_sockets_is_not_used_for_them(command):
    assert "TMPDIR" in command("x", folder=Path("/tmp/short")).environ
    assert "TMPDIR" not in command("x", folder=Path("/tmp") / ("deep/" * 20)).environ
