"""Where the time of a cold start went, from what the cluster and the log tell; asks nobody.

Each signal ends a phase. A phase begins where the one before it ended; where signals between
them are missing, the time is called unexplained, but for what the line itself names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...cloud.objects import Object, at, text, time_at
from ...serving.containers import server_status
from . import cluster_phases, log_phases
from .labels import phase_kind, phase_name, source_name, which_answer
from .load_report import Witness, witness
from .phases import FIRST_ANSWER, ORDER, SINCE, UNEXPLAINED, Cut, Phase, Source, Timeline, laid
from .startlog import StartLog

__all__ = ["FIRST_ANSWER", "ORDER", "SINCE", "UNEXPLAINED"]
__all__ += ["Phase", "Source", "Timeline", "Witness"]
__all__ += ["phase_kind", "phase_name", "source_name", "timeline", "which_answer", "witness"]

_OF_CLUSTER = ("image pull", "container start", "ready")
_OF_LOG = ("vLLM imports", "small files", "engine start", "weights streamed", "server up")
"""What every cold start has; not each machine's vLLM tells the others, and eager ones have none."""

_ALIKE = {"vLLM imports": ("SGLang imports",), "weights streamed": ("weights loaded",)}
"""Phases that stand for the first, by another engine or loader."""


def timeline(
    pod: Object | None = None,
    events: Iterable[Object] = (),
    node: Object | None = None,
    log: StartLog | None = None,
    *,
    installer: Object | None = None,
    expected_bytes: int | None = None,
) -> Timeline:
    """Return the cold start of a Pod, or what a log tells of it alone.

    `installer` is the Pod that put the GPU's driver on the node, `expected_bytes` what the
    weights have in the bucket. Nothing is required: what is not told is missing, by name.
    """
    pod, log = pod or {}, log or StartLog()
    cuts = list(cluster_phases.cuts(pod, events, node, installer))
    ready = cluster_phases.condition(pod, "Ready")
    started = max((cut.end for cut in cuts), default=None)
    load, shift = witness(log, expected_bytes), log_phases.shift(log, started, ready)
    begin = time_at(pod, "metadata", "creationTimestamp")
    if begin is None:
        begin = min((cut.end for cut in cuts), default=log.first)
    expected = (*_OF_CLUSTER, *_OF_LOG) if pod else _OF_LOG
    cuts += [replace(cut, end=cut.end + shift) for cut in log_phases.cuts(log, load)]
    if ready:
        cuts.append(Cut("ready", ready, "Kubernetes"))
    names = {cut.name for cut in cuts}
    restarts = at(server_status(pod), "restartCount")
    return Timeline(
        text(at(pod, "metadata", "name")),
        tuple(laid(begin, cuts, "" if pod else "container start")) if begin else (),
        tuple(name for name in expected if not names & {name, *_ALIKE.get(name, ())}),
        load,
        shift.total_seconds(),
        log.clock_offset_s,
        max(log.lives, 1 + (restarts if isinstance(restarts, int) else 0)),
        max((mark.seconds for mark in log.all("loaded") if mark.seconds), default=None),
        log.engine,
    )
