"""Sliders over an estimated load and cold start: they hold what is assumed, and compute nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import ipywidgets as w

from ...model.gpus import Machine
from ...model.start_estimate import Assumed, OwnStart, start_estimate
from ...texts import say
from ..start_bars import StartBars
from .style import STYLE

_WHOLE: dict[str, tuple[int, int, int]] = {
    "gpus": (1, 16, 1),
    "nic_gbps": (1, 400, 1),
    "streams": (1, 256, 1),
    "latency_ms": (0, 200, 5),
    "replicas": (1, 64, 1),
    "region_gbps": (10, 1000, 10),
}
"""The least, the most and the step of each slider of whole numbers; an own value may be more."""

_GIB_STEP = 0.1
_LABEL_WIDTH, _WIDTH = "13em", "28em"

# ipywidgets 8 gives the handle of a slider no name, and an HTML widget no role; Python can set
# neither. A <style> is loaded whenever a picture is drawn, and the sliders may be there later.
_NAMES = """
const box = this.closest('.wb-explorer');
const name = () => {
  box?.querySelectorAll('.widget-slider').forEach(one => {
    const label = one.querySelector('.widget-label')?.textContent;
    one.querySelector('[role=slider]')?.setAttribute('aria-label', label);
    one.querySelector('.widget-readout')?.setAttribute('aria-label', label);
    one.querySelector('.widget-readout')?.setAttribute('role', 'textbox');
  });
  box?.querySelector('.wb-said')?.setAttribute('aria-live', 'polite');
};
[0, 300, 1500].forEach(ms => setTimeout(name, ms));
"""
_NAMED = f'<style onload="{_NAMES}"> </style>'

_LAYOUT = """<style>
.wb-explorer .noUi-handle{border-color:var(--jp-ui-font-color2,#59636e)}
.wb-explorer .noUi-handle:focus-visible{outline:2px solid var(--jp-brand-color1,#0969da)}
.wb-explorer .wb-sliders{display:flex;flex-flow:row wrap;gap:0 24px}
</style>"""


class Explorer(w.VBox):
    """An estimate that follows its sliders; headless it shows that of the values it began with.

    `own` is what the reader measured, marked in the picture; its parts beside the weights take
    the place of Google's until the reader chooses otherwise.
    """

    def __init__(
        self, start: Assumed, on: Machine, own: OwnStart | None = None, remark: str = ""
    ) -> None:
        self._on, self._own, self._remark = on, own or OwnStart(), remark
        self.controls = {name: _control(name, value) for name, value in asdict(start).items()}
        self.phases = _phases() if self._own.others else None
        controls = [*self.controls.values(), *([self.phases] if self.phases else [])]
        self._drawn, self._said = w.HTML(), w.HTML()
        self._said.add_class("wb-said")
        sliders = w.Box(controls)
        sliders.add_class("wb-sliders")
        super().__init__([w.HTML(STYLE + _LAYOUT), sliders, self._said, self._drawn])
        for name in ("warmbook-form", "wb-explorer"):
            self.add_class(name)
        for control in controls:
            control.observe(self._redraw, "value")
        self._redraw()

    @property
    def assumed(self) -> Assumed:
        """What the sliders stand at."""
        return Assumed(**{name: control.value for name, control in self.controls.items()})

    @property
    def bars(self) -> StartBars:
        """The estimate for that."""
        others = OwnStart() if self.phases is None or self.phases.value == "google" else self._own
        assumed = self.assumed
        found = start_estimate(assumed, self._on, others.others)
        return StartBars(assumed, found, self._own, others, self._remark)

    def _redraw(self, _: object = None) -> None:
        bars = self.bars
        self._said.value = bars.said
        self._drawn.value = bars.page + _NAMED

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bars = self.bars
        return {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": bars.text,
            # what GitHub shows, where no widget runs
            "text/html": bars.said + bars.page,
        }


def _label(name: str) -> str:
    return {
        "weights_gib": say("weights (GiB)"),
        "gpus": say("GPUs"),
        "nic_gbps": say("network (Gbps)"),
        "streams": say("parallel reads"),
        "latency_ms": say("added latency (ms)"),
        "replicas": say("replicas at once"),
        "region_gbps": say("region's quota (Gbps)"),
        "cache": say("cache in the zone"),
    }[name]


def _control(name: str, value: Any) -> w.DOMWidget:
    look = {"description": _label(name), **_look()}
    if isinstance(value, bool):
        return w.Checkbox(value=value, indent=True, **look)
    if name not in _WHOLE:
        # the front end moves a value to the nearest step from the least: this is one
        least = value % _GIB_STEP or _GIB_STEP
        most = max(200.0, 2 * value)
        return w.FloatSlider(value=value, min=least, max=most, step=_GIB_STEP, **look)
    least, most, each = _WHOLE[name]
    return w.IntSlider(
        value=round(value), min=least, max=max(most, round(value)), step=each, **look
    )


def _phases() -> w.Dropdown:
    options = [(say("as you measured them"), "own"), (say("as Google measured them"), "google")]
    return w.Dropdown(options=options, description=say("other parts"), **_look())


def _look() -> dict[str, Any]:
    width = w.Layout(width=f"calc({_LABEL_WIDTH} + {_WIDTH})", max_width="100%")
    return {"style": {"description_width": _LABEL_WIDTH}, "layout": width}
