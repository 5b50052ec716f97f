"""YAML that somebody else wrote, read within limits: of bytes, nodes, depth and documents.

Aliases count for as much as they stand for, so that no short text grows in memory. All limits
are held while libyaml's events pass by, before anything is made of them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from .texts import say

MOST_BYTES = 1 << 20
"""Kubernetes takes no larger object either: etcd's limit is 1.5 MiB."""
MOST_NODES = 50_000
MOST_DEPTH = 100
MOST_DOCUMENTS = 1_000
MOST_DIGITS = 100
"""Characters of a number: a longer one takes quadratic time to read."""
MOST_KEY_DIGITS = 20
"""Characters of a whole number as a key. Python's hash of them repeats every 2**61 - 1, and a map
with thousands of keys of one hash takes seconds.
"""
NODE_LETTERS = 100
"""A text counts as one node more for each so many characters."""

# Where PyYAML comes without libyaml, its own parser takes ten to forty times as long.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, OverflowError)
"""What PyYAML raises for a text; those besides its own for values such as `!!int x`."""


_TAG = "tag:yaml.org,2002:"
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})")
"""One character in two halves, as JSON writes it; libyaml knows halves in no form."""


class YamlError(Exception):
    """A text that is not read; `reason` says why, in the reader's language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class YamlSyntaxError(YamlError):
    """A text that is no YAML, or has a value that does not exist; `problem` in PyYAML's words."""

    def __init__(self, problem: str) -> None:
        super().__init__(say("it is not YAML: {problem}", problem=problem))
        self.problem = problem


class _Numbered(_Loader):
    """Values as PyYAML reads them, except numbers that take long to read."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag == f"{_TAG}int":
                _hold_length(key, MOST_KEY_DIGITS)
        return super().construct_mapping(node, deep)


class _AsKubernetes(_Numbered):
    """Times stay text, also those that do not exist. Source: sigs.k8s.io/yaml, its decoder."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the loader's own class attribute
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _limit_length(name: str) -> None:
    """Let a number of this type have no more than MOST_DIGITS."""
    construct = yaml.SafeLoader.yaml_constructors[_TAG + name]

    def number(loader: Any, node: yaml.Node) -> Any:
        _hold_length(node, MOST_DIGITS)
        return construct(loader, node)

    _Numbered.add_constructor(_TAG + name, number)


def _hold_length(node: yaml.Node, most: int) -> None:
    if len(node.value) > most:
        problem = say("a number has more than {most} characters", most=most)
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_limit_length("int")
_limit_length("float")


def documents(text: str, *, kubernetes: bool = False) -> list[Any]:
    """Return what each document of a text holds; with `kubernetes` times are text, as there.

    Raises:
        YamlSyntaxError: It is no YAML, or a value in it does not exist.
        YamlError: It is beyond a limit.
    """
    text = _PAIR.sub(lambda found: found[1] + json.loads(f'"{found[2]}"'), text)
    try:
        _hold_limits(text)
        return list(yaml.load_all(text, _AsKubernetes if kubernetes else _Numbered))
    except _UNREADABLE as error:
        raise YamlSyntaxError(_problem(error)) from None


def read(path: Path) -> str:
    """Return the text of a file, which may also be a pipe.

    Raises:
        OSError: The file can't be read.
        YamlError: It is too long, or not UTF-8.
    """
    with path.open("rb") as file:
        return _decoded(file.read(MOST_BYTES + 1))


def read_regular(path: Path) -> str:
    """Return the text of a file; what could keep a reader waiting is refused.

    Raises:
        OSError: The file can't be read.
        YamlError: It is too long, not UTF-8, or no regular file.
    """
    if path.exists() and not path.is_file():
        raise YamlError(say("it is no file but a folder, a pipe or a device"))
    return read(path)


def _decoded(content: bytes) -> str:
    _hold_bytes(len(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = say("byte {number} is not UTF-8", number=error.start + 1)
        raise YamlSyntaxError(problem) from None


def _problem(error: Exception) -> str:
    """Return what is wrong, in PyYAML's words or Python's, and in which line."""
    if isinstance(error, (LookupError, AttributeError, TypeError)):
        return say("a value does not fit its tag")
    problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
    mark = getattr(error, "problem_mark", None)
    return f"{problem} ({say('line {number}', number=mark.line + 1)})" if mark else problem


def _hold_limits(text: str) -> None:
    _hold_bytes(len(text))
    loader, seen = _Loader(text), _Seen()
    try:
        while loader.check_event():
            seen.take(loader.get_event())
    finally:
        loader.dispose()


def _hold_bytes(count: int) -> None:
    if count > MOST_BYTES:
        raise YamlError(say("it is larger than {most} bytes", most=MOST_BYTES))


class _Seen:
    """What the events so far amount to, each alias counted as what it stands for."""

    def __init__(self) -> None:
        self.documents = self.nodes = 0
        self._open: list[tuple[str | None, int]] = []
        self._anchored: dict[str | None, int] = {}

    def take(self, event: yaml.Event) -> None:
        """Count an event.

        Raises:
            YamlError: It is one too many.
        """
        match event:
            case yaml.DocumentStartEvent():
                self._begin()
            case yaml.AliasEvent():
                self._repeat(event.anchor)
            case yaml.ScalarEvent():
                self._count(1 + len(event.value) // NODE_LETTERS)
                self._anchored[event.anchor] = 1 + len(event.value) // NODE_LETTERS
            case yaml.CollectionStartEvent():
                self._descend(event.anchor)
            case yaml.CollectionEndEvent():
                anchor, before = self._open.pop()
                self._anchored[anchor] = self.nodes - before

    def _begin(self) -> None:
        self._anchored = {}
        self.documents += 1
        if self.documents > MOST_DOCUMENTS:
            raise YamlError(say("it has more than {most} documents", most=MOST_DOCUMENTS))
        self._count(1)

    def _repeat(self, anchor: str | None) -> None:
        if any(anchor == name for name, _ in self._open):
            raise YamlError(say("the anchor {name} contains itself", name=anchor))
        self._count(self._anchored.get(anchor, 1))  # the composer refuses one that is unknown

    def _descend(self, anchor: str | None) -> None:
        self._open.append((anchor, self.nodes))
        if len(self._open) > MOST_DEPTH:
            raise YamlError(say("it is nested more than {most} deep", most=MOST_DEPTH))
        self._count(1)

    def _count(self, more: int) -> None:
        self.nodes += more
        if self.nodes > MOST_NODES:
            raise YamlError(
                say("it holds more than {most} values, aliases counted in full", most=MOST_NODES)
            )
