"""A Pod's log in, what the load took out: text only, no cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = {"Bytes": 1, "Byte": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_STREAMED = re.compile(
    r"\[RunAI Streamer\] Overall time to stream (?P<size>[\d.]+) (?P<unit>\w+) of all files"
    r"(?: to (?P<device>\S+))?: (?P<seconds>[\d.]+)s, (?P<rate>[\d.]+) (?P<rate_unit>\w+)/s"
)
_LOADED = re.compile(
    r"Model loading took (?P<gib>[\d.]+) Gi?B(?: memory)? and (?P<seconds>[\d.]+) seconds"
)


@dataclass(frozen=True)
class Stream:
    """One line of the streamer: `size_bytes` as rounded there, `elapsed_s` in seconds."""

    size_bytes: int
    elapsed_s: float
    device: str


def streams(log: str) -> Iterator[Stream]:
    """Yield each "Overall time to stream" line, in any of its forms, one per rank.

    Source: runai-model-streamer 0.8 to 0.17. From 0.15.0 on the line names the device; up to
    0.15.x it is printed after a failed load too, so compare the size with the bucket's.
    """
    for found in _STREAMED.finditer(_ANSI.sub("", log)):
        if (unit := _UNITS.get(found["unit"])) is None:
            continue
        size_bytes = round(float(found["size"]) * unit)
        yield Stream(size_bytes, float(found["seconds"]), found["device"] or "")


def loading_s(log: str) -> float | None:
    """Return vLLM's own seconds for loading the model, or None where it has not said so yet.

    Source: vLLM 0.11.1 to 0.33.0; the one figure that every loader prints.
    """
    found = _LOADED.findall(_ANSI.sub("", log))
    return float(found[-1][1]) if found else None


def is_whole(streamed_bytes: int, expected_bytes: int) -> bool:
    """Say whether a rounded size of the log can be that of all the weights.

    The log rounds to a tenth of its unit, so 1 % of the size is the tolerance.
    """
    return abs(streamed_bytes - expected_bytes) <= max(64, 0.01 * expected_bytes)
