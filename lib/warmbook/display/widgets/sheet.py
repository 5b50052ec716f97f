"""A question with a fixed set of answers, one of which is chosen from a list."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as w

from ...texts import say
from .style import style_of

_LOOK = style_of("wb-sheet")

_LAYOUT = """<style>
.wb-sheet .wb-field .widget-inline-hbox{flex-flow:column nowrap;align-items:stretch}
.wb-sheet .wb-field .widget-label{flex:none;width:auto;text-align:left;font-weight:600}
.wb-sheet .wb-field select{flex:none;width:100%;max-width:none;text-overflow:ellipsis}
</style>"""
# The answers are long: the label stands above the list.


class AnswerSheet(w.VBox):
    """Where the reader chooses what is `asked`; `options` maps each to the text that is shown."""

    def __init__(self, asked: str, options: Mapping[str, str], answer: str = "") -> None:
        listed = [(say("choose one"), ""), *((text, name) for name, text in options.items())]
        known = answer if answer in options else ""
        self.choice = w.Dropdown(
            options=listed, value=known, description=asked, layout=w.Layout(width="100%")
        )
        field = w.Box([self.choice], _dom_classes=("wb-field",))
        super().__init__([w.HTML(_LOOK + _LAYOUT), field])
        self.add_class("wb-sheet")

    @property
    def answer(self) -> str:
        """The name that is chosen, "" as long as none is."""
        return str(self.choice.value)

    def __repr__(self) -> str:
        return f"answer = {self.answer or say('choose one')}"
