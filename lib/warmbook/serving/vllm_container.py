"""A vLLM container in a manifest that somebody wrote, which may hold anything anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import container_args
from .guide_manifest import GPU

MEMORY_LIMIT = "RUNAI_STREAMER_MEMORY_LIMIT"


@dataclass(frozen=True)
class VllmContainer:
    """A vLLM container: `version` is "" where the image's tag does not tell it."""

    owner: Mapping[str, Any]
    pod: Mapping[str, Any]
    container: Mapping[str, Any]
    version: str

    @property
    def words(self) -> list[Any]:
        """Command and arguments, as they stand."""
        return [*as_list(self.container.get("command")), *as_list(self.container.get("args"))]

    @property
    def image(self) -> str:
        """The image with its tag."""
        return str(self.container.get("image") or "")

    def option(self, name: str) -> str:
        """Return the value of `--name=value` or `--name value`, "" where it is not given."""
        return container_args.option(self.container, name)

    @property
    def gpus(self) -> int:
        """GPUs that the container may use."""
        return as_whole(as_map(as_map(self.container.get("resources")).get("limits")).get(GPU)) or 0

    @property
    def loader_config(self) -> Mapping[str, Any] | None:
        """What the streamer is told by --model-loader-extra-config, None where it is no object."""
        return container_args.loader_config(self.container)

    @property
    def memory_limit(self) -> int:
        """Bytes that the streamer may hold, -1 where nothing is said; vLLM's key goes first."""
        said = container_args.variables(self.container).get(MEMORY_LIMIT)
        limit = (self.loader_config or {}).get("memory_limit", said)
        return int(limit) if re.fullmatch(r"[0-9]{1,18}", str(limit)) else -1

    @property
    def tensor_parallel_size(self) -> int:
        """GPUs that share the model, 1 unless said."""
        return as_whole(self.option("--tensor-parallel-size") or self.option("-tp")) or 1


def as_map(value: object) -> Mapping[str, Any]:
    """Return what stands where a mapping belongs, an empty one where something else does."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return what stands where a list belongs, an empty one where something else does."""
    return value if isinstance(value, list) else []


def as_whole(value: object) -> int | None:
    """Return a whole number of up to five digits, None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
