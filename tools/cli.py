"""Write docs/cli.md: every verb and option of the two command lines, from argparse's own help.

python tools/cli.py           write it
python tools/cli.py --check   write nothing; fail if the file is stale

The help's texts are taken, not its layout, which differs between releases of Python.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from warmbook.__main__ import _parser as workbook_parser
from warmbook.book.cli.rehearse import _lab_parser as lab_parser
from warmbook.book.cli.seat import seat_parser
from warmbook_rehearsal.__main__ import _parser as rehearsal_parser

TARGET = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
INTRODUCTION = """\
# Command line

The verbs of `python -m warmbook` (`warmbook` where it is installed) and the options of
`python -m warmbook_rehearsal`. Written by `python tools/cli.py` from their `--help`; `make check`
fails when this page is stale.
"""
Verb = tuple[str, str, argparse.ArgumentParser | None]
"""A verb's name, what it is for, and its parser; None where it takes another command's options."""


def document() -> str:
    """Return the whole page."""
    os.environ |= {"COLUMNS": "10000", "NO_COLOR": "1"}  # a usage is one line, without colours
    workbook, rehearsal = workbook_parser(), rehearsal_parser()
    lines = [
        INTRODUCTION,
        f"## {workbook.prog}",
        "",
        prose(f"{workbook.description} {workbook.epilog}"),
    ]
    lines += ["", "| verb | what it does |", "|---|---|"]
    listed = list(verbs(workbook))
    lines += [f"| [{name}](#{name.replace(' ', '-')}) | {cell(told)} |" for name, told, _ in listed]
    for name, told, parser in listed:
        lines += ["", f"### {name}", ""]
        lines += body(parser, told) if parser else [f"{capital(told)}: {passed_on(rehearsal)}"]
    lines += ["", f"## {rehearsal.prog}", "", *body(rehearsal)]
    return "\n".join(lines) + "\n"


def verbs(parser: argparse.ArgumentParser, before: str = "") -> Iterator[Verb]:
    """Yield the verbs in the order of the help; a verb's own verbs follow it."""
    (added,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    # these take their words as they are typed
    own = {"rehearse": None, "lab": lab_parser(), "seat": seat_parser()}
    for verb in added._choices_actions:
        one = own.get(verb.dest, added.choices[verb.dest])
        yield f"{before}{verb.dest}", verb.help or "", one
        if one and any(isinstance(a, argparse._SubParsersAction) for a in one._actions):
            yield from verbs(one, f"{verb.dest} ")


def passed_on(rehearsal: argparse.ArgumentParser) -> str:
    """Return the sentence for a verb that has another command's options."""
    anchor = rehearsal.prog.replace(" ", "-")
    return f"the options are those of [{rehearsal.prog}](#{anchor})."


def body(parser: argparse.ArgumentParser, help_: str = "") -> Iterator[str]:
    """Yield the lines of one command: its usage, what it does, its options by group."""
    yield from ("```text", parser.format_usage().removeprefix("usage: ").strip(), "```")
    yield from ("", prose(parser.description or f"{capital(help_)}."))
    positionals, optionals, *others = parser._action_groups
    yield from table(parser, [*positionals._group_actions, *optionals._group_actions])
    for group in others:
        if group._group_actions:
            yield from ("", prose(f"{capital(group.title or '')}. {group.description or ''}"))
            yield from table(parser, group._group_actions)


def table(parser: argparse.ArgumentParser, actions: Sequence[argparse.Action]) -> Iterator[str]:
    """Yield a table of options; --help and what is hidden are left out."""
    yield from ("", "| option | what it does |", "|---|---|")
    for action in actions:
        if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            yield f"| {spelled(action)} | {cell(told(parser, action))} |"


def spelled(action: argparse.Action) -> str:
    """Return an option as it is typed, with its value; a positional by its name."""
    value = argument(action)
    words = action.option_strings or [value]
    after = f" {value}" if action.option_strings and value else ""
    return ", ".join(f"`{word}{after}`" for word in words)


def argument(action: argparse.Action) -> str:
    """Return the name of an action's value, as the help shows it; "" where it takes none."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    return action.metavar or choices or action.dest.upper()


def told(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Return the help of an action, with its default where the help names it."""
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def cell(text: str) -> str:
    """Return a text that ends no cell of a table."""
    return prose(text).replace("|", "\\|")


def prose(text: str) -> str:
    """Return a text without its line breaks, and with no tag of HTML in it."""
    return " ".join(text.split()).replace("<", "&lt;")


def capital(text: str) -> str:
    """Return a text with its first letter as a capital; the others as they are."""
    return text[:1].upper() + text[1:]


def main(arguments: Sequence[str]) -> int:
    """Write or check the page; return the exit status."""
    text = document()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is stale; run `make cli`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
