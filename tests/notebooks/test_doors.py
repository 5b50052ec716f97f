"""The buttons at the head of README and notebooks."""

import sys
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest

from .conftest import ROOT

ADDRESS = "https://github.com/someone/warmbook"


@pytest.fixture
def doors(generator):
    return sys.modules["doors"]


def test_without_an_address_there_are_none(doors):
    assert doors.line("", "notebooks/en/01_settings.ipynb") == doors.installation("") == ""
    text = (ROOT / "README.md").read_text()
    assert doors.readme(text, doors.repository()) == text


def test_each_leads_to_the_notebook(doors):
    path = "notebooks/en/01_settings.ipynb"
    found = doors.addresses(ADDRESS, path)
    raw = f"https://raw.githubusercontent.com/someone/warmbook/main/{path}"
    assert parse_qs(urlsplit(found["workbench"]).query) == {"download_url": [raw]}
    assert unquote(urlsplit(found["colab"]).path.rsplit("/", 1)[1]) == raw
    assert found["github"] == f"{ADDRESS}/blob/main/{path}"
    shell = parse_qs(urlsplit(found["shell"]).query)
    assert shell["cloudshell_git_repo"] == [f"{ADDRESS}.git"]
    assert (ROOT / shell["cloudshell_tutorial"][0]).is_file()


def test_the_readme_gets_them_once(doors):
    text = (ROOT / "README.md").read_text()
    once = doors.readme(text, ADDRESS)
    assert once != text and doors.readme(once, ADDRESS) == once
    assert doors.readme(once, "") == text


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_notebook_gets_them_under_its_title_and_a_cell_that_installs(
    generator, doors, small, monkeypatch, language
):
    monkeypatch.setattr(doors, "repository", lambda: ADDRESS)
    cells = nbformat.reads(generator.notebook(small, language), 4).cells
    first = cells[0].source.splitlines()
    assert first[0].startswith("# ") and f"notebooks/{language}/01_small.ipynb" in first[2]
    assert cells[2].source.endswith(f'# %pip install --quiet "warmbook @ git+{ADDRESS}"')
    assert all(line.startswith("#") for line in cells[2].source.splitlines())


def test_the_walkthrough_has_steps_and_runs_the_readmes_commands():
    text = (ROOT / "docs" / "cloudshell.md").read_text()
    steps = [line for line in text.splitlines() if line.startswith("## ")]
    assert text.startswith("# ") and len(steps) >= 4
    assert "<walkthrough-tutorial-duration" in text and "<walkthrough-conclusion-trophy" in text
    readme = (ROOT / "README.md").read_text()
    for command in ("make setup", "gcloud auth application-default login", "--port=8080"):
        assert command in text and command in readme
