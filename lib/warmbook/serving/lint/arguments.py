"""Arguments as a server's argparse reads them: names, values, and the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import vllm_releases
from .images import DYNAMO, KSERVE, SGLANG
from .words import Word

_SHORT = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-q": "--quantization",
    "-n": "--nnodes",
    "-r": "--node-rank",
}
"""Source: vLLM, engine/arg_utils.py."""
_SGLANG = {
    "--model": "--model-path",
    "--tp": "--tensor-parallel-size",
    "--tp-size": "--tensor-parallel-size",
    "--pp-size": "--pipeline-parallel-size",
    "--dp": "--data-parallel-size",
    "--dp-size": "--data-parallel-size",
}
"""Source: SGLang, srt/server_args.py."""
_MODEL = {SGLANG: "--model-path", KSERVE: "--model-id"}
_NUMBER = re.compile(r"-\d+(\.\d*)?|-\.\d+")
_NEWEST = vllm_releases.covered()[-1]


@dataclass(frozen=True)
class Option:
    """An option as it was given: its full name, nested keys after dots, and its value."""

    name: str
    keys: tuple[str, ...]
    word: Word
    value: Word | None


@dataclass(frozen=True)
class Arguments:
    """What a server is told; `open_ended` where it may be told more than stands there."""

    words: list[Word]
    options: list[Option] = field(default_factory=list)
    plain: list[Word] = field(default_factory=list)
    open_ended: bool = False
    model: Word | None = None

    def option(self, name: str) -> Option | None:
        """Return an option as it was last given, None where it is not."""
        given = (one for one in reversed(self.options) if one.name == name and not one.keys)
        return next(given, None)

    def value(self, name: str) -> Word | None:
        """Return the value of an option, None where it is not given."""
        found = self.option(name)
        return found.value if found else None

    def nested(self, name: str) -> list[Option]:
        """Return what is given of an option by its keys, as in `--name.key=value`."""
        return [one for one in self.options if one.name == name and one.keys]


def parse(words: list[Word], engine: str, version: str, *, serves: bool) -> Arguments:
    """Return what words tell a server."""
    reader = _Reader(words, engine, version)
    options, plain = reader.read()
    model = _model(options, plain, engine, serves=serves)
    more = any(word.many for word in words) or any(one.name == "--config" for one in options)
    return Arguments(words, options, plain, more, model)


def loader_config(arguments: Arguments) -> Mapping[str, Any] | None:
    """Return what --model-loader-extra-config tells the loader, None where it is no object.

    Values of nested keys are read as JSON, else as text. Source: vLLM, utils/argparse_utils.py.
    """
    name = "--model-loader-extra-config"
    given = arguments.value(name)
    found = _json(given.text) if given else {}
    if not isinstance(found, dict):
        return None
    nested = {one.keys[0]: _json(one.value.text) for one in arguments.nested(name) if one.value}
    return {**found, **nested}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _model(options: list[Option], plain: list[Word], engine: str, *, serves: bool) -> Word | None:
    name = _MODEL.get(engine, "--model")
    names = (name, "--model-dir") if engine == KSERVE else (name,)
    given = [one.value for one in options if one.name in names and not one.keys and one.value]
    if given:
        return given[-1]
    return plain[0] if plain and serves else None


class _Reader:
    """Reads words from left to right, as argparse does."""

    def __init__(self, words: list[Word], engine: str, version: str) -> None:
        self._words, self._engine = words, engine
        self._release = version if vllm_releases.flags(version) else _NEWEST

    def read(self) -> tuple[list[Option], list[Word]]:
        options: list[Option] = []
        plain: list[Word] = []
        rest = iter(range(len(self._words)))
        for at in rest:
            word = self._words[at]
            if not self._is_option(word):
                plain.append(word)
                continue
            option = self._option(word, at)
            options.append(option)
            if option.value is not None and "=" not in word.text:
                next(rest, None)
        return options, plain

    def _is_option(self, word: Word) -> bool:
        text = word.text
        return text.startswith("-") and len(text) > 1 and not _NUMBER.fullmatch(text)

    def _option(self, word: Word, at: int) -> Option:
        given, equals, value = word.text.partition("=")
        base, *keys = given.split(".")
        name = self._full(base)
        if equals:
            return Option(name, tuple(keys), word, Word(value, word.line, word.sure))
        following = self._words[at + 1] if at + 1 < len(self._words) else None
        takes = following and not self._is_option(following) and not self._is_switch(name)
        return Option(name, tuple(keys), word, following if takes else None)

    def _full(self, base: str) -> str:
        """Return an option's whole name: `_` counts as `-`, and a beginning is enough."""
        if not base.startswith("--"):
            return _SHORT.get(base, base)
        name = base.replace("_", "-")
        if self._engine == SGLANG:
            return _SGLANG.get(name, name)
        if self._engine in (KSERVE, DYNAMO):
            return name
        return vllm_releases.completed(self._release, name)

    def _is_switch(self, name: str) -> bool:
        return vllm_releases.is_switch(self._release, name)
