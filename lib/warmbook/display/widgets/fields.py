"""A setting in the form: its control, which keeps every character, and the lines below it."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import ipywidgets as w

from ...settings import Settings, as_text, held
from ...texts import say
from ..unbroken import unbroken


class Field(w.VBox):
    """One setting: what was chosen, what holds without a choice, what is wrong with it.

    An empty control is no choice: its placeholder, or a list's first line, then says what holds,
    and where that comes from.
    """

    def __init__(self, name: str, chosen: object, offered: tuple[str, ...], missing: str) -> None:
        self.name, self._missing = name, missing
        self.control = _control(name, as_text(chosen), offered)
        self.below = w.HTML(self._lines(""))
        # a class that is added later is one more message for each field
        super().__init__([self.control, self.below], _dom_classes=("wb-field",))

    @property
    def typed(self) -> str:
        """What was chosen, as it was typed; nothing where nothing was."""
        return str(self.control.value).strip()

    def tell(self, reason: str = "", offered: str = "") -> None:
        """Show why the value is refused and what may be meant instead, or what it means."""
        self.below.value = self._lines(reason)
        buttons = [self._button(offered)] if offered else []
        self.children = (self.control, self.below, *buttons)

    def _lines(self, reason: str) -> str:
        line = _line("wb-bad", f"✗ {reason}") if reason else _line("wb-help", meaning(self.name))
        if hidden := self._hidden():
            line += _line("wb-help", hidden)
        if self._missing:
            line += _line("wb-help", f"{say('No suggestions')}: {self._missing}")
        return line

    def _hidden(self) -> str:
        """Return what the environment says otherwise, and has no effect: the choice holds."""
        value, variable = held(self.name)
        if not variable or self.typed in ("", value):
            return ""
        return say(
            "{variable} is {value}; clear this field to use it", variable=variable, value=value
        )

    def _button(self, offered: str) -> w.Button:
        def take(_: w.Button) -> None:
            self.control.value = offered

        text = say("Use {value}", value=offered)
        button = w.Button(description=text, _dom_classes=("wb-offer",))
        button.on_click(take)
        return button


def label(name: str) -> str:
    """Return the setting's name as people say it; the parameter's own name stays readable."""
    words = {
        "uri": "address",
        "gpu": "GPU",
        "id": "ID",
        "vllm": "vLLM",
        "len": "length",
        "sglang": "SGLang",
        "usd": "USD",
    }
    return say(" ".join(words.get(word, word) for word in name.split("_")))


def meaning(name: str) -> str:
    """Return what the setting is, in the reader's language."""
    return say((Settings.model_fields[name].description or "").replace("`", ""))


def unset(name: str) -> str:
    """Return what holds where nothing is chosen, and where it comes from."""
    value, variable = held(name)
    if not value:
        needed = Settings.model_fields[name].is_required()
        return say("still empty: choose one") if needed else say("empty (default)")
    return f"{value} ({variable or say('default')})"


def _line(kind: str, text: str) -> str:
    return f'<div class="wb-below"><span class="{kind}">{unbroken(text)}</span></div>'


def _control(name: str, chosen: str, offered: tuple[str, ...]) -> Any:
    # Every control holds text as it was typed, numbers too: a number field of ipywidgets makes
    # 4 of 4k and 15 of 1,5. Settings say what is right.
    shown: dict[str, Any] = {"description": label(name), "style": {"description_width": "initial"}}
    if options := _options(name):
        known = [chosen] if chosen and chosen not in options else []
        listed = [(unset(name), ""), *((one, one) for one in (*options, *known))]
        return w.Dropdown(options=listed, value=chosen, **shown)
    shown |= {"value": chosen, "placeholder": unset(name), "continuous_update": False}
    if offered:
        return w.Combobox(options=offered, ensure_option=False, **shown)
    return w.Text(**shown)


def _options(name: str) -> tuple[str, ...]:
    """Return all values that a setting can have, none where they are not counted."""
    annotation = Settings.model_fields[name].annotation
    if annotation is bool:
        return "true", "false"
    return tuple(get_args(annotation)) if get_origin(annotation) is Literal else ()
