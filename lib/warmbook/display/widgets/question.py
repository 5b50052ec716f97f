"""A question with its control and a button that commits the answer; committed, it is locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as w

from ...errors import WarmbookError
from ...terminal import printable
from ...texts import say
from ..card import escape
from ..unbroken import unbroken
from . import front_end
from .style import style_of

_LOOK = style_of("wb-questions")

_LAYOUT = """<style>
.wb-questions .wb-question{margin:6px 0 10px;overflow:visible}
.wb-questions .wb-asked{font-weight:600}
.wb-questions .wb-answer{flex-flow:row wrap;align-items:center;gap:4px 10px;overflow:visible}
.wb-questions .wb-answer :is(.widget-text,.widget-textarea,.widget-radio){
  width:auto;height:auto;margin:2px 0}
.wb-questions .wb-answer .widget-text input{width:9em}
.wb-questions .wb-answer .widget-textarea{flex:1 1 24em}
.wb-questions .wb-answer .widget-radio{flex:1 0 100%}
.wb-questions .wb-answer .widget-radio-box label{height:auto;line-height:1.4;white-space:normal;
  color:inherit}
.wb-questions .wb-answer .widget-label{position:absolute;width:1px;height:1px;overflow:hidden;
  clip-path:inset(50%)}
.wb-questions .wb-question .wb-answer :is(input,textarea):disabled{opacity:1;color:inherit}
.wb-questions textarea:focus-visible{outline:2px solid var(--jp-brand-color1,#0969da)}
</style>"""
# The question stands above its control, across the whole width; the control's own label, for
# screen readers, is not shown a second time.

Take = Callable[[str], str]
"""Takes an answer as it was typed and returns it as it is shown from then on.

Raises a WarmbookError where it can't be taken.
"""


@dataclass(frozen=True)
class Asked:
    """A question: a number in a `unit`, one of `options` (value to label), or a `free` text."""

    asks: str
    unit: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    free: bool = False
    by_hand: str = ""
    """The call that answers it where no widget is shown."""

    def __str__(self) -> str:
        listed = (f"  {value}: {label}" for value, label in self.options.items())
        return "\n".join((self.asks, *listed, f"  {self.by_hand}"))


class QuestionBox(w.VBox):
    """One question, its control and its button."""

    def __init__(self, asked: Asked, take: Take) -> None:
        self.asked, self._take = asked, take
        self.control = _control(asked)
        self.button = w.Button(
            description=say("Commit"), button_style="primary", tooltip=asked.asks
        )
        unit = [w.HTML(escape(asked.unit))] if asked.unit else []
        row = w.Box([self.control, *unit, self.button], _dom_classes=("wb-answer",))
        self.below = w.HTML()
        title = w.HTML(f'<span class="wb-asked">{unbroken(asked.asks)}</span>')
        super().__init__([title, row, self.below], _dom_classes=("wb-question",))
        self.button.on_click(self._press)

    def lock(self, answer: str, shown: str) -> None:
        """Let the control hold a committed answer, which nobody can change any more."""
        if not self.asked.options or answer in self.asked.options:
            self.control.value = answer
        self.control.disabled = self.button.disabled = True
        self.button.layout.display = "none"
        told = unbroken(say("Committed: {answer}", answer=shown))
        self.below.value = f'<span class="wb-good" role="status">✔ {told}</span>'

    def _press(self, _: object) -> None:
        typed = self.control.value or ""
        try:
            self.lock(typed, self._take(typed))
        except WarmbookError as error:
            told = escape(f"{error.what} {error.remedy}".strip())
            self.below.value = f'<span class="wb-bad" role="alert">✗ {told}</span>'


class Questions(w.VBox):
    """Some questions below what `head` and `html` say; as text, it says how to answer them."""

    def __init__(self, head: str, html: str, boxes: Sequence[QuestionBox]) -> None:
        asked = [str(box.asked) for box in boxes]
        instead = say("In a front end without widgets, answer in a new cell:")
        self._text = "\n".join((head, instead, *asked))
        listed = "".join(f"<pre>{escape(one)}</pre>" for one in asked)
        self._html = f"{html}<div>{escape(instead)}</div>{listed}"
        self.boxes = tuple(boxes)
        super().__init__([w.HTML(_LOOK + _LAYOUT + html), *boxes])
        self.add_class("wb-questions")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": printable(self._text),
            "text/html": self._html,
        }
        if front_end.too_old():
            bundle.pop(front_end.VIEW, None)
        return bundle


def _control(asked: Asked) -> w.DOMWidget:
    # a text field for numbers too: it keeps what was typed, and 1,5 can be refused in words
    if asked.options:
        listed = [(label, value) for value, label in asked.options.items()]
        return w.RadioButtons(options=listed, value=None, description=asked.asks)
    if asked.free:
        return w.Textarea(rows=4, description=asked.asks)
    return w.Text(description=asked.asks)
