"""The first answer of a new engine: kept when it came, waited for by servers, stopped in time."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from warmbook_rehearsal.node import EngineError, Image, smoke_test
from warmbook_rehearsal.node.model import describe, listing, model_of


def quiet(what, share):
    del what, share


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    listing(folder).write_text("[]")
    return model_of(folder, [describe(folder / "config.json")])


@pytest.fixture
def engine(tmp_path):
    """Make an engine whose interpreter does what the test says instead of asking vLLM."""

    def made(script):
        folder = tmp_path / "engine"
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "bin" / "python").chmod(0o755)
        (folder / "complete.json").write_text('{"vllm": "0.32.0"}')
        return Image(folder)

    return made


def test_an_engine_that_answers_is_asked_once(engine, model, tmp_path):
    image = engine(f'read model; echo "$model" >> {tmp_path}/asked; seq 100000')
    for _ in range(2):
        with smoke_test(image, quiet) as test:
            test.ask(model)
            test.wait(quiet)
    assert (tmp_path / "asked").read_text() == f"{model.folder}\n"


def test_compiled_files_are_kept_in_the_engine(engine, model, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    image = engine(f"env > {tmp_path}/env")
    with smoke_test(image, quiet) as test:
        test.ask(model)
        test.wait(quiet)
    given = dict(line.partition("=")[::2] for line in (tmp_path / "env").read_text().splitlines())
    assert "PYTHONDONTWRITEBYTECODE" not in given
    assert given["VLLM_CACHE_ROOT"] == str(image.vllm_cache)
    assert given["HOME"] not in ("", str(tmp_path))


def test_a_wrong_answer_is_an_error_and_the_model_is_made_anew(engine, model):
    image = engine("echo 'the model said London'; exit 1")
    with smoke_test(image, quiet) as test:
        test.ask(model)
        with pytest.raises(EngineError, match="London"):
            test.wait(quiet)
        assert test.ended
    assert not model.folder.exists() and not listing(model.folder).exists()
    assert not image.passed.exists()


def test_it_is_stopped_with_what_it_belongs_to_and_asked_again_next_time(engine, model, is_alive):
    image = engine("echo $$ > pid.txt; exec sleep 100")
    image.python.write_text(image.python.read_text().replace("pid.txt", str(model.folder / "pid")))
    with pytest.raises(KeyboardInterrupt), smoke_test(image, quiet) as test:
        test.ask(model)
        while not (model.folder / "pid").exists() or not (model.folder / "pid").read_text():
            assert not test.ended
        raise KeyboardInterrupt
    assert not is_alive(int((model.folder / "pid").read_text()))
    assert model.folder.exists() and not image.passed.exists()


def test_an_engine_that_is_not_asked_is_ready(engine, model):
    image = engine("exit 1")
    with smoke_test(image, quiet, wanted=False) as test:
        test.ask(model)
        asyncio.run(test.image.ready())
        assert test.ended and test.image == image
    assert not image.passed.exists()


def test_a_server_waits_for_the_answer_and_others_do_not(play, image):
    async def scenario(cluster):
        cluster.run("sleep", "100", name="other")
        cluster.run("sleep", "100", name="server", image="vllm/vllm-openai:v0.32.0")
        cluster.run("sleep", "100", name="deleted", image="vllm/vllm-openai:v0.32.0")
        await cluster.until(lambda: "running" in cluster.container("other").get("state", {}))
        cluster.store.delete("Pod", "default", "deleted")
        await cluster.until(lambda: cluster.pod("deleted") is None)
        assert cluster.container("server")["state"]["waiting"]["reason"] == "ContainerCreating"
        answered.set()
        await cluster.until(lambda: "running" in cluster.container("server").get("state", {}))

    answered = asyncio.Event()
    play(scenario, image=replace(image, ready=answered.wait))


def test_a_server_of_an_engine_that_does_not_answer_does_not_start(play, image):
    async def ready():
        raise EngineError("London")

    async def scenario(cluster):
        cluster.run(sys.executable, "-c", "pass", image="vllm/vllm-openai:v0.32.0")
        await cluster.until(lambda: any("London" in told for told in cluster.events()))
        assert cluster.log() == ""

    play(scenario, image=replace(image, ready=ready))
