"""What uv and pip themselves make of the configuration that they are given."""

from __future__ import annotations

import os
import subprocess

import pytest

from warmbook_rehearsal.installer import CommandError, Into, PipConfig, install, new_environment
from warmbook_rehearsal.installer.install import uv_program

from ...install.simple_index import SimpleIndex
from ...install.wheels import lock, wheel

PIP = {"keyring-provider": "disabled"}
"""An option that uv has no word for, so that pip installs."""


@pytest.fixture
def into(tmp_path, monkeypatch):
    """A new environment, where no network is."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    new_environment(tmp_path / "env")
    return Into(tmp_path / "env" / "bin" / "python")


@pytest.fixture
def wheels(tmp_path):
    """A folder with one wheel, and its lock."""
    made = wheel(tmp_path / "wheels", "tiny_package")
    lock(tmp_path / "lock.txt", made)
    return tmp_path / "wheels"


def has_it(into):
    return not subprocess.run(
        [into.python, "-c", "from importlib.metadata import version; version('tiny-package')"],
        stderr=subprocess.DEVNULL,
    ).returncode


@pytest.mark.parametrize("more", [{}, PIP], ids=["uv", "pip"])
def test_without_an_index_a_folder_of_wheels_serves(tmp_path, into, wheels, more):
    config = PipConfig({"no-index": "1", "find-links": str(wheels), **more})
    install(tmp_path / "lock.txt", into, config, cache=tmp_path / "cache")
    assert has_it(into)


@pytest.mark.parametrize("more", [{}, PIP], ids=["uv", "pip"])
@pytest.mark.parametrize("option", ["index-url", "extra-index-url"])
def test_an_index_serves(tmp_path, into, wheels, option, more):
    with SimpleIndex(wheels) as index, SimpleIndex(tmp_path / "none") as empty:
        places = {"index-url": empty.url, option: index.url}
        install(tmp_path / "lock.txt", into, PipConfig({**places, **more}), cache=tmp_path / "c")
        assert index.projects == {"tiny-package"}
    assert has_it(into)


@pytest.mark.parametrize("more", [{}, PIP], ids=["uv", "pip"])
def test_a_file_with_another_digest_is_refused(tmp_path, into, wheels, more):
    (made,) = wheels.iterdir()
    made.write_bytes(made.read_bytes() + b"changed")
    config = PipConfig({"no-index": "1", "find-links": str(wheels), **more})
    with pytest.raises(CommandError):
        install(tmp_path / "lock.txt", into, config, cache=tmp_path / "cache")
    assert not has_it(into)


def test_a_plain_folder_takes_a_package(tmp_path, into, wheels):
    config = PipConfig({"no-index": "1", "find-links": str(wheels)})
    folder = tmp_path / "package"
    install(tmp_path / "lock.txt", Into(into.python, folder), config, cache=tmp_path / "cache")
    assert list(folder.glob("tiny_package-*.dist-info"))


@pytest.mark.parametrize(
    "settings",
    ['constraint-dependencies = ["tiny-package<9"]', 'required-version = ">=99"', "no-index = 3"],
    ids=["constraint", "another uv", "not valid"],
)
@pytest.mark.parametrize(
    ("file", "head"), [("uv.toml", ""), ("pyproject.toml", "[project]\nname = 'own'\n[tool.uv]\n")]
)
def test_settings_of_a_project_in_the_working_folder_do_not_hold(
    tmp_path, into, wheels, monkeypatch, file, head, settings
):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / file).write_text(f"{head}{settings}\n")
    monkeypatch.chdir(folder)
    new_environment(tmp_path / "another")
    config = PipConfig({"no-index": "1", "find-links": "../wheels"})
    install(tmp_path / "lock.txt", into, config, cache=tmp_path / "cache")
    assert has_it(into)


def test_uv_comes_with_the_workbook():
    assert uv_program()
    assert os.access(str(uv_program()), os.X_OK)
