"""What can fail, in words the reader can act on; the type says whether waiting helps."""

from __future__ import annotations

from pathlib import Path

from .terminal import printable

_INSTALLED = Path(__file__).resolve().with_name("docs") / "troubleshooting.md"

GUIDE_TO_PITFALLS = str(_INSTALLED) if _INSTALLED.exists() else "docs/troubleshooting.md"
"""Where each pitfall has its section, by its name: inside a wheel, or from the clone's top."""


class WarmbookError(Exception):
    """A failure the reader can act on: `what` went wrong and the `remedy`.

    `pitfall` names the entry of the catalogue that it is, "" where it is none.
    """

    def __init__(self, what: str, *, remedy: str, pitfall: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy, self.pitfall = what, remedy, pitfall

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        more = f"  ({GUIDE_TO_PITFALLS}#{self.pitfall})"
        return [self.what, f"  → {self.remedy}", *([more] if self.pitfall else ())]

    def _render_traceback_(self) -> list[str]:
        """Show the message alone: IPython asks an exception for its own picture."""
        what, *more = self._lines()
        return [printable(line) for line in (f"✗ {what}", *more)]


class SettingsError(WarmbookError):
    """A choice that can't be right; `fields` maps each wrong setting to the reason.

    `offered` maps a wrong setting to the value that was probably meant.
    """

    def __init__(
        self,
        what: str,
        *,
        remedy: str,
        fields: dict[str, str] | None = None,
        offered: dict[str, str] | None = None,
        pitfall: str = "",
    ) -> None:
        super().__init__(what, remedy=remedy, pitfall=pitfall)
        self.fields, self.offered = fields or {}, offered or {}


class CheckError(WarmbookError):
    """A claim that a notebook makes does not hold."""


class AccessError(WarmbookError):
    """Credentials, a permission, an API or billing is missing: somebody must grant it."""


class MissingError(WarmbookError):
    """Something that an earlier notebook leaves, or that a setting names, is not there."""


class ResourceFailedError(WarmbookError):
    """A resource reached a state that waiting won't change."""


class WaitTimeoutError(WarmbookError):
    """A resource did not become ready in time; it may still."""


class UnreachableError(WarmbookError):
    """A service does not answer: the network, or a rehearsal that has stopped."""


class InterruptedWaitError(WarmbookError):
    """The reader stopped a wait; the cloud goes on by itself."""


class RecordError(WarmbookError):
    """A run's record is not there, or is not what its schema says."""
