"""Which machine types have which GPUs, by the figures of `data/gpus.json`; asks nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def data() -> Mapping[str, Any]:
    """Return `data/gpus.json` as it stands."""
    text = resources.files("warmbook").joinpath("data", "gpus.json").read_text("utf-8")
    return dict(json.loads(text))


def fitting(gpu: str, count: int) -> tuple[str, ...]:
    """Return the machine types with exactly these GPUs, the smallest first."""
    rows = [row for row in data()["machines"] if (row["gpu"], row["gpus"]) == (gpu, count)]
    return tuple(row["name"] for row in sorted(rows, key=lambda row: row["vcpus"] or 0))


def counts(gpu: str) -> tuple[int, ...]:
    """Return how many of a GPU a machine can have, none for an unknown GPU."""
    return tuple(sorted({row["gpus"] for row in data()["machines"] if row["gpu"] == gpu}))


def known(machine_type: str) -> bool:
    """Say whether the figures have the machine type."""
    return any(row["name"] == machine_type for row in data()["machines"])
