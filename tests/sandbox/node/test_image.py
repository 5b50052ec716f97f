import json
import shutil
import sys
from collections import namedtuple

import pytest

from warmbook_sandbox.node import image
from warmbook_sandbox.node.image import EngineError, build_image, check_space

Usage = namedtuple("Usage", "total used free")


def quiet(what, share):
    pass


def test_too_small_a_disk_is_said_before_anything_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1_000_000_000))
    with pytest.raises(EngineError, match=r"1\.0 GB free; engine and model need 5 GB"):
        check_space(tmp_path)


def test_another_system_than_linux_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(EngineError, match="runs on Linux, this is darwin"):
        build_image(tmp_path, quiet)


def test_a_package_that_can_not_be_had_is_named_with_what_helps(tmp_path):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("warmbook-has-no-such-package==9.9.9\n")
    with pytest.raises(EngineError) as refused:
        build_image(tmp_path / "cache", quiet, wanted)
    assert "warmbook-has-no-such-package" in str(refused.value)
    assert "PIP_EXTRA_INDEX_URL" in str(refused.value)


def test_a_build_that_was_cut_off_is_thrown_away(tmp_path, monkeypatch):
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("")
    built = []

    def build(folder, requirements, tell):
        assert not folder.exists()
        folder.mkdir()
        built.append(folder)
        if len(built) == 1:
            (folder / "half").touch()
            raise KeyboardInterrupt
        (folder / "complete.json").write_text(json.dumps({"vllm": "1.2.3"}))

    monkeypatch.setattr(image, "_build", build)
    with pytest.raises(KeyboardInterrupt):
        build_image(tmp_path, quiet, wanted)
    assert build_image(tmp_path, quiet, wanted).versions() == {"vllm": "1.2.3"}
    build_image(tmp_path, quiet, wanted)
    assert len(built) == 2
