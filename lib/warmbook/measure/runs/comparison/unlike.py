"""What makes the figures of one run no measure for another's, and for which figures it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ....terminal import one_line
from ....texts import say
from ...coldstart.startlog import is_whole
from .. import headline
from ..record import flat
from ..schema import QUICK_ENGINE, Record
from .conditions import counted
from .figures import Runs, seconds_of
from .noise import BUSY

_EVERY = ("",)
_COLD_START = ("ready", "first_answer", "phase.", "usd")


@dataclass(frozen=True)
class Unlikeness:
    """Something in which runs may be unlike; `keys` begin the keys of the figures it spoils."""

    keys: tuple[str, ...]
    found: Callable[[Runs], str]
    """Returns a sentence if some of the runs are unlike in it, else nothing."""


def warnings(runs: Runs) -> Iterator[str]:
    """Yield what a reader must know before believing a difference between any of the runs."""
    yield from filter(None, (one.found(runs) for one in _ALL))


def unlike(runs: Runs, key: str) -> str:
    """Return why the runs' figures of that key can't be compared; nothing if they can."""
    fitting = (one for one in _ALL if key.startswith(one.keys))
    return next(filter(None, (one.found(runs) for one in fitting)), "")


def _differ(runs: Runs, value: Callable[[Record], object]) -> bool:
    return len({flat(value(record)) for _, record in runs}) > 1


def _targets(runs: Runs) -> str:
    if not _differ(runs, lambda record: record.target):
        return ""
    return say("Different targets: a rehearsal's rate says nothing about Cloud Storage.")


def _engines(runs: Runs) -> str:
    if not _differ(runs, lambda record: record.engine):
        return ""
    quick = [one_line(name) for name, record in runs if record.engine == QUICK_ENGINE]
    if not quick:
        return say("Different engines, or not every run records its engine.")
    return say(
        "Different engines: {runs} used the rehearsal's quick engine, which does not "
        "compile, keep weights or answer. Compare only the streams.",
        runs=", ".join(quick),
    )


def _models(runs: Runs) -> str:
    models = sorted({headline.model(record) for _, record in runs})
    if len(models) < 2:
        return ""
    return say("Different models: {models}.", models=one_line(", ".join(models)))


def _weights(runs: Runs) -> str:
    sizes = [record.slowest_stream.bytes for _, record in runs if record.slowest_stream]
    if not sizes or is_whole(min(sizes), max(sizes)):
        return ""
    return say("Different weights: the byte counts differ, so compare rates, not seconds.")


def _networks(runs: Runs) -> str:
    if not _differ(runs, lambda record: record.shaped):
        return ""
    return say("Different networks: one rehearsal's network was shaped, or shaped differently.")


def _witnesses(runs: Runs) -> str:
    if len({record.slowest_stream.source for _, record in runs if record.slowest_stream}) < 2:
        return ""
    return say(
        "Different sources: vLLM's load time includes more than the stream that the "
        "streamer's line reports."
    )


def _ways_of_running(runs: Runs) -> str:
    if not _differ(runs, lambda record: record.interactive):
        return ""
    return say(
        "Not the same way of running: where a person ran the cells, a notebook's time adds "
        "up its cells, repeated ones too."
    )


def _nodes(runs: Runs) -> str:
    if not _only_some_have(runs, "node ready"):
        return ""
    return say("Some runs waited for a node, others used an existing one.")


def _restarts(runs: Runs) -> str:
    if not _only_some_have(runs, "earlier attempts"):
        return ""
    return say("In some runs, the container started more than once.")


def _busy(runs: Runs) -> str:
    loads = {one_line(name): record.cpu_load or 0 for name, record in runs if record.rehearsal}
    busy = [name for name, load in loads.items() if load >= BUSY]
    if not busy:
        return ""
    return say(
        "{runs}: the machine was busy (load average up to {load:.1f} per processor). Equal runs "
        "then differ more, so a larger difference counts as chance.",
        runs=counted(busy),
        load=max(loads.values()),
    )


def _only_some_have(runs: Runs, phase: str) -> bool:
    return len({seconds_of(phase)(record) is None for _, record in runs if record.phases}) > 1


_ALL = (
    Unlikeness(_EVERY, _targets),
    Unlikeness(_EVERY, _engines),
    Unlikeness(_EVERY, _networks),
    Unlikeness(("stream.",), _witnesses),
    Unlikeness(_EVERY, _models),
    Unlikeness(_EVERY, _weights),
    Unlikeness(("notebook.",), _ways_of_running),
    Unlikeness(_COLD_START, _nodes),
    Unlikeness(_COLD_START, _restarts),
    Unlikeness((), _busy),
)
