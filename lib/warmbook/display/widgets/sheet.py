"""A question with a fixed set of answers, one of which is chosen from a list."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as w

from ...texts import say


class AnswerSheet(w.VBox):
    """Where the reader chooses an answer; `options` maps each to the text that is shown."""

    def __init__(self, options: Mapping[str, str], answer: str = "") -> None:
        listed = [(say("choose one"), ""), *((text, name) for name, text in options.items())]
        known = answer if answer in options else ""
        layout = w.Layout(width="100%", max_width="60em")
        self._choice = w.Dropdown(options=listed, value=known, layout=layout)
        super().__init__([self._choice])

    @property
    def answer(self) -> str:
        """The name that is chosen, "" as long as none is."""
        return str(self._choice.value)

    def __repr__(self) -> str:
        return f"answer = {self.answer or say('choose one')}"
