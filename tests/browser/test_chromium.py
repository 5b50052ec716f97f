"""Which browser the tests take, shown with search paths that hold made-up programs."""

from __future__ import annotations

import pytest

from . import chromium

CHROMIUM = "echo Chromium 140.0.7339.80 built on Debian"
CHROME = "echo Google Chrome 140.0.7339.80"
SNAP = "echo Chromium 140.0.7339.80 snap"
STUB = "echo \"Command '$0' requires the chromium snap to be installed.\" >&2; exit 1"
NO_LIBRARY = 'echo "error while loading shared libraries: libnss3.so" >&2; exit 127'


@pytest.fixture
def no_playwright(monkeypatch):
    monkeypatch.setattr(chromium, "playwrights", lambda: iter(()))


@pytest.fixture
def put(tmp_path):
    """Put a program with this script into a folder of the search path."""

    def put(name, script):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return str(program)

    return put


@pytest.mark.parametrize("name", chromium.NAMES)
def test_a_browser_under_each_of_its_names_is_used(no_playwright, tmp_path, put, name):
    program = put(name, CHROMIUM if name.startswith("chromium") else CHROME)
    assert chromium.find(str(tmp_path)) == program


@pytest.mark.parametrize("useless", [SNAP, STUB, NO_LIBRARY, "true", "echo Firefox 140.0"])
def test_programs_that_are_no_browser_or_cannot_start_are_skipped(
    no_playwright, tmp_path, put, useless
):
    put("chromium", useless)
    assert chromium.find(str(tmp_path)) is None
    chrome = put("google-chrome-stable", CHROME)
    assert chromium.find(str(tmp_path)) == chrome


def test_playwrights_own_is_used_only_where_the_path_has_none(monkeypatch, tmp_path, put):
    own = put("playwrights-own", "echo Google Chrome for Testing 159.0.8154.6")
    monkeypatch.setattr(chromium, "playwrights", lambda: iter((own,)))
    put("chromium-browser", STUB)
    assert chromium.find(str(tmp_path)) == own
    there = put("chromium", CHROMIUM)
    assert chromium.find(str(tmp_path)) == there


@pytest.mark.parametrize(
    ("policy", "is_package"),
    [
        ("chromium:\n  Installed: (none)\n  Candidate: 150.0.7871.100-1~deb12u1\n", True),
        ("chromium:\n  Installed: (none)\n  Candidate: 2:1snap1-0ubuntu2\n", False),
        ("chromium:\n  Installed: (none)\n  Candidate: (none)\n", False),
        ("", False),
    ],
)
def test_a_snap_transition_package_does_not_count(policy, is_package):
    assert chromium.is_package(policy) == is_package


@pytest.fixture
def tried(monkeypatch):
    """Have no browser until `tried.wins` was tried; keep what was tried, in order."""

    class Tried(list):
        wins = ""

    tried = Tried()
    for name in ("_download", "_apt"):
        monkeypatch.setattr(chromium, name, lambda name=name: tried.append(name))
    monkeypatch.setattr(
        chromium, "find", lambda: "a browser" if not tried.wins or tried.wins in tried else None
    )
    return tried


@pytest.mark.parametrize(
    ("wins", "attempts"),
    [("", []), ("_download", ["_download"]), ("_apt", ["_download", "_apt"])],
)
def test_playwright_is_tried_before_apt_and_neither_if_a_browser_exists(tried, wins, attempts):
    tried.wins = wins
    assert chromium.install() == "a browser"
    assert tried == attempts


def test_install_returns_none_if_every_attempt_fails(tried):
    tried.wins = "nothing that there is"
    assert chromium.install() is None
    assert tried == ["_download", "_apt"]


def test_a_failed_installation_is_reported_with_the_reason(capfd):
    chromium._try(["sh", "-c", "echo no route to the download >&2; exit 1"])
    chromium._try(["no-such-installer"])
    said = capfd.readouterr().err
    assert "no route to the download" in said
    assert "no-such-installer" in said
