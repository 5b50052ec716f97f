"""What one notebook leaves for the next: choices and measurements, in one YAML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from . import limited_yaml
from .errors import SettingsError
from .files import locked, save, writing
from .settings import Settings, chosen, held, merge, without_defaults
from .texts import say

Section: TypeAlias = dict[str, Any]

WATCHERS: list[Callable[[str, Mapping[str, Any]], None]] = []
"""What is told each measurement of this process once it is in its file; none of them raises."""

VERSION = 2
"""Version of the file's layout; a higher one is somebody's newer warmbook.

In layout 1 `settings` held every value, in layout 2 only what somebody has chosen.
"""


class Workbook:
    """The reader's file. Resources are not in it: the cloud is asked, never remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, *, default: Path = Path("..") / "workbook.yaml") -> Workbook:
        """Open WARMBOOK_FILE, by default `workbook.yaml` in the folder above the language's.

        Raises:
            SettingsError: The current folder has been deleted.
        """
        path = Path(os.environ.get("WARMBOOK_FILE") or default)
        with writing(path):
            return cls(path.absolute())

    def draft(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return choices not yet validated: environment < this file < what was given.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return merge(self.saved(), given)

    def origins(self, given: Mapping[str, object]) -> dict[str, str]:
        """Return for each setting where its draft comes from, in the reader's language."""
        sources = (
            (say("notebook parameter"), chosen(given)),
            (say("saved in {file}", file=self.path.name), self.saved()),
        )
        return {
            name: next((told for told, values in sources if name in values), unchosen(name))
            for name in Settings.model_fields
        }

    def saved(self) -> dict[str, object]:
        """Return the choices in the file, not yet validated.

        What this version has no setting for is left out: see `unknown`. An empty value is no
        choice.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return chosen(_known(self._all()))

    def unknown(self) -> dict[str, object]:
        """Return what the file has under settings and this version has no setting for.

        Another version of warmbook wrote it, or a person made a typing error.
        """
        return _unknown(self._all())

    def choose(
        self, choices: Mapping[str, object], *, otherwise: Mapping[str, object] | None = None
    ) -> None:
        """Remember choices beside those that the file has by then; an empty one is forgotten.

        Nothing else is written: defaults and the environment keep holding where nothing was
        chosen. What this version does not know stays in the file. `otherwise` are the choices to
        add to where the file holds none, as after somebody has deleted it.

        Raises:
            SettingsError: The file can't be read or written, or the choices contradict what it
                has now; it is kept.
        """

        def merged(saved: Section) -> Section:
            ours = chosen({**(chosen(_known(saved)) or otherwise or {}), **choices})
            valid = Settings.parse(merge(ours)).model_dump()
            return {**{name: valid[name] for name in ours}, **_unknown(saved)}

        self._change("settings", merged)

    def migrate(self) -> tuple[str, ...]:
        """Write a file of layout 1 in today's layout; return the settings that were dropped.

        Layout 1 held every value, so it can't tell what was chosen from what was a default. A
        value that equals the default is dropped. That changes nothing while the environment
        names no other; where it does, somebody has set it on purpose and the file hid it. Who
        did choose the default has lost one entry. A value that differs stays: without it another
        project or cluster would be used.

        Raises:
            SettingsError: The file can't be read or written; it is kept.
        """
        written = self._as_written()
        if not _is_old(written):
            return ()
        self._change("settings", dict)
        return tuple(name for name in written.get("settings") or () if name not in self._all())

    def record(self, name: str, measurement: Mapping[str, Any]) -> None:
        """Remember what can't be asked again, such as the seconds of a cold start."""
        self._change("measurements", lambda saved: {**saved, name: dict(measurement)})
        for watcher in WATCHERS:
            watcher(name, measurement)

    def measurements(self) -> dict[str, Any]:
        """Return what was recorded so far."""
        return dict(self._read().get("measurements") or {})

    def _all(self) -> dict[str, object]:
        return dict(self._read().get("settings") or {})

    def _read(self) -> dict[str, Any]:
        """Return what the file holds, in today's layout."""
        data = self._as_written()
        if not _is_old(data):
            return data
        return {**data, "settings": without_defaults(data.get("settings") or {})}

    def _as_written(self) -> dict[str, Any]:
        data = self._content()
        if not isinstance(data, dict) or not all(
            isinstance(data.get(part) or {}, dict) for part in ("settings", "measurements")
        ):
            raise self._refused(say("it does not contain settings and measurements"))
        version = data.get("version", VERSION)
        if not isinstance(version, int) or version > VERSION:
            raise self._refused(say("it comes from a newer warmbook"))
        return data

    def _content(self) -> Any:
        """Return what the file holds, an empty workbook where there is no file.

        Raises:
            SettingsError: It can't be read.
        """
        try:
            found = limited_yaml.documents(limited_yaml.read_regular(self.path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from None
        except limited_yaml.YamlError as error:
            raise self._refused(error.reason) from None
        if len(found) > 1:
            raise self._refused(say("it does not contain settings and measurements"))
        return (found or [None])[0] or {}

    def _refused(self, reason: str) -> SettingsError:
        return SettingsError(
            say("{path} can't be read: {reason}.", path=self.path, reason=reason),
            remedy=say("It was not changed. Fix it, or move it away to start again."),
        )

    def _change(self, section: str, change: Callable[[Section], Section]) -> None:
        """Replace a section by what `change` makes of it, while no other notebook writes.

        Raises:
            SettingsError: The file can't be read or written; it is kept.
        """
        with locked(self.path):
            data = self._read()
            changed = change(dict(data.get(section) or {}))
            text = dumped({**data, "version": VERSION, section: changed})
            with writing(self.path):
                save(text, self.path)


def _unknown(saved: Section) -> Section:
    return {name: value for name, value in saved.items() if name not in Settings.model_fields}


def _known(saved: Mapping[str, object]) -> Section:
    return {name: value for name, value in saved.items() if name in Settings.model_fields}


def _is_old(data: Mapping[str, Any]) -> bool:
    """Say whether a file has layout 1; one without a version was written by a person."""
    return int(data.get("version", VERSION)) < VERSION


def unchosen(name: str) -> str:
    """Return where a setting comes from that nobody has chosen, in the reader's language."""
    _, variable = held(name)
    return say("environment") if variable else say("default")


class _Dumper(yaml.SafeDumper):
    """Values as they are; half a character, which no UTF-8 can hold, becomes a question mark."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    whole = text.encode(errors="replace").decode()
    # PyYAML folds U+0085 and its like in every style but this one, which escapes them.
    style = None if whole.replace("\n", "").isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", whole, style=style)


_Dumper.add_representer(str, _text)


def dumped(data: Section) -> str:
    """Return the data as YAML, in their own order."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
