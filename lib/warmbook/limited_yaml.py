"""YAML that somebody else wrote, read within limits: of bytes, nodes, depth and documents.

Aliases count for as much as they stand for, so that no short text grows in memory. All limits
are held while libyaml's events pass by, before anything is made of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Limits:
    """How much is read of a text."""

    size: int = MOST_BYTES
    nodes: int = MOST_NODES
    documents: int = MOST_DOCUMENTS


class Text(str):
    """A text and the line that it begins in, from 1; `block` where each line of it has its own."""

    line = 0
    block = False


class Map(dict[Any, Any]):
    """A mapping and the line that it begins in, from 1; `lines` has those of its keys."""

    line = 0
    lines: dict[str, int] = {}  # noqa: RUF012 - each has its own once it is read


class Items(list[Any]):
    """A list and the line that it begins in, from 1."""

    line = 0


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


class _AsPlaced(_AsKubernetes):
    """The same, with the line of each text, list and mapping; `above` lines stand before it."""

    above = 0

    def line(self, node: yaml.Node) -> int:
        return self.above + node.start_mark.line + 1


def _placed_text(loader: _AsPlaced, node: yaml.ScalarNode) -> Text:
    text = Text(loader.construct_scalar(node))
    text.block = node.style == "|"
    text.line = loader.line(node) + (node.style in ("|", ">"))
    return text


def _placed_items(loader: _AsPlaced, node: yaml.SequenceNode) -> Iterator[Items]:
    made = Items()
    made.line = loader.line(node)
    yield made
    made.extend(loader.construct_sequence(node))


def _placed_map(loader: _AsPlaced, node: yaml.MappingNode) -> Iterator[Map]:
    made = Map()
    made.line = loader.line(node)
    yield made
    made.update(loader.construct_mapping(node))
    keys = (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))
    made.lines = {key.value: loader.line(key) for key in keys}


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
_AsPlaced.add_constructor(f"{_TAG}str", _placed_text)
_AsPlaced.add_constructor(f"{_TAG}seq", _placed_items)
_AsPlaced.add_constructor(f"{_TAG}map", _placed_map)


def documents(text: str, *, kubernetes: bool = False) -> list[Any]:
    """Return what each document of a text holds; with `kubernetes` times are text, as there.

    Raises:
        YamlSyntaxError: It is no YAML, or a value in it does not exist.
        YamlError: It is beyond a limit.
    """
    text = _paired(text)
    try:
        _hold_limits(text, Seen())
        return list(yaml.load_all(text, _AsKubernetes if kubernetes else _Numbered))
    except _UNREADABLE as error:
        raise YamlSyntaxError(_problem(error)) from None


def placed(text: str, seen: Seen, above: int = 0) -> list[Any]:
    """Return what each document holds, as Kubernetes reads it, with lines: Map, Items and Text.

    `above` lines stand before the text in its file; `seen` has what was read of the file before.

    Raises:
        YamlSyntaxError: It is no YAML, or a value in it does not exist.
        YamlError: It is beyond a limit.
    """
    text = _paired(text)
    try:
        _hold_limits(text, seen)
        loader = _AsPlaced(text)
        loader.above = above
        return list(_made(loader))
    except _UNREADABLE as error:
        raise YamlSyntaxError(_problem(error, above)) from None


def _made(loader: _AsPlaced) -> Iterator[Any]:
    try:
        while loader.check_data():
            yield loader.get_data()
    finally:
        loader.dispose()


def _paired(text: str) -> str:
    return _PAIR.sub(lambda found: found[1] + json.loads(f'"{found[2]}"'), text)


def read(path: Path) -> str:
    """Return the text of a file, which may also be a pipe.

    Raises:
        OSError: The file can't be read.
        YamlError: It is too long, or not UTF-8.
    """
    with path.open("rb") as file:
        return decoded(file.read(MOST_BYTES + 1))


def read_regular(path: Path) -> str:
    """Return the text of a file; what could keep a reader waiting is refused.

    Raises:
        OSError: The file can't be read.
        YamlError: It is too long, not UTF-8, or no regular file.
    """
    if path.exists() and not path.is_file():
        raise YamlError(say("it is a folder, a pipe or a device, not a file"))
    return read(path)


def decoded(content: bytes, most: int = MOST_BYTES) -> str:
    """Return bytes as text.

    Raises:
        YamlError: They are more than `most`, or not UTF-8.
    """
    _hold_bytes(len(content), most)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = say("byte {number} is not UTF-8", number=error.start + 1)
        raise YamlSyntaxError(problem) from None


def _problem(error: Exception, above: int = 0) -> str:
    """Return what is wrong, in PyYAML's words or Python's, and in which line."""
    if isinstance(error, (LookupError, AttributeError, TypeError)):
        return say("a value does not match its tag")
    problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
    mark = getattr(error, "problem_mark", None)
    return f"{problem} ({say('line {number}', number=above + mark.line + 1)})" if mark else problem


def _hold_limits(text: str, seen: Seen) -> None:
    _hold_bytes(len(text), seen.limits.size)
    loader = _Loader(text)
    try:
        while loader.check_event():
            seen.take(loader.get_event())
    finally:
        loader.dispose()


def _hold_bytes(count: int, most: int) -> None:
    if count > most:
        raise YamlError(say("it is larger than {most} bytes", most=most))


class Seen:
    """What the events so far amount to, each alias counted as what it stands for."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
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
        self._open, self._anchored = [], {}
        self.documents += 1
        most = self.limits.documents
        if self.documents > most:
            raise YamlError(say("it contains more than {most} documents", most=most))
        self._count(1)

    def _repeat(self, anchor: str | None) -> None:
        if any(anchor == name for name, _ in self._open):
            raise YamlError(say("the anchor {name} contains itself", name=anchor))
        self._count(self._anchored.get(anchor, 1))  # the composer refuses one that is unknown

    def _descend(self, anchor: str | None) -> None:
        self._open.append((anchor, self.nodes))
        if len(self._open) > MOST_DEPTH:
            raise YamlError(say("it is nested more than {most} levels deep", most=MOST_DEPTH))
        self._count(1)

    def _count(self, more: int) -> None:
        self.nodes += more
        most = self.limits.nodes
        if self.nodes > most:
            raise YamlError(
                say("it contains more than {most} values, with aliases expanded", most=most)
            )
