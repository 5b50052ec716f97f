import re
import subprocess
from types import SimpleNamespace

import pytest

from warmbook.book import origin, shipped
from warmbook.settings import Settings


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"CLOUD_SHELL": "true"}, "cloud-shell"),
        ({"DEVSHELL_CLIENT_PORT": "1"}, "cloud-shell"),
        ({"VERTEX_PRODUCT": "WORKBENCH_INSTANCE"}, "workbench"),
        ({"VERTEX_PRODUCT": "COLAB_ENTERPRISE"}, "colab-enterprise"),
        ({"VERTEX_PRODUCT": "SOMETHING_NEW"}, ""),
        ({}, ""),
    ],
)
def test_google_hosts_are_detected_by_their_environment_variables(environ, host):
    assert origin.host(environ) == host


def test_the_account_is_read_from_existing_credentials_without_a_lookup(choices):
    settings = Settings.parse({**choices, "account": "me@example.com"})
    assert origin.account(settings, SimpleNamespace()) == "me@example.com"
    held = SimpleNamespace(credentials=1, account="you@example.com")
    assert origin.account(settings, held) == "you@example.com"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "CLONE", tmp_path / "notebooks")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "code.py").touch()
    (tmp_path / "notebooks" / "one.ipynb").touch()
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    origin.commit.cache_clear()
    yield tmp_path
    origin.commit.cache_clear()


def test_the_commit_is_that_of_the_clone_and_ignores_changed_notebooks(clone):
    (clone / "notebooks" / "one.ipynb").write_text("outputs")
    assert re.fullmatch("[0-9a-f]{40}", origin.commit())


def test_changed_code_marks_the_commit_as_dirty(clone):
    (clone / "lib" / "code.py").write_text("changed")
    assert origin.commit().endswith("-dirty")


def test_without_a_clone_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "CLONE", tmp_path / "notebooks")
    origin.commit.cache_clear()
    assert origin.commit() == ""
    origin.commit.cache_clear()
