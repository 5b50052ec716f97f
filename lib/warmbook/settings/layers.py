"""Where settings come from: the environment, then what is laid over it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .settings import Settings

ENV_PREFIX = "WARMBOOK_"


def merge(
    *layers: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Lay the layers over the environment, later over earlier; empty means "not given"."""
    environ = os.environ if environ is None else environ
    names = {ENV_PREFIX + name.upper(): name for name in Settings.model_fields}
    merged: dict[str, object] = {names[k]: v for k, v in environ.items() if k in names and v}
    for layer in layers:
        merged |= {name: value for name, value in layer.items() if value not in ("", None)}
    return merged


def chosen(*layers: Mapping[str, object]) -> dict[str, object]:
    """Lay the layers over each other without the environment; empty means "not chosen"."""
    return merge(*layers, environ={})


def without_defaults(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values that differ from their setting's default, and names of no setting."""
    fields = Settings.model_fields
    return {
        name: value
        for name, value in values.items()
        if name not in fields or fields[name].is_required() or value != fields[name].default
    }


def held(name: str) -> tuple[str, str]:
    """Return what a setting is where nobody has chosen it, and the variable that says so.

    Both as text; the variable is "" for a default, and both are for a setting without one.
    """
    variable = ENV_PREFIX + name.upper()
    if value := os.environ.get(variable):
        return value, variable
    field = Settings.model_fields[name]
    return "" if field.is_required() else as_text(field.default), ""


def as_text(value: object) -> str:
    """Return a value as it is typed: true and false in small letters, 0.0 as 0."""
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
