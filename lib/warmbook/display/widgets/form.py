"""The form: a view of Settings with one control per setting and no rules of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import ipywidgets as w

from ...cloud import availability
from ...errors import SettingsError
from ...settings import Settings, chosen, merge
from ...terminal import printable
from ...texts import say, speak
from ...workbook import Workbook, unchosen
from ..card import escape
from . import front_end
from .fields import Field, label, unset
from .style import STYLE
from .summary import Summary
from .topics import GROUPS, IN_ORDER, Topic, arranged

__all__ = ["GROUPS", "SettingsForm", "label"]


class SettingsForm(w.VBox):
    """Edit choices in place; with nobody to edit it, it shows the choices that were given.

    Each valid edit is saved at once, and nothing else: no default, nothing of the environment,
    nothing that another form has changed meanwhile. A wrong value is refused beside its field and
    is not saved. The form does no work: the action is always a cell.
    """

    def __init__(
        self,
        book: Workbook,
        given: Mapping[str, object],
        suggestions: availability.Offers,
        *,
        every: bool = False,
    ) -> None:
        self.book, self.saved = book, False
        self._origins = book.origins(given)
        self._opened = chosen(book.saved(), given)
        # each notebook names its own language: that is nobody's choice
        self._language = chosen({"language": self._opened.get("language")})
        self._chosen = {n: v for n, v in self._opened.items() if n != "language"}
        self._unsaved = set(chosen(given)) - {"language"}
        shown = [name for name in IN_ORDER if every or name in given]
        self._fields = {name: self._field(name, suggestions) for name in shown}
        self.controls = {name: field.control for name, field in self._fields.items()}
        self._rows = arranged(self._fields)
        self._notice, self._message = w.HTML(), w.HTML()
        super().__init__([w.HTML(STYLE), self._notice, *self._rows, self._message])
        self.add_class("warmbook-form")
        for name, control in self.controls.items():
            control.observe(partial(self._edited, name), "value")
        self._save()

    @classmethod
    def choose(
        cls,
        parameters: Mapping[str, object] | None = None,
        *,
        ask: bool = False,
        every: bool = False,
        **given: object,
    ) -> SettingsForm:
        """Open the workbook's choices, laid over by what this notebook was given.

        The names of settings are picked out of `parameters`, such as a notebook's globals(), and
        these settings are shown; with `every`, all are. Keywords count as parameters. With `ask`,
        the cloud is asked what the shown settings could be.

        Raises:
            SettingsError: workbook.yaml is broken or from a newer warmbook.
        """
        given = {**_settings_in(parameters or {}), **given}
        speak(str(given.get("language") or ""))
        book = Workbook.open()
        names = set(IN_ORDER if every else given)
        wanted = availability.Wanted.of(book.draft(given))
        offers = availability.ask(wanted, names) if ask else availability.Offers()
        return cls(book, given, offers, every=every)

    @property
    def settings(self) -> Settings:
        """The settings as they are now; no file is read.

        Raises:
            SettingsError: One of them is wrong; says which, and why.
        """
        return Settings.parse(merge(self._chosen, self._language))

    @property
    def summary(self) -> Summary:
        """Every setting, and where it comes from."""
        return Summary(self.settings, {name: self._origin(name) for name in self._origins})

    def _origin(self, name: str) -> str:
        if name == "language" or self._chosen.get(name) == self._opened.get(name):
            return self._origins[name]
        return say("typed in the form") if name in self._chosen else unchosen(name)

    def _field(self, name: str, suggestions: availability.Offers) -> Field:
        offered, missing = suggestions.values.get(name, ()), suggestions.missing.get(name, "")
        return Field(name, self._chosen.get(name, ""), offered, missing)

    def _edited(self, name: str, _: object) -> None:
        self._chosen.pop(name, None)
        self._chosen |= chosen({name: self._fields[name].typed})
        self._unsaved.add(name)
        self._save()

    def _save(self) -> None:
        refused = self._refused()
        self.saved = refused is None
        wrong = refused.fields if refused else {}
        offered = refused.offered if refused else {}
        for name, field in self._fields.items():
            field.tell(wrong.get(name, ""), offered.get(name, ""))
        for row in self._rows:
            if isinstance(row, Topic):
                row.tell(wrong)
        self._message.value = self._failure(refused) if refused else self._success()

    def _refused(self) -> SettingsError | None:
        """Save what was chosen since the last time; return why that can't be."""
        try:
            self._migrate()
            _ = self.settings
            if self._unsaved:
                changes = {name: self._chosen.get(name, "") for name in self._unsaved}
                self.book.choose(changes, otherwise=self._chosen)
        except SettingsError as error:
            return error
        self._unsaved.clear()
        return None

    def _migrate(self) -> None:
        if dropped := self.book.migrate():
            told = say(
                "{file} was written by an earlier version, which saved every value. {count} values "
                "equal to the default were removed, so the environment and the defaults apply "
                "again. The others were kept: clear any that you did not choose.",
                file=self.book.path.name,
                count=len(dropped),
            )
            self._notice.value = f'<div class="wb-notice" role="note">{escape(told)}</div>'

    def _success(self) -> str:
        told = say("Saved in {file}", file=self.book.path.name)
        if not self._chosen:
            told = say("Nothing chosen: the environment and the defaults apply")
        return f'<span class="wb-good" role="status">✔ {escape(told)}</span>'

    def _failure(self, refused: SettingsError) -> str:
        told = f"{say('Not saved')}: {refused.what} {refused.remedy}"
        if refused.fields:
            told = f"{say('Not saved')}. {'; '.join(self._told(refused.fields))}"
        return f'<span class="wb-bad" role="alert">✗ {escape(told)}</span>'

    def _told(self, wrong: Mapping[str, str]) -> Iterator[str]:
        if here := [label(name) for name in self._fields if name in wrong]:
            yield say("Correct {names}", names=", ".join(here))
        yield from (f"{name}: {why}" for name, why in wrong.items() if name not in self._fields)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        values = {name: field.typed or unset(name) for name, field in self._fields.items()}
        rows = "".join(
            f'<tr style="background:none"><td style="text-align:left">{escape(label(name))}</td>'
            f'<td style="text-align:left"><code>{escape(value)}</code></td></tr>'
            for name, value in values.items()
        )
        bundle = {
            **super()._repr_mimebundle_(**kwargs),
            "text/plain": printable("\n".join(f"{n} = {value}" for n, value in values.items())),
            # what GitHub shows, where no widget runs
            "text/html": f"<table>{rows}</table>",
        }
        return front_end.fitting(bundle)


def _settings_in(names: Mapping[str, object]) -> dict[str, object]:
    """Return the settings among a notebook's names; another kind of value is no parameter."""
    return {
        name: value
        for name, value in names.items()
        if name in Settings.model_fields and isinstance(value, (str, int, float))
    }
