"""What a container runs: its `command` and `args`, through shells and their scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ...limited_yaml import Text
from . import shell_script
from .environment import Environment
from .shapes import as_list
from .words import Word, as_word, key_line

Command = list[Word]

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "ksh", "zsh"))
_SCRIPT_FOLLOWS = re.compile(r"-[a-zA-Z]*c")
_TAKES_VALUE = re.compile(r"[-+][a-zA-Z]*[oO]|--rcfile|--init-file")
_TAKES_ARGUMENTS = re.compile(r"\$\{?[0-9@*#]|\bgetopts\b|\bshift\b")
_LONGEST = 50_000
"""Characters of a script that is read."""
_DEEPEST = 3
"""Shells within shells."""


def words_of(container: Mapping[str, Any], key: str, environment: Environment) -> list[Word]:
    """Return the words of `command` or `args`, with `$(NAME)` put in where it is known."""
    value = container.get(key)
    line = key_line(container, key)
    # a text in place of a list is refused (rules/command.py), and read as what it means
    listed = value.split() if isinstance(value, str) else as_list(value)
    return [_placed(environment, one, line) for one in listed]


def apart(command: list[Word]) -> list[Word]:
    """Return a command, its first word divided where it holds a whole line.

    No program has such a name, and the container does not start (rules/command.py).
    """
    if not command or len(command[0].text.split()) < 2:
        return command
    first, line = command[0], shell_script.commands(command[0].text, {}, command[0].line)
    return [*(line[0] if line else [first]), *command[1:]]


def commands_of(words: list[Word], environment: Environment, deep: int = 0) -> list[Command]:
    """Return the simple commands that words run: themselves, or those of a shell's script."""
    script = _script(words)
    if script is None or deep >= _DEEPEST:
        return [words] if words else []
    known = environment.variables if deep == 0 else {}
    found = shell_script.commands(_text(script), known, script.line)
    return [inner for one in found for inner in commands_of(one, environment, deep + 1)]


def lost_words(words: list[Word]) -> list[Word]:
    """Return the options that stand after a shell's script, and that it does not take up.

    Source: POSIX, "sh": what follows the script of `-c` is `$0`, `$1` and so on.
    """
    script = _script(words)
    if script is None or script not in words or _TAKES_ARGUMENTS.search(script.text):
        return []
    return list(filter(is_option, words[words.index(script) + 1 :]))


def is_option(word: Word) -> bool:
    """Say whether a word is a long option."""
    return word.text.startswith("--") and len(word.text) > 2


def program(word: Word) -> str:
    """Return the last part of a program's path."""
    return PurePosixPath(word.text).name


def _script(words: list[Word]) -> Word | None:
    """Return the script that a shell gets after `-c` or `eval` gets, None where there is none."""
    if words and words[0].text == "eval":
        return Word(" ".join(word.text for word in words[1:]), words[0].line)
    at = next((n for n, word in enumerate(words[:4]) if program(word) in _SHELLS), None)
    if at is None:
        return None
    rest = iter(words[at + 1 :])
    for word in rest:
        if _TAKES_VALUE.fullmatch(word.text) and not _SCRIPT_FOLLOWS.fullmatch(word.text):
            next(rest, None)
        elif _SCRIPT_FOLLOWS.fullmatch(word.text):
            return next(_after_options(rest), None)
        elif not word.text.startswith(("-", "+")):
            return None
    return None


def _after_options(rest: Iterator[Word]) -> Iterator[Word]:
    """Leave out what stands between `-c` and its script, as in `sh -c -- '…'`."""
    return (word for word in rest if word.text not in ("--", "-e", "-x", "-u"))


def _placed(environment: Environment, value: object, line: int) -> Word:
    word = environment.word(as_word(value, line))
    if isinstance(value, Text) and value.block:
        return _Block(**word.__dict__)
    return word


class _Block(Word):
    """A text of several lines, each of which has its own line in the file."""


def _text(script: Word) -> str:
    text = Text(script.text[:_LONGEST])
    text.line, text.block = script.line, isinstance(script, _Block)
    return text
