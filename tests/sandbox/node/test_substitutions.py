from pathlib import Path

import pytest

from warmbook import manifests
from warmbook_sandbox.node.image import Image
from warmbook_sandbox.node.substitutions import QUICK, process_for

IMAGE = Image(Path("/engine"))


def process(settings, engine="vllm", **changes):
    container = manifests.deployment(settings)["spec"]["template"]["spec"]["containers"][0]
    folder = Path("/pod")
    return process_for({**container, **changes}, IMAGE, "127.9.9.9", folder, engine=engine)


def test_the_manifests_command_runs_but_for_what_is_told(settings):
    made = process(settings)
    wanted = manifests.arguments(settings)
    wanted[wanted.index("--host=0.0.0.0")] = "--host=127.9.9.9"
    command = ["/engine/bin/python", "-m", "vllm.entrypoints.openai.api_server"]
    assert made.words == [*command, *wanted, "--enforce-eager"]
    assert len(made.told) == 2


def test_the_quick_engine_takes_vllms_place_and_its_arguments(settings):
    made = process(settings, engine="quick")
    assert made.words[:2] == ["/engine/bin/python", str(QUICK)]
    assert "--enforce-eager" not in made.words
    assert any("quick engine" in told for told in made.told)


def test_another_command_is_left_as_it_is(settings):
    made = process(settings, command=["sh", "-c"], args=["echo hello"])
    assert made.words == ["sh", "-c", "echo hello"]
    assert made.told == []


def test_the_containers_own_variables_win(settings):
    made = process(settings, env=[{"name": "VLLM_CPU_KVCACHE_SPACE", "value": "2"}])
    assert made.environ["VLLM_CPU_KVCACHE_SPACE"] == "2"
    assert made.environ["HOME"] == "/pod"


@pytest.mark.parametrize("name", ["WARMBOOK_SANDBOX_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"])
def test_no_secret_of_the_reader_reaches_a_pod(settings, name, monkeypatch):
    monkeypatch.setenv(name, "secret")
    assert name not in process(settings).environ
