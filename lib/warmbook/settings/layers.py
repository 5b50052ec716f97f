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
