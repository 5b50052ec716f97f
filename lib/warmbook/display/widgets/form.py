"""The form: a view of Settings with one control per choice and no rules of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args, get_origin

import ipywidgets as w

from ...cloud import availability
from ...errors import SettingsError
from ...settings import Settings
from ...terminal import printable
from ...texts import marked, say, speak
from ...workbook import Workbook
from ..card import Card, Row, escape

GROUPS: dict[str, tuple[str, ...]] = {
    marked("The model and its place"): ("project_id", "location", "model_uri", "model_source"),
    marked("The cluster"): (
        "mode",
        "cluster_name",
        "gpu",
        "gpu_count",
        "machine_type",
        "gpu_driver",
        "spot",
    ),
    marked("Who may do what"): ("account", "namespace", "service_account", "object_role"),
    marked("The server"): (
        "inference_server",
        "vllm_version",
        "sglang_version",
        "tensor_parallel_size",
        "max_model_len",
        "concurrency",
        "replicas",
    ),
    marked("The cache"): ("zone", "cache_scope", "max_replicas"),
    marked("The comparison"): ("compare_runs", "compare_tunable", "compare_minutes", "compare_usd"),
}

STYLE = """<style>
.warmbook-form{color:var(--jp-ui-font-color1,#1f2328);background:var(--jp-layout-color1,#fff);
  border:1px solid var(--jp-border-color2,#d1d9e0);border-radius:6px;padding:10px 16px;
  max-width:60em;--wb-bad:#c62828;--wb-good:#1b7f3b}
[data-jp-theme-light=false] .warmbook-form{--wb-bad:#ff7b72;--wb-good:#56d364}
.warmbook-form .widget-html,.warmbook-form .widget-html-content{height:auto;line-height:1.4}
.warmbook-form h4{margin:10px 0 2px;font-size:1em}
.warmbook-form .widget-label{color:inherit}
.warmbook-form .wb-help{color:var(--jp-ui-font-color2,#59636e);font-size:90%}
.warmbook-form .wb-bad{color:var(--wb-bad);font-weight:600}
.warmbook-form .wb-good{color:var(--wb-good);font-weight:600}
.warmbook-form input:focus-visible,.warmbook-form select:focus-visible{
  outline:2px solid var(--jp-brand-color1,#0969da)}
[data-jp-theme-light=false] .warmbook-form select{
  color-scheme:dark;appearance:auto;background-image:none}
</style>"""

_LABEL_WIDTH, _WIDTH = "13em", "34em"


class SettingsForm(w.VBox):
    """Edit choices in place; with nobody to edit it, it shows the choices that were given.

    Each valid edit is saved at once, and nothing that another form has changed meanwhile; a wrong
    value is refused beside its field and is not saved. The form does no work: the action is
    always a cell.
    """

    def __init__(
        self, book: Workbook, given: Mapping[str, object], suggestions: availability.Offers
    ) -> None:
        self.book, self.saved = book, False
        self._draft = book.draft(given)
        self._origins = book.origins(given)
        shown = [n for names in GROUPS.values() for n in names if n in given]
        self.controls = {n: _control(n, self._value(n), suggestions.values.get(n)) for n in shown}
        self._beside = {name: w.HTML() for name in shown}
        self._missing = suggestions.missing
        self._message = w.HTML()
        super().__init__([w.HTML(STYLE), *self._rows(), self._message])
        self.add_class("warmbook-form")
        self._unsaved = {name for name, value in given.items() if value not in ("", None)}
        for name, control in self.controls.items():
            control.observe(partial(self._edited, name), "value")
        self._save()

    @classmethod
    def choose(
        cls,
        parameters: Mapping[str, object] | None = None,
        *,
        every: bool = False,
        ask: bool = False,
        **given: object,
    ) -> SettingsForm:
        """Open the workbook's choices, laid over by a notebook's `parameters`, or what is `given`.

        `parameters` are a notebook's globals(): the settings among them are shown, or `every` one.
        With `ask`, the cloud is asked what project, location and model could be.

        Raises:
            SettingsError: workbook.yaml is broken or from a newer warmbook.
        """
        given = {**dict.fromkeys(Settings.model_fields if every else (), ""), **given}
        given |= {n: v for n, v in (parameters or {}).items() if n in Settings.model_fields}
        speak(str(given.get("language") or ""))
        book = Workbook.open()
        draft = book.draft(given)
        if not ask:
            return cls(book, given, availability.Offers())
        wanted = (str(draft.get(n) or _default(n)) for n in ("project_id", "gpu", "mode"))
        return cls(book, given, availability.ask(*wanted))

    @property
    def settings(self) -> Settings:
        """The choices as they are now.

        Raises:
            SettingsError: One of them is wrong; says which, and why.
        """
        return Settings.parse({**self._draft, **self._typed()})

    @property
    def summary(self) -> Summary:
        """Every choice, and where it comes from."""
        origins = {**self._origins}
        for name, control in self.controls.items():
            if control.value != self._value(name):
                origins[name] = say("typed above")
        return Summary(self.settings, origins)

    def _typed(self) -> dict[str, object]:
        return {n: c.value for n, c in self.controls.items() if c.value != "" or n in self._draft}

    def _value(self, name: str) -> object:
        return self._draft.get(name, _default(name))

    def _rows(self) -> list[w.Widget]:
        rows: list[w.Widget] = []
        for title, names in GROUPS.items():
            here = [name for name in names if name in self.controls]
            if here and len(self.controls) > 8:
                rows.append(w.HTML(f"<h4>{escape(say(title))}</h4>"))
            rows += [w.VBox([self.controls[name], self._beside[name]]) for name in here]
        return rows

    def _edited(self, name: str, _: object) -> None:
        self._unsaved.add(name)
        self._save()

    def _save(self) -> None:
        wrong: dict[str, str] = {}
        try:
            self.book.choose(self.settings, self._unsaved)
            self._unsaved.clear()
            self.saved = True
        except SettingsError as error:
            self.saved = False
            wrong = error.fields or {"settings": error.what}
        for name, beside in self._beside.items():
            beside.value = self._line_below(name, wrong.get(name, ""))
        elsewhere = {n: reason for n, reason in wrong.items() if n not in self.controls}
        self._message.value = _verdict(wrong, elsewhere)

    def _line_below(self, name: str, reason: str) -> str:
        line = _line("wb-bad", f"✗ {reason}") if reason else _line("wb-help", _help(name))
        if name in self._missing:
            line += _line("wb-help", f"{say('No suggestions')}: {self._missing[name]}")
        return line

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        chosen = [(name, str(control.value)) for name, control in self.controls.items()]
        rows = "".join(
            f'<tr style="background:none"><td style="text-align:left">{escape(label(name))}</td>'
            f'<td style="text-align:left"><code>{escape(value)}</code></td></tr>'
            for name, value in chosen
        )
        return {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": printable("\n".join(f"{name} = {value}" for name, value in chosen)),
            # what GitHub shows, where no widget runs
            "text/html": f"<table>{rows}</table>",
        }


@dataclass(frozen=True, repr=False)
class Summary(Card):
    """Every choice, and where it comes from."""

    settings: Settings
    origins: Mapping[str, str]

    def title(self) -> str:
        """Return the headline."""
        return say("What you chose")

    def rows(self) -> tuple[Row, ...]:
        """Return a row for each choice."""
        chosen = self.settings.model_dump()
        return tuple(
            Row(name, f"{value if value != '' else '–'}  ({self.origins[name]})")  # noqa: RUF001
            for name, value in chosen.items()
        )


def label(name: str) -> str:
    """Return the setting's name as people say it; the parameter's own name stays readable."""
    words = {
        "uri": "address",
        "gpu": "GPU",
        "id": "ID",
        "vllm": "vLLM",
        "len": "length",
        "sglang": "SGLang",
    }
    return say(" ".join(words.get(word, word) for word in name.split("_")))


def _help(name: str) -> str:
    described = (Settings.model_fields[name].description or "").replace("`", "")
    return say(described)


def _line(kind: str, text: str) -> str:
    indent = f"margin-left:calc({_LABEL_WIDTH} + 8px)"
    return f'<div style="{indent}"><span class="{kind}">{escape(text)}</span></div>'


def _verdict(wrong: Mapping[str, str], elsewhere: Mapping[str, str]) -> str:
    if not wrong:
        return f'<span class="wb-good" role="status">✔ {escape(say("Saved"))}</span>'
    told = "; ".join(f"{name}: {reason}" for name, reason in elsewhere.items())
    return (
        f'<span class="wb-bad" role="alert">✗ {escape(say("Not saved: correct what is marked"))}'
        f"{'. ' + escape(told) if told else ''}</span>"
    )


def _default(name: str) -> Any:
    field = Settings.model_fields[name]
    return "" if field.is_required() else field.default


def _control(name: str, value: Any, suggestions: tuple[str, ...] | None) -> w.DOMWidget:
    annotation = Settings.model_fields[name].annotation
    style = {
        "description": label(name),
        "style": {"description_width": _LABEL_WIDTH},
        "layout": w.Layout(width=f"calc({_LABEL_WIDTH} + {_WIDTH})", max_width="100%"),
    }
    if get_origin(annotation) is Literal:
        options = get_args(annotation)
        return w.Dropdown(options=options, value=value if value in options else options[0], **style)
    if annotation is bool:
        return w.Checkbox(value=str(value).lower() == "true", indent=True, **style)
    if annotation is int and re.fullmatch(r"-?[0-9]{1,15}", str(value)):  # as a browser has them
        return w.IntText(value=int(value), **style)
    if suggestions:
        return w.Combobox(
            value=str(value),
            options=suggestions,
            ensure_option=False,
            continuous_update=False,
            **style,
        )
    return w.Text(value=str(value), continuous_update=False, **style)
