"""What the server itself tells of its start, on the cluster's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from .load_report import Witness
from .phases import Cut
from .startlog import StartLog

_ENGINE = {
    "other loading": "loaded",
    "compile": "compiled",
    "KV cache": "memory",
    "graph capture": "captured",
    "warm-up": "warm",
}


def cuts(log: StartLog, witness: Witness | None) -> Iterator[Cut]:
    """Yield the ends of the phases between the container's start and the server's answer."""
    engine, files = log.at("engine", "load"), log.at("files")
    if imported := log.at("arguments", "version"):
        imports = "SGLang imports" if log.engine == "SGLang" else "vLLM imports"
        yield Cut(imports, imported, log.engine)
    if files:
        yield Cut("small files", min(files, engine or files), log.engine)
    yield from _weights(log, witness)
    for name, kind in _ENGINE.items():
        if end := log.at(kind):
            yield Cut(name, end, log.engine, max(m.seconds or 0.0 for m in log.all(kind)))
    if up := log.at("up", "listening", "healthy"):
        yield Cut("server up", up, "log")


def _weights(log: StartLog, witness: Witness | None) -> Iterator[Cut]:
    """Yield the weights' end, and before it the engine's: processes, imports, the empty model."""
    begun = log.at("load", "engine")
    name = "weights streamed" if log.streamed else "weights loaded"
    elapsed = timedelta(seconds=witness.elapsed_s if witness else 0.0)
    begin = _begin(log, witness, begun, elapsed)
    if begun:
        yield Cut("engine start", begin or begun, log.engine)
    if witness and begin:
        yield Cut(name, begin + elapsed, witness.source, witness.elapsed_s)
    elif witness is None and (end := log.at("loaded")):
        yield Cut(name, end, log.engine)


def _begin(
    log: StartLog, witness: Witness | None, begun: datetime | None, elapsed: timedelta
) -> datetime | None:
    """Return when the weights began to come, None where no time of theirs is told."""
    kinds = {"streamer": ("streamed",), "vLLM": ("read",), "SGLang": ()}
    end = log.at(*kinds[witness.source]) if witness else None
    if end and not (begun and end - elapsed < begun):
        return end - elapsed
    # a line without a time of its own, or with one that is too early, stands before the one that
    # tells the loading's end
    end = log.at("loaded", "reading") or end
    if witness is None or end is None:
        return None
    longest = max((mark.seconds or 0.0 for mark in log.all("loaded")), default=0.0)
    return max(filter(None, (begun, end - max(elapsed, timedelta(seconds=longest)))))


def shift(log: StartLog, started: datetime | None, ready: datetime | None) -> timedelta:
    """Return what brings the log to the cluster's clock: nothing where it fits as it is.

    No server speaks before its container starts, and none comes up after the Pod is ready.
    """
    tolerance = timedelta(seconds=1.5)  # Kubernetes writes whole seconds
    up = log.at("up", "listening", "healthy")
    early = bool(started and log.first and log.first < started - tolerance)
    late = bool(ready and up and up > ready + tolerance)
    if ready and up and (early or late):
        return ready - up
    if started and log.first and early:
        return started - log.first
    return timedelta()
