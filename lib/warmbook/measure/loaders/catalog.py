"""Loaders side by side: which there are, what several runs of each say, and what they don't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import comb
from statistics import median
from typing import Any

from ...settings import Settings

STREAMER, DOWNLOAD, FUSE = "streamer", "download", "fuse"
FUSE_FOLDER = "/gcs"
"""Where the bucket is mounted in the Pod."""

LEAST_RUNS = 4
"""Runs of each, beside the first, below which nothing is recommended."""


@dataclass(frozen=True)
class Loader:
    """One way to bring the weights into vLLM; without a `load_format`, the streamer alone.

    `downloads` copies the files to the node's disk first; `folder` reads them from there
    instead of the bucket; `needs` is a Python package that not every image has; `converts` has
    the model written anew for it before the first run; `answers` says in how many runs it
    answers the prompts too.
    """

    name: str
    load_format: str
    config: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    downloads: bool = False
    folder: str = ""
    needs: str = ""
    converts: bool = False
    answers: int = 1

    def plan(self) -> dict[str, Any]:
        """Return the loader as the Pod's script wants it."""
        return asdict(self)


def loaders(settings: Settings, *, mounts: bool) -> tuple[Loader, ...]:
    """Return the loaders that can be compared: the reference first.

    The reference is vLLM's default loader after a download. It answers twice, to see whether
    this machine repeats itself. `mounts`: whether Pods can mount the bucket. One GPU has nothing
    to distribute; tensorizer wants a file for each GPU, and is compared with one only.
    Source: vLLM, "Loading models with Run:ai Model Streamer", "Loading models with CoreWeave's
    Tensorizer".
    """
    listed = [
        Loader(DOWNLOAD, "safetensors", downloads=True, answers=2),
        Loader(STREAMER, "runai_streamer"),
    ]
    if settings.tensor_parallel_size > 1:
        listed.append(Loader("distributed", "runai_streamer", {"distributed": True}))
    if mounts:
        folder = f"{FUSE_FOLDER}/{settings.model_path}"
        listed.append(Loader(FUSE, "safetensors", folder=folder))
    fast, tensorizer = "fastsafetensors", "tensorizer"
    listed.append(Loader(fast, fast, downloads=True, needs=fast))
    if settings.tensor_parallel_size == 1:
        listed.append(
            Loader(tensorizer, tensorizer, downloads=True, needs=tensorizer, converts=True)
        )
    return tuple(listed)


@dataclass(frozen=True)
class Tunable:
    """A variable of the streamer; `values` are what is tried, by the name that is shown.

    They stand in the order of what they cost: the first that no other clearly beats is enough.
    """

    variable: str
    values: Mapping[str, str]
    in_rehearsal: bool = True

    def loaders(self, names: Sequence[str] = ()) -> tuple[Loader, ...]:
        """Return the streamer alone, once for each value, or for those that are named."""
        return tuple(
            Loader(name, "", environ={self.variable: self.values[name]}, answers=0)
            for name in names or self.values
        )


TUNABLES: Mapping[str, Tunable] = {
    "concurrency": Tunable(
        "RUNAI_STREAMER_CONCURRENCY", {str(n): str(n) for n in (1, 4, 8, 16, 32)}
    ),
    "chunk": Tunable(
        "RUNAI_STREAMER_CHUNK_BYTESIZE", {f"{n} MiB": str(n * 2**20) for n in (5, 8, 16, 32)}
    ),
    "memory_limit": Tunable(
        "RUNAI_STREAMER_MEMORY_LIMIT",
        {"0": "0", **{f"{n} GiB": str(n * 2**30) for n in (1, 4, 16)}, "40 GB": str(40 * 10**9)},
    ),
    "grpc": Tunable("RUNAI_STREAMER_GCS_USE_GRPC", {"HTTP": "0", "gRPC": "1"}, in_rehearsal=False),
}
"""What can be tuned of the streamer alone: its own values are among them, 8 readers, chunks of
8 MiB, at most 40 GB, HTTP. Source: streamer 0.17.0, docs/src/env-vars.md; gRPC since 0.15.9."""


@dataclass(frozen=True)
class Runs:
    """The seconds of a loader's runs in order; the first is apart, for it finds nothing warm."""

    name: str
    seconds: tuple[float, ...]

    @property
    def rounded(self) -> tuple[float, ...]:
        """The seconds to the millisecond, for the run record."""
        return tuple(round(one, 3) for one in self.seconds)

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
        """Say whether each run of this one was faster than each of the other; see `odds`."""
        return enough((self, other)) and self.most_s < other.least_s

    def odds(self, other: Runs) -> int:
        """Return once in how many comparisons chance alone puts all these runs before the other's.

        That is if neither is faster, so that each order of the runs is as likely: 70 with four
        runs of each, 20 with three, 6 with two.
        """
        return comb(len(self.later) + len(other.later), len(self.later))


def enough(runs: Sequence[Runs]) -> bool:
    """Say whether there are enough runs of each to tell a difference from chance."""
    return min(len(one.later) for one in runs) >= LEAST_RUNS


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
