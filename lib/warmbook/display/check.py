"""Claims that end a section: shown when they hold, raised when they don't."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CheckError, Remedy
from ..terminal import printable
from ..texts import say
from .card import GREEN, escape


@dataclass(frozen=True)
class Answer:
    """Whether something holds and, if not, the reason and the ways out that `check` shows."""

    holds: bool
    why: str = ""
    remedies: tuple[Remedy, ...] = ()
    pitfall: str = ""

    def __bool__(self) -> bool:
        return self.holds


@dataclass(frozen=True)
class Passed:
    """A claim that held, in the reader's language."""

    claim: str

    def __repr__(self) -> str:
        return printable(f"✔ {self.claim}")

    def _repr_html_(self) -> str:
        return f'<b style="color:{GREEN}">✔</b> {escape(self.claim)}'


def check(holds: object, claim: str, *, remedy: str, pitfall: str = "") -> Passed:
    """Show `claim` if it holds, else stop the notebook with the `remedy`.

    Both texts are English and are shown in the reader's language. The error names the
    `pitfall`. What `holds` may know better, by attributes of its own: `why`, `remedies`,
    `pitfall`.

    Raises:
        CheckError: The claim does not hold.
    """
    if not holds:
        raise CheckError(
            say("Check failed: {claim}", claim=say(claim)),
            why=getattr(holds, "why", ""),
            remedies=getattr(holds, "remedies", ()) or [Remedy(say(remedy))],
            pitfall=pitfall or getattr(holds, "pitfall", ""),
        )
    return Passed(say(claim))
