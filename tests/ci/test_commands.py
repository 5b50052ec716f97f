"""Each command line of ours in the examples and their page is one that the parsers take."""

from __future__ import annotations

import re

import pytest

from warmbook.__main__ import _parser as workbook_parser
from warmbook_rehearsal.__main__ import _parser as rehearsal_parser

from .examples import PAGE, shell_parts, warmbook_commands

SOURCES = shell_parts() | {
    f"ci.md {number}": block
    for number, block in enumerate(
        re.findall(
            r"^```(?:bash|console)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S
        )
    )
}
COMMANDS = [
    pytest.param(module, arguments, id=f"{place}: {' '.join(arguments)[:40]}")
    for place, text in SOURCES.items()
    for module, arguments in warmbook_commands(text)
]


@pytest.mark.parametrize(("module", "arguments"), COMMANDS)
def test_the_parser_accepts_each_command_of_the_examples(module, arguments):
    if module == "warmbook":
        assert workbook_parser().parse_args(arguments).act
    else:
        own, _, command = " ".join(arguments).partition("-- ")
        rehearsal_parser().parse_args(own.split())
        assert command


def test_every_example_has_commands_of_ours():
    places = {place.split()[0] for place, text in SOURCES.items() if [*warmbook_commands(text)]}
    assert places >= {
        *("github/rehearsal.yml", "github/nightly.yml", "gitlab-ci.yml", "cloudbuild.yaml"),
        "cronjob.yaml",
    }


@pytest.mark.parametrize("arguments", [["run", "--no-such-option"], ["no-such-verb"]])
def test_a_wrong_command_is_refused(arguments):
    with pytest.raises(SystemExit):
        workbook_parser().parse_args(arguments)
