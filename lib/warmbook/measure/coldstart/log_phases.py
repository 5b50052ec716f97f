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
        yield Cut("vLLM imports", imported, "vLLM")
    if files:
        yield Cut("small files", min(files, engine or files), "vLLM")
    yield from _weights(log, witness)
    for name, kind in _ENGINE.items():
        if end := log.at(kind):
            yield Cut(name, end, "vLLM", max(m.seconds or 0.0 for m in log.all(kind)))
    if up := log.at("up", "listening", "healthy"):
        yield Cut("server up", up, "log")


def _weights(log: StartLog, witness: Witness | None) -> Iterator[Cut]:
    """Yield the weights' end, and before it the engine's: processes, imports, the empty model."""
    begun = log.at("load", "engine")
    end = log.at("streamed") if witness and witness.source == "streamer" else None
    # a line without a time of its own stands before the one that tells the loading's end
    end = end or log.at("loaded", "reading")
    if witness is None or end is None:
        if begun:
            yield Cut("engine start", begun, "vLLM")
        return
    streaming = timedelta(seconds=witness.elapsed_s)
    begin = max(filter(None, (begun, end - streaming)))
    if begun:
        yield Cut("engine start", begin, "vLLM")
    yield Cut("weights streamed", begin + streaming, witness.source, witness.elapsed_s)


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
