"""What a container runs: its `command` and `args`, through shells and their scripts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import dropwhile
from pathlib import PurePosixPath
from typing import Any

from ...limited_yaml import Text
from . import shell_script
from .environment import Environment
from .shapes import as_list
from .shell_script import Around
from .words import Word, as_word, key_line

Command = list[Word]

_SHELLS = frozenset(("sh", "bash", "ash", "dash", "ksh", "zsh"))
_SCRIPT_FOLLOWS = re.compile(r"-[a-zA-Z]*c")
_TAKES_VALUE = re.compile(r"[-+][a-zA-Z]*[oO]|--rcfile|--init-file")
_TAKES_ARGUMENTS = re.compile(r"\$\{?[0-9@*#]|\bgetopts\b|\bshift\b")
_IS_SCRIPT = re.compile(r"\.(?:sh|bash|py)$")
_FOR_SHELLS = re.compile(r"#!\s*\S*?(?:/|\benv +(?:-S +)?)(?:ba|da|a|k|z)?sh\b|(?!#!)")
"""Beginnings of files that a shell runs: one without `#!` it reads itself."""
_BEFORE_PROGRAM = frozenset(
    ("exec", "nohup", "tini", "dumb-init", "env", "sudo", "time", "catatonit")
)
_MOST = 200_000
"""Letters of scripts that are read for one container."""
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
    return [environment.word(as_word(one, line)) for one in listed]


def apart(command: list[Word]) -> list[Word]:
    """Return a command, its first word divided where it holds a whole line.

    No program has such a name, and the container does not start (rules/command.py).
    """
    if not command or len(command[0].text.split()) < 2:
        return command
    first, line = command[0], shell_script.commands(command[0].text, {}, command[0].line)
    return [*(line[0] if line else [first]), *command[1:]]


def commands_of(words: list[Word], environment: Environment) -> list[Command]:
    """Return the simple commands that words run: themselves, or those of a shell's script.

    A script is read where it stands in the words or in a ConfigMap, or where another writes it.
    """
    return _Runner(environment).commands(words, Around(environment.variables))


class _Runner:
    """Reads scripts and those that they run, up to a number of letters."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._left = _MOST

    def commands(self, words: list[Word], around: Around, deep: int = 0) -> list[Command]:
        script = _script(words, self._environment, around.files)
        self._left -= len(script.text.text) if script else 0
        if script is None or deep >= _DEEPEST or self._left < 0:
            return [words] if words else []
        files = {path: file.text for path, file in self._environment.files.items()} | around.files
        within = replace(around, arguments=script.arguments, files=files)
        found, changed = shell_script.run(_text(script.text), within, script.text.line)
        # which values a script exports to another is not followed
        known = {**around.variables, **dict.fromkeys(changed, None)}
        inner = Around(known, files=files)
        return [each for one in found for each in self._within(one, inner, deep + 1)]

    def _within(self, command: Command, around: Around, deep: int) -> list[Command]:
        """Return what a script's command runs; `cd` says where the next ones look for files."""
        if program(command[0]) == "cd" and len(command) == 2 and command[1].sure:
            directory = posixpath.join(self._environment.directory, command[1].text)
            self._environment = replace(self._environment, directory=directory)
        found = self.commands(command, around, deep)
        if isinstance(command, shell_script.OnCondition):
            return [shell_script.OnCondition(one) for one in found]
        return found


def lost_words(words: list[Word], environment: Environment) -> list[Word]:
    """Return the options that stand after a shell's script, and that it does not take up.

    Source: POSIX, "sh": what follows the script of `-c` is `$0`, `$1` and so on.
    """
    script = _script(words, environment, {})
    if script is None or script.after is None or _TAKES_ARGUMENTS.search(script.text.text):
        return []
    return list(filter(is_option, script.after))


def runs_a_file(words: list[Word]) -> bool:
    """Say whether words run a script that does not stand in them."""
    return any(_IS_SCRIPT.search(word.text) for word in words[:4])


def is_option(word: Word) -> bool:
    """Say whether a word is a long option."""
    return word.text.startswith("--") and len(word.text) > 2


def program(word: Word) -> str:
    """Return the last part of a program's path."""
    return PurePosixPath(word.text).name


@dataclass(frozen=True)
class _Script:
    """A script that words run; `after` is what stands behind it, None for `eval`."""

    text: Word
    after: list[Word] | None
    by_text: bool = True

    @property
    def arguments(self) -> list[Word] | None:
        """What the script gets as `$1` and so on, None where that is not known."""
        return self.after[1:] if self.after and self.by_text else self.after


def _script(
    words: list[Word], environment: Environment, written: Mapping[str, str | None]
) -> _Script | None:
    """Return the script that a shell gets, or `eval`, or that is itself the program."""
    if words and words[0].text == "eval":
        return _Script(Word(" ".join(word.text for word in words[1:]), words[0].line), None)
    at = next((n for n, word in enumerate(words[:4]) if program(word) in _SHELLS), None)
    if at is not None:
        return _of_shell(words[at + 1 :], environment, written)
    for at, word in enumerate(words[:4]):
        text = _text_of_file(word, environment, written)
        if text and _FOR_SHELLS.match(text):
            return _Script(as_word(text, word.line), words[at + 1 :], by_text=False)
        if program(word) not in _BEFORE_PROGRAM and not word.text.startswith("-"):
            return None
    return None


def _of_shell(
    words: list[Word], environment: Environment, written: Mapping[str, str | None]
) -> _Script | None:
    """Return the script that a shell gets after `-c`, or the file that it reads."""
    rest = iter(words)
    for word in rest:
        if _TAKES_VALUE.fullmatch(word.text) and not _SCRIPT_FOLLOWS.fullmatch(word.text):
            next(rest, None)
        elif _SCRIPT_FOLLOWS.fullmatch(word.text):
            after = list(_after_options(rest))
            return _Script(after[0], after[1:]) if after else None
        elif not word.text.startswith(("-", "+")):
            text = _text_of_file(word, environment, written)
            return _Script(as_word(text, word.line), list(rest), by_text=False) if text else None
    return None


def _text_of_file(
    word: Word, environment: Environment, written: Mapping[str, str | None]
) -> str | None:
    """Return the text of a file that is known; what a script wrote goes before what is mounted."""
    if word.text in written:
        return written[word.text]
    file = environment.file(word.text)
    return file.text if file else None


def _after_options(rest: Iterator[Word]) -> Iterator[Word]:
    """Leave out what stands between `-c` and its script, as in `sh -c -- '…'`."""
    yield from dropwhile(lambda word: word.text in ("--", "-e", "-x", "-u"), rest)


def _text(script: Word) -> str:
    text = Text(script.text[:_LONGEST])
    text.line, text.block = script.line, script.block
    return text
