"""The phases of a cold start, laid one after the other; knows neither Pods nor logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from .load_report import Witness

Source = Literal["Kubernetes", "event", "streamer", "vLLM", "SGLang", "log", "workbook"]

UNEXPLAINED = "unexplained"
FIRST_ANSWER = "first answer"
SINCE = {
    "node asked for": "",
    "node ready": "",
    "driver": "",
    "scheduling": "",
    "Pod set-up": "driver",
    "image pull": "driver",
    "container start": "driver",
    "earlier attempts": "container start",
    "vLLM imports": "container start",
    "SGLang imports": "container start",
    "small files": "vLLM imports",
    "engine start": "vLLM imports",
    "weights streamed": "engine start",
    "weights loaded": "engine start",
    "other loading": "weights streamed",
    "compile": "weights streamed",
    "KV cache": "weights streamed",
    "graph capture": "weights streamed",
    "warm-up": "weights streamed",
    "server up": "weights streamed",
    "ready": "server up",
    FIRST_ANSWER: "ready",
}
"""The phases in order, and for each the first that it may follow without a gap."""

ORDER = {name: place for place, name in enumerate(SINCE)}


@dataclass(frozen=True)
class Phase:
    """A part of the cold start, in seconds from its beginning, and who says so."""

    name: str
    start_s: float
    elapsed_s: float
    source: Source

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.start_s + self.elapsed_s

    @property
    def billed(self) -> bool:
        """Whether the machine was there: before its node is ready, only its boot costs money."""
        return ORDER.get(self.name, ORDER["driver"]) >= ORDER["driver"]

    def cost_usd(self, hourly_usd: float) -> float:
        """Return what the machine cost meanwhile, its GPU idle."""
        return self.elapsed_s * hourly_usd / 3600 if self.billed else 0.0


@dataclass(frozen=True)
class Timeline:
    """A cold start from the Pod's creation, or from the log's first line, to its readiness.

    Where the Pod's first answer is known, it is the last phase. It follows readiness at once:
    how long nobody asked is no part of the start.

    `missing` are the phases that no signal told; `shifted_s` is how far the log was moved
    because its clock can't be the cluster's; `lives` counts the servers that the Pod has seen.
    `loading_s` is what the engine itself counts for loading, the weights and all around them.
    """

    pod: str
    phases: tuple[Phase, ...]
    missing: tuple[str, ...] = ()
    witness: Witness | None = None
    shifted_s: float = 0.0
    clock_offset_s: float | None = None
    lives: int = 1
    loading_s: float | None = None
    engine: str = "vLLM"

    @property
    def total_s(self) -> float:
        """From the beginning to the end of the last phase."""
        return max((phase.end_s for phase in self.phases), default=0.0)

    def answered(self, elapsed_s: float) -> Timeline:
        """Return it with the Pod's first answer, which took `elapsed_s`, as its last phase."""
        last = Phase(FIRST_ANSWER, self.total_s, elapsed_s, "workbook")
        return replace(self, phases=(*self.phases, last))

    @property
    def unexplained(self) -> float:
        """Share of the time that no signal explains, 0 to 1."""
        gaps = sum(phase.elapsed_s for phase in self.phases if phase.name == UNEXPLAINED)
        return gaps / self.total_s if self.total_s else 0.0


@dataclass(frozen=True)
class Cut:
    """The end of a phase; `seconds` is how long it lasted by its own line, if that tells."""

    name: str
    end: datetime
    source: Source
    seconds: float | None = None


def laid(begin: datetime, cuts: Iterable[Cut], after: str = "") -> Iterable[Phase]:
    """Yield the phases between the cuts, which come in order; no moment goes back.

    Where signals are missing before a cut, the time is unexplained, but for what the cut's own
    line names. `after` is the phase that had ended when it all began.
    """
    last, place = begin, ORDER.get(after, -1)

    def phase(name: str, until: datetime, source: Source) -> Phase:
        start_s, elapsed_s = (last - begin).total_seconds(), (until - last).total_seconds()
        return Phase(name, start_s, elapsed_s, source)

    for cut in cuts:
        end = max(last, cut.end)
        if place < ORDER.get(SINCE[cut.name], -1):
            own = end - timedelta(seconds=cut.seconds or 0.0)
            if own > last:
                yield phase(UNEXPLAINED, own, "log")
                last = own
        yield phase(cut.name, end, cut.source)
        last, place = end, ORDER[cut.name]
