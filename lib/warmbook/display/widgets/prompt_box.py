"""A box for prompts: text, temperature, most tokens, a button; what sends them is given to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as w

from ...errors import WarmbookError
from ...texts import say
from ..card import Card, Row, escape
from .style import STYLE

EACH_S = 0.05
"""How often the text is shown while it comes, in seconds."""

_LABEL_WIDTH = "13em"


Show = Callable[[str], None]
"""Takes the text as far as it has come."""

Send = Callable[[Mapping[str, str], Show], Card]
"""Sends a prompt by its `question`, `temperature` and `max_tokens`; returns the reply's card."""


@dataclass(frozen=True, repr=False)
class Failed(Card):
    """Why a prompt has no answer, and what to do."""

    error: WarmbookError

    def title(self) -> str:
        """Return the headline."""
        return self.error.what

    def rows(self) -> Sequence[Row]:
        """Return the remedy."""
        return (Row(say("remedy"), self.error.remedy, "error"),)


class PromptBox(w.VBox):
    """Prompts and the latest reply; the first is sent at once, so that headless shows it too.

    The button works in its callback: the kernel is busy meanwhile, and interrupting it ends the
    answer. A failure of the first prompt is raised, one of a later prompt is shown as a card.
    """

    def __init__(self, send: Send, question: str, temperature: str, max_tokens: str) -> None:
        self._ask_model = send
        self.fields: dict[str, w.DOMWidget] = {
            "question": w.Textarea(value=question, rows=3, **_look(say("prompt"), "44em")),
            "temperature": w.Text(value=temperature, **_look(say("temperature"), "20em")),
            "max_tokens": w.Text(value=max_tokens, **_look(say("max tokens"), "20em")),
        }
        self.button = w.Button(description=say("Send"), button_style="primary")
        self.button.layout.margin = f"4px 0 8px calc({_LABEL_WIDTH} + 8px)"
        self._shown, self._shown_at = w.HTML(), 0.0
        super().__init__([w.HTML(STYLE), *self.fields.values(), self.button, self._shown])
        self.add_class("warmbook-form")
        self.button.on_click(self._press)
        self.card = self._ask()
        self._show_card()

    @property
    def asked(self) -> dict[str, str]:
        """What stands in the fields."""
        return {name: str(field.value) for name, field in self.fields.items()}

    def _ask(self) -> Card:
        return self._ask_model(self.asked, self._show)

    def _press(self, _: object) -> None:
        self.button.disabled = True
        self._shown.value = f'<p role="status">{escape(say("The model is answering …"))}</p>'
        try:
            self.card = self._ask()
        except WarmbookError as error:
            self.card = Failed(error)
        except BaseException:  # the kernel's log has it; an older reply would hide it
            self._shown.value = ""
            raise
        finally:
            self.button.disabled = False
        self._show_card()

    def _show(self, text: str) -> None:
        if (now := time.monotonic()) - self._shown_at >= EACH_S:
            self._shown_at = now
            self._shown.value = f'<p style="white-space:pre-wrap">{escape(text)}</p>'

    def _show_card(self) -> None:
        self._shown.value = f'<div role="status">{self.card._repr_html_()}</div>'

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": repr(self.card),
            # what GitHub shows, where no widget runs
            "text/html": self.card._repr_html_(),
        }


def _look(label: str, width: str) -> dict[str, Any]:
    layout = w.Layout(width=width, max_width="100%")
    return {"description": label, "style": {"description_width": _LABEL_WIDTH}, "layout": layout}
