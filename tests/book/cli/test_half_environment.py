"""Every verb that calls the cloud refuses half an environment, before its first call."""

import argparse

import pytest
import requests

from warmbook.__main__ import _parser, main
from warmbook.cloud.rehearsal import OF_REHEARSALS_ONLY

MANIFEST = """
apiVersion: v1
kind: Pod
spec:
  containers:
  - image: vllm/vllm-openai:v0.32.0
    args: [--model=gs://some-bucket/model, --load-format=runai_streamer]
    env: [{name: RUNAI_STREAMER_MEMORY_LIMIT, value: "1000"}]
    resources: {limits: {nvidia.com/gpu: 1}}
"""
CALLING = {
    "run": ["--only", "02", "--out", "{folder}/run"],
    "weights": ["gs://some-bucket/model"],
    "lint": ["{folder}/pod.yaml", "--look"],
    "doctor": ["--before", "02"],
    "timeline": [],
    "manifest": [],
    "commands": ["--look"],
    "diagnose": ["some-pod"],
    "size": ["gs://some-bucket/model"],
    "live": ["--tier", "0", "--out", "{folder}/live"],
}
PRINTING = {"commands": [], "manifest": ["--as-in-the-guide"], "lab": ["--google-cloud"]}
"""What calls nothing, but is for one target."""
OF_FILES = {"compare", "report", "list", "notebooks", "rehearse", "class"}
"""What calls neither target: it reads files, or starts rehearsals of its own and asks those."""


@pytest.fixture
def verb(rehearsal, monkeypatch, tmp_path, capsys):
    """Run a verb that may send nothing; return its exit status and what it said."""
    (tmp_path / "pod.yaml").write_text(MANIFEST)

    def send(*_, **__):
        raise AssertionError("a request was sent")

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr("os.execv", send)

    def run(name, words):
        status = main([name, *(word.format(folder=tmp_path) for word in words)])
        return status, capsys.readouterr()

    return run


def test_every_verb_is_of_one_kind():
    (verbs,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert set(verbs.choices) == OF_FILES | set(CALLING) | set(PRINTING)


@pytest.mark.parametrize("missing", ["WARMBOOK_REHEARSAL_URL", "STORAGE_EMULATOR_HOST"])
@pytest.mark.parametrize(("name", "words"), [*CALLING.items(), *PRINTING.items()])
def test_a_variable_that_is_missing_ends_it(verb, monkeypatch, tmp_path, name, words, missing):
    monkeypatch.delenv(missing)
    status, told = verb(name, words)
    assert status == 2
    assert f"Not set: {missing}." in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "words"), CALLING.items())
def test_a_variable_that_is_left_over_ends_it(verb, monkeypatch, name, words):
    for variable in OF_REHEARSALS_ONLY:
        if variable != "STORAGE_EMULATOR_HOST":
            monkeypatch.delenv(variable)
    status, told = verb(name, words)
    assert status == 2
    assert "Set: STORAGE_EMULATOR_HOST." in told.err


@pytest.mark.parametrize(("name", "words"), CALLING.items())
def test_a_rehearsal_that_has_stopped_ends_it(verb, rehearsal, tmp_path, name, words):
    rehearsal.stop()
    status, told = verb(name, words)
    assert status == 2
    assert "The rehearsal has stopped" in told.err
    assert not (tmp_path / "run").exists()


def test_the_error_is_also_in_spanish(verb, monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    _, told = verb("doctor", ["--language", "es"])
    assert "Sin definir: STORAGE_EMULATOR_HOST." in told.err
