"""An estimated load and cold start as bars of HTML: drawn anew in a millisecond, at any width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..model.start_estimate import Assumed, OwnStart, Part, StartEstimate
from ..terminal import printable
from ..texts import say
from ..units import short_duration, size
from .card import escape
from .picture import STYLE
from .unbroken import unbroken

_COLOURS = {
    "node": "grey",
    "image": "amber",
    "engine": "purple",
    "weights": "blue",
    "compile": "green",
    "answer": "ink",
}
_HATCHED = "repeating-linear-gradient(135deg,var(--wb-red) 0 2px,transparent 2px 6px)"
"""What nobody explains, as the other pictures have it."""

STYLE_OF_BARS = (
    "<style>.wb-bars{font:13px/1.5 var(--wb-font);max-width:60em;margin:8px 0}"
    ".wb-bars .wb-row{display:grid;grid-template-columns:minmax(9em,17em) 1fr 5.5em;gap:0 10px;"
    "align-items:center;margin:3px 0}"
    ".wb-bars .wb-track{display:flex;position:relative;height:16px;background:"
    "linear-gradient(var(--wb-grey),var(--wb-grey)) bottom/100% 1px no-repeat}"
    ".wb-bars .wb-track i{height:16px;flex:none;box-sizing:border-box}"
    ".wb-bars .wb-track u{position:absolute;top:-3px;height:22px;border-left:2px dashed "
    "var(--wb-ink)}"
    ".wb-bars .wb-key{display:flex;flex-wrap:wrap;gap:2px 18px;margin:6px 0;padding:0;"
    "list-style:none}"
    ".wb-bars .wb-key i{display:inline-block;width:11px;height:11px;margin-right:6px}"
    ".wb-picture.wb-bars figcaption{margin:12px 0 2px}"
    ".wb-bars .wb-notes{opacity:.8;margin:6px 0 0}</style>"
)


_NOTHING = OwnStart()


@dataclass(frozen=True)
class StartBars:
    """An estimate beside what the reader measured; `remark` is a sentence about the latter."""

    assumed: Assumed
    found: StartEstimate
    own: OwnStart = _NOTHING
    others: OwnStart = _NOTHING
    """The start that the parts beside the weights are of, empty where they are Google's."""
    remark: str = ""

    @property
    def text(self) -> str:
        """The result in words: the picture's alternative, and what is read aloud."""
        load = say(
            "Estimate: {size} of weights load in {time} or more. The limit is {limit}.",
            size=size(self._weight_bytes),
            time=short_duration(self.found.load.least_s),
            limit=self._limit(self.found.load.binds),
        )
        start = say("Estimate of the whole cold start: {time}.", time=self._total())
        return printable("\n".join([load, start, *self._measured()]))

    def _total(self) -> str:
        """Return the whole cold start, with its range where it has one."""
        total = self.found.total
        middle, low, high = map(short_duration, (total.middle_s, total.low_s, total.high_s))
        if low == high:
            return middle
        return say("{time} ({least} to {most})", time=middle, least=low, most=high)

    @property
    def page(self) -> str:
        """The bars with their titles, units and text alternative, as HTML."""
        load = say("Estimate: seconds to load {size}", size=size(self._weight_bytes))
        start = say("Estimate: seconds of the whole cold start")
        return (
            f'{STYLE}{STYLE_OF_BARS}<figure class="wb-picture wb-bars">'
            f'<div role="img" aria-label="{escape(self.text)}">'
            f"<figcaption>{escape(load)}</figcaption>{''.join(self._load_rows())}"
            f"<figcaption>{escape(start)}</figcaption>{''.join(self._start_rows())}"
            f"{_key(self.found.parts, self.own.parts)}</div>"
            f'<p class="wb-notes">{unbroken(self._sources())}</p></figure>'
        )

    @property
    def said(self) -> str:
        """The result in words, as HTML that is read aloud when it changes."""
        first, *others = map(unbroken, self.text.splitlines())
        lines = "<br>".join([f"<b>{first}</b>", *others])
        return f'<div aria-live="polite" style="margin:6px 0">{lines}</div>'

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.page

    @property
    def _weight_bytes(self) -> float:
        return self.assumed.weights_gib * 2**30

    def _limit(self, name: str) -> str:
        return {
            "nic": say("the network ({gbps:g} Gbps)", gbps=self.assumed.nic_gbps),
            "region": say("the region's quota ({gbps:g} Gbps)", gbps=self.assumed.region_gbps),
            "cache": say("initial limit of a zone's cache"),
            "streams": say("parallel reads ({count})", count=self.assumed.streams),
            "pcie": say("PCIe (GPUs: {count})", count=self.assumed.gpus),
        }[name]

    def _load_rows(self) -> Iterator[str]:
        limits, marks = self.found.load.limits, [seconds for _, seconds in self.own.loads]
        whole = max(*limits.values(), *marks, 0.001)
        for name, seconds in sorted(limits.items(), key=lambda limit: -limit[1]):
            colour = "blue" if name == self.found.load.binds else "grey"
            bars = [(seconds, f"var(--wb-{colour})")]
            yield _row(self._limit(name), bars, whole, short_duration(seconds), marks)
        for size_bytes, seconds in self.own.loads:
            told = say("┆ you measured ({size})", size=size(size_bytes))
            yield _row(told, [], whole, short_duration(seconds), [seconds])

    def _start_rows(self) -> Iterator[str]:
        whole = max(self.found.total.middle_s, self.own.total_s, 0.001)
        rows = [(say("estimate"), self.found.parts)]
        rows += [(say("you measured"), self.own.parts)] if self.own.parts else []
        for name, parts in rows:
            bars = [(part.middle_s, _fill(part.name)) for part in parts]
            yield _row(name, bars, whole, short_duration(sum(part.middle_s for part in parts)))

    def _measured(self) -> Iterator[str]:
        if self.own.loads:
            loads = (
                say("{size} in {time}", size=size(size_bytes), time=short_duration(seconds))
                for size_bytes, seconds in self.own.loads
            )
            yield say("You measured a load: {loads}.", loads=", ".join(loads))
        if self.own.parts:
            yield say("You measured a cold start: {time}.", time=short_duration(self.own.total_s))

    def _sources(self) -> str:
        told = say(
            "The load time is the minimum that these limits allow; Google measured up to 35 % "
            "more. A parallel read carries 135 MiB/s at most; the added latency delays each 8 MiB "
            "request."
        )
        if self.assumed.cache:
            told += " " + say(
                "A cache provides 100 Gbps at first and more as it fills; Google measured 33 to 39 "
                "GiB/s with six replicas."
            )
        if self.others.parts:
            told += " " + say("The other parts are your own measurements.")
        else:
            told += " " + say(
                "The other parts are Google's measurements of October 2026 (accelerated-platforms; "
                "vLLM 0.26.0 on Autopilot, H100 and RTX PRO 6000)."
            )
        return f"{told} {self.remark}".strip()


def part_name(name: str) -> str:
    """Return what a reader calls a part of a cold start."""
    return {
        "node": say("node"),
        "image": say("image and container"),
        "engine": say("vLLM until the load"),
        "weights": say("weights"),
        "compile": say("compilation, graphs, warm-up"),
        "answer": say("first response"),
        "unexplained": say("unexplained"),
    }[name]


def _fill(name: str) -> str:
    return f"var(--wb-{_COLOURS[name]})" if name in _COLOURS else _HATCHED


def _row(
    name: str,
    bars: Sequence[tuple[float, str]],
    whole: float,
    told: str,
    marks: Sequence[float] = (),
) -> str:
    drawn = "".join(
        f'<i style="width:{100 * seconds / whole:.2f}%;background:{fill}"></i>'
        for seconds, fill in bars
    )
    drawn += "".join(f'<u style="left:{100 * seconds / whole:.2f}%"></u>' for seconds in marks)
    return (
        f'<div class="wb-row"><span>{escape(name)}</span><span class="wb-track">{drawn}</span>'
        f"<span>{escape(told)}</span></div>"
    )


def _key(parts: Sequence[Part], own: Sequence[Part]) -> str:
    shown = {part.name: part for part in (*own, *parts)}
    entries = "".join(
        f'<li><i style="background:{_fill(name)}"></i>{escape(part_name(name))}: '
        f"{escape(_span(shown[name]))}</li>"
        for name in shown
    )
    return f'<ul class="wb-key">{entries}</ul>'


def _span(part: Part) -> str:
    least, most = short_duration(part.low_s), short_duration(part.high_s)
    return most if least == most else say("{least} to {most}", least=least, most=most)
