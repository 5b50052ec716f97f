"""What the notebooks measured, by the keys of the record; workbook.yaml keeps it until then."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from .schema import SCHEMA, Record

Section = Mapping[str, Any]

NOTHING: dict[str, Any] = {
    "engine": "",
    "streams": [],
    "phases": [],
    "cost": None,
    "question": "",
    "answer": "",
    "answered": None,
    "declined": "",
    "created": [],
    "left": None,
    "perhaps": [],
    "parity": None,
    "comparison": None,
    "replicas": None,
    "cache_hits": [],
    "served": None,
}
"""These keys of a record in which nothing was measured."""


def _some(*names: str) -> Callable[[Section], dict[str, Any]]:
    return lambda told: {name: told.get(name, NOTHING[name]) for name in names}


_KEYS: dict[str, Callable[[Section], dict[str, Any]]] = {
    "versions": _some("engine"),
    "stream": lambda told: {"streams": told.get("loads", [])},
    "phases": _some("phases", "cost"),
    "answer": _some("question", "answer", "answered", "declined"),
    "cleanup": _some("created", "left", "perhaps"),
    "parity": lambda told: {"parity": told or None},
    "comparison": lambda told: {"comparison": told},
    "replicas": lambda told: {"replicas": told},
    "cache_hits": lambda told: {"cache_hits": told.get("zones", [])},
    "served": lambda told: {"served": told.get("outcome")},
}
"""What each measurement of workbook.yaml becomes in a record."""


def keys(measured: Mapping[str, Section]) -> dict[str, Any]:
    """Return the keys of a record that these measurements tell, and no others."""
    told = (of(_section(measured, name)) for name, of in _KEYS.items() if name in measured)
    return {name: value for part in told for name, value in part.items()}


def packages(measured: Mapping[str, Section]) -> dict[str, str]:
    """Return the versions that the Pod told."""
    return _section(measured, "versions").get("packages", {})


def _section(measured: Mapping[str, Any], name: str) -> Section:
    found = measured.get(name)
    return found if isinstance(found, Mapping) else {}


def unfit(told: Mapping[str, Any]) -> list[str]:
    """Return which of these keys of a record do not hold what the schema says.

    Somebody may have changed workbook.yaml, or another version wrote it.
    """
    try:
        checked({**_BARE, **told})
    except ValidationError as error:
        return sorted({str(one["loc"][0]) for one in error.errors()})
    return []


def checked(told: Mapping[str, Any]) -> Record:
    """Return the record by the rules of JSON, where a list stands for a tuple.

    Raises:
        ValidationError: It is not what the schema says.
    """
    return Record.model_validate_json(json.dumps(told))


_BARE = {"schema": SCHEMA, "target": "", "settings": {}, "versions": {}, "notebooks": [], **NOTHING}
