"""Whether a JupyterLab can draw the form, by processes and folders laid out as Linux has them."""

import json
import os
from pathlib import Path

import pytest

from warmbook.display.widgets import front_end
from warmbook.display.widgets.form import SettingsForm
from warmbook.display.widgets.front_end import EXTENSION, UPGRADE, VIEW, fitting, too_old

BUNDLE = {VIEW: {"model_id": "1"}, "text/plain": "a = 1", "text/html": "<table></table>"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Let a server of some environment be the kernel's; returns what installs an extension."""
    process = tmp_path / "proc" / "4711"
    process.mkdir(parents=True)
    place = tmp_path / "its environment"
    library = place / "lib/python3.11/site-packages/zmq/_zmq.abi3.so"
    (process / "maps").write_text(
        f"7f-80 r--p 00000000 fe:00 1   /usr/lib/libc.so.6\n7f-80 r-xp 0 fe:00 2   {library}\n"
    )
    (process / "cmdline").write_bytes(b"python\0-m\0jupyterlab\0")
    monkeypatch.setattr(front_end, "_PROCESSES", process.parent)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("JPY_PARENT_PID", "4711")

    def install(version, where=place):
        (where / EXTENSION).parent.mkdir(parents=True, exist_ok=True)
        (where / EXTENSION).write_text(json.dumps({"version": version}))

    return install


@pytest.mark.parametrize(("version", "old"), [("3.1.1", True), ("5.0.0", False), ("x", False)])
def test_the_extension_of_the_servers_own_environment_decides(server, version, old):
    server(version)
    assert too_old() is old


def test_where_one_of_several_is_new_enough_the_form_is_shown(server, tmp_path):
    server("3.1.1")
    server("5.0.16", tmp_path / "home" / ".local")
    assert not too_old()


def test_without_a_known_version_the_form_is_shown(server, tmp_path, monkeypatch):
    assert fitting(BUNDLE) is BUNDLE  # no extension anywhere
    server("3.1.1")
    (tmp_path / "proc" / "4711" / "cmdline").write_bytes(b"python\0-m\0papermill\0")
    assert not too_old()
    for process in ("4712", "x"):
        monkeypatch.setenv("JPY_PARENT_PID", process)
        assert not too_old()
    monkeypatch.delenv("JPY_PARENT_PID")
    assert not too_old()


def test_an_outdated_extension_gets_text_with_instructions(server):
    server("3.1.1")
    shown = fitting(BUNDLE)
    assert shown.keys() == {"text/plain", "text/html"}
    assert shown["text/plain"].startswith("a = 1\n")
    assert shown["text/plain"].endswith(UPGRADE)
    assert shown["text/html"].startswith("<table></table>")
    assert "<pre" in shown["text/html"] and "parameters cell" in shown["text/html"]
    assert VIEW in BUNDLE


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc")
def test_the_environment_of_a_running_process_is_read(monkeypatch):
    (loaded,) = front_end._LOADED.findall(
        "7f00-7f01 r-xp 00000000 fe:00 1    /opt/a b/lib/python3.11/site-packages/x/y.so"
    )
    assert loaded == "/opt/a b"
    assert (front_end._PROCESSES / str(os.getpid()) / "maps").read_text()


def test_the_forms_bundle_has_what_is_needed(choices):
    bundle = SettingsForm.choose(**choices, language="en")._repr_mimebundle_()
    assert {VIEW, "text/plain", "text/html"} <= bundle.keys()
