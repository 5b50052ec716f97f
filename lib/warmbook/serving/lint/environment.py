"""What a container finds: variables, `$(NAME)` in its words, and files of ConfigMaps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .mounted import ConfigMaps, File, files_of
from .shapes import as_list, as_map
from .words import Word, is_open

Variables = dict[str, "str | None"]

_REFERENCE = re.compile(r"\$\$|\$\(([^()\s]+)\)")
_LONGEST = 10_000
"""Characters of a value; variables that name each other grow beyond all bounds."""


@dataclass(frozen=True)
class Environment:
    """Variables by name: None for one whose value the manifest does not tell; files by path."""

    variables: Variables = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    directory: str = "/"

    def file(self, path: str) -> File | None:
        """Return a file that is known, by its path from the working directory."""
        return self.files.get(posixpath.normpath(posixpath.join(self.directory, path)))

    def expand(self, text: str) -> str:
        """Return the text with what is known of `$(NAME)` put in; the rest stays as it is.

        Source: Kubernetes, "Define dependent environment variables" and the API's `command`.
        """
        return _REFERENCE.sub(self._instead, text)[:_LONGEST]

    def word(self, word: Word) -> Word:
        """Return the word with what is known put in."""
        if word.value is not None or "$" not in word.text:
            return word
        text = self.expand(word.text)
        return replace(word, text=text, sure=not is_open(text))

    def _instead(self, found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = self.variables.get(found[1])
        return found[0] if value is None else value


def environment_of(
    spec: Mapping[str, Any], container: Mapping[str, Any], config_maps: ConfigMaps
) -> Environment:
    """Return what a container of a Pod finds; variables of its own `env` go before `envFrom`."""
    variables: Variables = {}
    for source in map(as_map, as_list(container.get("envFrom"))):
        variables.update(_all_of(source, config_maps))
    for one in map(as_map, as_list(container.get("env"))):
        value = _value(one, config_maps)
        known = Environment(variables).expand(value) if value is not None else None
        variables[str(one.get("name"))] = known
    directory = str(container.get("workingDir") or "/")
    return Environment(variables, files_of(spec, container, config_maps), directory)


def _all_of(source: Mapping[str, Any], config_maps: ConfigMaps) -> Iterator[tuple[str, str]]:
    prefix = str(source.get("prefix") or "")
    data = config_maps.get(str(as_map(source.get("configMapRef")).get("name")), {})
    return ((f"{prefix}{name}", str(value)) for name, value in data.items())


def _value(one: Mapping[str, Any], config_maps: ConfigMaps) -> str | None:
    if "valueFrom" not in one:
        return str(one.get("value", "") if one.get("value") is not None else "")
    source = as_map(as_map(one.get("valueFrom")).get("configMapKeyRef"))
    found = config_maps.get(str(source.get("name")), {}).get(str(source.get("key")))
    return None if found is None else str(found)


def config_maps(documents: list[Any]) -> ConfigMaps:
    """Return what each ConfigMap among the objects holds, by its name."""
    maps = (one for one in map(as_map, documents) if one.get("kind") == "ConfigMap")
    named = ((as_map(one.get("metadata")).get("name"), as_map(one.get("data"))) for one in maps)
    return ConfigMaps((str(name), data) for name, data in named)
