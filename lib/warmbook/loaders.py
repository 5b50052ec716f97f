"""Loaders side by side: which there are, what several runs of each say, and what they don't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from .settings import Settings

STREAMER, DOWNLOAD, FUSE = "streamer", "download", "fuse"
FUSE_FOLDER = "/gcs"
"""Where the bucket is mounted in the Pod."""

LEAST_RUNS = 4
"""Runs of each, beside the first, below which nothing is recommended."""


@dataclass(frozen=True)
class Loader:
    """One way to bring the weights into vLLM; without a `load_format`, the streamer alone.

    `downloads` copies the files to the node's disk first; `folder` reads them from there
    instead of the bucket; `needs` is a Python package that not every image has; `answers` says
    in how many runs it answers the prompts too.
    """

    name: str
    load_format: str
    config: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    downloads: bool = False
    folder: str = ""
    needs: str = ""
    answers: int = 1

    def plan(self) -> dict[str, Any]:
        """Return the loader as the Pod's script wants it."""
        return asdict(self)


def loaders(settings: Settings, *, rehearsal: bool) -> tuple[Loader, ...]:
    """Return the loaders that can be compared: the reference first.

    The reference is vLLM's default loader after a download. It answers twice, to see whether
    this machine repeats itself. A rehearsal has no Cloud Storage FUSE, and one GPU has nothing
    to distribute. Source: vLLM, "Loading models with Run:ai Model Streamer".
    """
    found = [
        Loader(DOWNLOAD, "safetensors", downloads=True, answers=2),
        Loader(STREAMER, "runai_streamer"),
    ]
    if settings.tensor_parallel_size > 1:
        found.append(Loader("distributed", "runai_streamer", {"distributed": True}))
    if not rehearsal:
        folder = f"{FUSE_FOLDER}/{settings.model_path}"
        found.append(Loader(FUSE, "safetensors", folder=folder))
    found.append(
        Loader("fastsafetensors", "fastsafetensors", downloads=True, needs="fastsafetensors")
    )
    return tuple(found)


def concurrencies(values: Sequence[int]) -> tuple[Loader, ...]:
    """Return the streamer alone, once for each number of readers."""
    return tuple(
        Loader(str(one), "", environ={"RUNAI_STREAMER_CONCURRENCY": str(one)}, answers=0)
        for one in values
    )


@dataclass(frozen=True)
class Runs:
    """The seconds of a loader's runs in order; the first is apart, for it finds nothing warm."""

    name: str
    seconds: tuple[float, ...]

    @property
    def first_s(self) -> float:
        """The first run."""
        return self.seconds[0]

    @property
    def later(self) -> tuple[float, ...]:
        """The runs that are compared: all but the first, if there are others."""
        return self.seconds[1:] or self.seconds

    @property
    def median_s(self) -> float:
        """Median of the runs that are compared."""
        return median(self.later)

    @property
    def least_s(self) -> float:
        """The fastest of them."""
        return min(self.later)

    @property
    def most_s(self) -> float:
        """The slowest of them."""
        return max(self.later)

    def clearly_faster_than(self, other: Runs) -> bool:
        """Say whether each run of this one was faster than each of the other.

        With four runs of each, chance alone does that once in 70 times.
        """
        enough = min(len(self.later), len(other.later)) >= LEAST_RUNS
        return enough and self.most_s < other.least_s


def fastest(runs: Sequence[Runs]) -> Runs:
    """Return the loader with the least median."""
    return min(runs, key=lambda one: one.median_s)


def recommended(runs: Sequence[Runs]) -> Runs | None:
    """Return the loader that is clearly faster than every other, None where chance may decide."""
    best = fastest(runs)
    others = [one for one in runs if one is not best]
    return best if others and all(map(best.clearly_faster_than, others)) else None


def knee(runs: Sequence[Runs]) -> Runs | None:
    """Return the first that the fastest is not clearly faster than; `runs` are in rising order.

    None where there are too few runs to tell.
    """
    best = fastest(runs)
    if len(best.later) < LEAST_RUNS:
        return None
    return next(one for one in runs if not best.clearly_faster_than(one))
