"""docs/cli.md has every verb and option of the two command lines."""

import argparse
import importlib.util
import re
from pathlib import Path

import pytest

from warmbook.__main__ import _parser as workbook_parser
from warmbook_rehearsal.__main__ import _parser as rehearsal_parser

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def verbs():
    (added,) = (a for a in workbook_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return added.choices


def options_of(parser):
    shown = (action for action in parser._actions if action.help != argparse.SUPPRESS)
    return {word for action in shown for word in action.option_strings} - {"-h", "--help"}


def section(title):
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    assert found, title
    return found[1]


@pytest.fixture
def generator(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("cli_page", ROOT / "tools" / "cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("COLUMNS", "NO_COLOR"):  # the tool sets them for its process
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(module, "TARGET", tmp_path / "cli.md")
    return module


@pytest.mark.parametrize("verb", list(verbs()))
def test_each_verb_has_its_section_with_its_options(verb):
    told = section(verb)
    assert {word for word in options_of(verbs()[verb]) if f"`{word}" not in told} == set()


def test_all_options_of_the_rehearsal_are_there():
    told = section("python -m warmbook_rehearsal")
    assert {word for word in options_of(rehearsal_parser()) if f"`{word}" not in told} == set()
    assert "--latency-ms" in options_of(rehearsal_parser())


def test_lab_has_its_own_options_and_the_rehearsals():
    assert "| `--google-cloud` |" in section("lab")
    assert "| `--fault NAME[,NAME]` |" in section("lab")


def test_check_fails_for_a_stale_page(generator, capsys):
    assert generator.main(["--check"]) == 1
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    assert generator.TARGET.read_text(encoding="utf-8") == PAGE
    generator.TARGET.write_text(PAGE.replace("--only", "--just"), encoding="utf-8")
    assert generator.main(["--check"]) == 1
    assert "make cli" in capsys.readouterr().err
