"""What a model's class assumes where its config.json is silent: `data/config_defaults.json`.

tools/config_defaults.py reads it from the transformers package of an engine; the workbook itself
has no transformers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from .architectures import ALSO_CALLED, ORDINARY

NESTED = (
    *("thinker_config", "text_config", "llm_config", "language_config", "decoder"),
    "transformer_layer_config",
)
"""Where a config.json of several models keeps the one that writes text, the outermost first."""
_DEEPEST = 3
LONGEST_NAME = 80
"""What is shown of an architecture's name."""


@cache
def _table() -> Mapping[str, Any]:
    folder = resources.files("warmbook").joinpath("data")
    return dict(json.loads(folder.joinpath("config_defaults.json").read_text("utf-8")))


def classes() -> Mapping[str, Mapping[str, Any]]:
    """Return what each class of transformers assumes, by `model_type`."""
    found: Mapping[str, Mapping[str, Any]] = _table()["classes"]
    return found


def encoders() -> frozenset[str]:
    """Return the types of transformers that read text and write none."""
    return frozenset(_table()["encoders"])


def type_of(config: Mapping[str, Any]) -> str:
    """Return the `model_type` of the class that the engine takes, as config.json says if unknown.

    vLLM chooses its class by `architectures`, so a type of one's own does not matter.
    """
    said = _word(config.get("model_type"))
    said = ALSO_CALLED.get(said, said)
    if said in classes():
        return said
    named = config.get("architectures")
    listed = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    known = (_table()["architectures"].get(one) or ORDINARY.get(one) for one in listed)
    return next(filter(None, known), said)


class TextModel:
    """The model in a config.json that writes text, with its class's assumptions below it."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.values = dict(config)
        self.model_type = type_of(config)
        self.odd: dict[str, Any] = {}  # what should be an object, and is none
        for _ in range(_DEEPEST):
            if not (key := self._inner_key()):
                break
            self._enter(key)
        self.assumed: Mapping[str, Any] = classes().get(self.model_type, {})
        self.known = self.model_type in classes() or self.model_type in ORDINARY.values()

    def _inner_key(self) -> str:
        given = [key for key in NESTED if isinstance(self.values.get(key), Mapping)]
        nested = classes().get(self.model_type, {}).get("nested", {})
        return next(iter([*given, *nested]), "")

    def _enter(self, key: str) -> None:
        nested = classes().get(self.model_type, {}).get("nested", {})
        found = self.values.get(key)
        inner = found if isinstance(found, Mapping) else {}
        if found is not None and found is not inner:
            self.odd[key] = found
        fallback = nested.get(key, "" if inner else self.model_type)
        self.model_type = type_of(inner) or fallback
        outer = {k: v for k, v in self.values.items() if k not in NESTED}
        self.values = {**outer, **inner}

    @property
    def name(self) -> str:
        """The model's class in config.json's own words, one short line; "" where none is named."""
        named = self.values.get("architectures")
        first = named[0] if isinstance(named, list) and named else None
        found = _word(first) or _word(self.values.get("model_type"))
        return " ".join(found.split())[:LONGEST_NAME]

    def get(self, *names: str) -> Any:
        """Return the first that config.json has by one of its names, else that its class assumes.

        What config.json sets to null is None, whatever the class assumes.
        """
        mapped = self.assumed.get("names", {})
        every = [one for name in names for one in (name, mapped.get(name, name))]
        if given := [self.values[one] for one in every if one in self.values]:
            return next((value for value in given if value is not None), None)
        return next((self.assumed[name] for name in names if name in self.assumed), None)

    def count(self, *names: str) -> int | None:
        """Return it where it is a whole number above 0."""
        found = self.get(*names)
        return found if type(found) is int and found > 0 else None

    def listed(self, *names: str) -> list[Any]:
        """Return it where it is a list, else an empty one."""
        found = self.get(*names)
        return found if isinstance(found, list) else []

    def inside(self, name: str) -> Mapping[str, Any]:
        """Return it where it is an object, else an empty one."""
        found = self.values.get(name)
        return found if isinstance(found, Mapping) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
