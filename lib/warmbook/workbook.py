"""What one notebook leaves for the next: choices and measurements, in one YAML file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .errors import SettingsError
from .settings import Settings, merge
from .texts import say

VERSION = 1
"""Version of the file's layout; a higher one is somebody's newer warmbook."""


class Workbook:
    """The reader's file. Resources are not in it: the cloud is asked, never remembered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, *, default: Path = Path("..") / "workbook.yaml") -> Workbook:
        """Open WARMBOOK_FILE, by default `workbook.yaml` in the folder above the language's."""
        return cls(Path(os.environ.get("WARMBOOK_FILE") or default).absolute())

    def draft(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return choices not yet validated: environment < this file < what was given.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return merge(self.saved(), given)

    def origins(self, given: Mapping[str, object]) -> dict[str, str]:
        """Return for each setting where its draft comes from, in the reader's language."""
        sources = (
            (say("given to this notebook"), merge(given, environ={})),
            (say("saved in {file}", file=self.path.name), merge(self.saved(), environ={})),
            (say("environment"), merge()),
        )
        return {
            name: next((told for told, values in sources if name in values), say("default"))
            for name in Settings.model_fields
        }

    def saved(self) -> dict[str, object]:
        """Return the choices in the file, not yet validated.

        What this version has no setting for is left out: see `unknown`.

        Raises:
            SettingsError: The file is broken or comes from a newer warmbook; it is kept.
        """
        return {name: value for name, value in self._all().items() if name in Settings.model_fields}

    def unknown(self) -> dict[str, object]:
        """Return what the file has under settings and this version has no setting for.

        Another version of warmbook wrote it, or a person made a typing error.
        """
        every = self._all().items()
        return {name: value for name, value in every if name not in Settings.model_fields}

    def choose(self, settings: Settings) -> None:
        """Remember the reader's choices; what this version does not know stays in the file."""
        self._write("settings", {**settings.model_dump(), **self.unknown()})

    def record(self, name: str, measurement: Mapping[str, Any]) -> None:
        """Remember what can't be asked again, such as the seconds of a cold start."""
        self._write("measurements", {**self.measurements(), name: dict(measurement)})

    def measurements(self) -> dict[str, Any]:
        """Return what was recorded so far."""
        return dict(self._read().get("measurements") or {})

    def _all(self) -> dict[str, object]:
        return dict(self._read().get("settings") or {})

    def _read(self) -> dict[str, Any]:
        if not self.path.exists():
            return {}
        try:
            data = yaml.safe_load(self.path.read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise self._refused(say("it is not YAML")) from error
        if not isinstance(data, dict) or not all(
            isinstance(data.get(part) or {}, dict) for part in ("settings", "measurements")
        ):
            raise self._refused(say("it does not hold settings and measurements"))
        if not isinstance(data.get("version", VERSION), int) or data.get("version", 1) > VERSION:
            raise self._refused(say("it comes from a newer warmbook"))
        return data

    def _refused(self, reason: str) -> SettingsError:
        return SettingsError(
            say("{path} can't be read: {reason}.", path=self.path, reason=reason),
            remedy=say("It was left as it is. Mend it, or move it away to start afresh."),
        )

    def _write(self, section: str, value: object) -> None:
        # Read again first: another notebook may have written since.
        data = {**self._read(), "version": VERSION, section: value}
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        save(text, self.path)


def save(content: str | bytes, path: Path, *, public: bool = False) -> None:
    """Write `content` to `path`, in the place of what was there; mode 0600.

    A `public` file has the mode that any new file of this process gets.

    Raises:
        OSError: The folder can't be written; what was there is still there.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # of mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        if public:
            draft.chmod(0o666 & ~_umask())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can be read only by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
