"""What can fail, in words the reader can act on; the type says whether waiting helps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from .terminal import printable

_INSTALLED = Path(__file__).resolve().with_name("docs") / "troubleshooting.md"

GUIDE_TO_PITFALLS = str(_INSTALLED) if _INSTALLED.exists() else "docs/troubleshooting.md"
"""Where each pitfall has its section, by its name: inside a wheel, or from the clone's top."""


_TYPED = re.compile(r"`((?:gcloud|kubectl|python|make|warmbook|pip|helm|vllm) [^`]+)`")
"""A command inside a remedy's sentence."""


@dataclass(frozen=True)
class Remedy:
    """One way out of a failure: what to do and, where one does it, the `command` to copy."""

    text: str
    command: str = ""

    @property
    def commands(self) -> str:
        """What there is to copy, a line each: the command, else what the sentence quotes."""
        return self.command or "\n".join(_TYPED.findall(self.text))

    def lines(self) -> list[str]:
        """Return it as text: the sentence after an arrow, the command below it."""
        told = [f"  → {self.text}"] if self.text else []
        return [*told, *([indent(self.command, " " * 6)] if self.command else [])]


class WarmbookError(Exception):
    """A failure the reader can act on: `what` went wrong and the `remedy`.

    `remedies` has each by itself where there are several; `why` is a reason that goes beyond
    `what`. `pitfall` names the entry of the catalogue that it is, "" where it is none.
    """

    def __init__(
        self,
        what: str,
        *,
        remedy: str = "",
        pitfall: str = "",
        why: str = "",
        remedies: Sequence[Remedy] = (),
    ) -> None:
        self.title, self.why, self.pitfall = what, why, pitfall
        self.what = f"{what}. {why}" if why else what
        self.remedies = tuple(remedies) or (Remedy(remedy),)
        self.remedy = remedy or " ".join(one.text for one in self.remedies)
        super().__init__(self.what)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        more = f"  ({GUIDE_TO_PITFALLS}#{self.pitfall})"
        remedies = [line for one in self.remedies for line in one.lines()]
        return [self.what, *remedies, *([more] if self.pitfall else ())]

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
