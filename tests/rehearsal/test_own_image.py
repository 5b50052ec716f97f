"""What stands for an image of warmbook: this Python, as a client of the rehearsal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from warmbook_rehearsal import environment, own_image
from warmbook_rehearsal.node.programs import program_of

IMAGE = "us-docker.pkg.dev/p/warmbook/warmbook:0.1.0"


@pytest.fixture
def program(rehearsal):
    return program_of(own_image.of(lambda: rehearsal.inner), IMAGE)


def test_its_entrypoint_is_that_of_the_dockerfile(program):
    dockerfile = (Path(__file__).parents[2] / "docs/ci/Dockerfile").read_text()
    words = ", ".join(f'"{word}"' for word in program.entrypoint)
    assert f"ENTRYPOINT [{words}]" in dockerfile
    assert program.words([], []) == ["python", "-m", "warmbook", "--help"]
    assert program.words(["bash"], ["-c", "true"]) == ["bash", "-c", "true"]


def test_its_pods_are_clients_of_the_rehearsal_with_files_of_their_own(program, rehearsal):
    variables, command_s = program.environ(), environment.of(rehearsal.inner)
    for name in ("WARMBOOK_REHEARSAL_URL", "GOOGLE_APPLICATION_CREDENTIALS", "KUBECONFIG"):
        assert variables[name] == command_s[name]
    assert not {"WARMBOOK_FILE", "JUPYTER_RUNTIME_DIR"} & variables.keys()
    assert variables["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_differences_from_the_image_are_listed(program):
    assert "service account" in program.note


def test_another_image_is_not_warmbook_s(rehearsal):
    assert program_of(own_image.of(lambda: rehearsal.inner), "vllm/vllm-openai:v1") is None
