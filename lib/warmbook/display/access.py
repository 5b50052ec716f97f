"""Who may do what: an identity, the roles that it has or lacks, and the resource, as a diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..terminal import printable
from ..texts import say
from .card import GREEN, GREY, RED, escape
from .unbroken import unbroken


@dataclass(frozen=True)
class Grant:
    """A role, the permissions that it is granted for, and whether the identity has them."""

    role: str
    allows: str
    held: bool

    @property
    def mark(self) -> str:
        """The sign of a grant: it is told by sign and colour."""
        return "✔" if self.held else "✗"


@dataclass(frozen=True)
class AccessDiagram:
    """The chain of names of an identity, its grants, and the resource that they lead to."""

    identity: tuple[str, ...]
    grants: tuple[Grant, ...]
    resource: str

    def __repr__(self) -> str:
        lines = (f"  {g.mark} {g.role} → {self.resource}: {g.allows}" for g in self.grants)
        return printable("\n".join((" → ".join(self.identity), *lines)))

    def _repr_html_(self) -> str:
        first, *others = (_box(name, GREY) for name in self.identity)
        chain = first + "".join(map(_then, others))
        grants = "".join(map(_grant, self.grants))
        title = escape(say("Identity and access"))
        return (
            f'<figure role="group" aria-label="{title}" style="margin:8px 0;max-width:72em">'
            f'<figcaption style="font-weight:600;margin:2px 0">{title}</figcaption>'
            '<div style="display:flex;flex-wrap:wrap;align-items:center;gap:6px">'
            f"{chain}{_then(_column(grants), _NARROWER)}"
            f"{_then(_box(self.resource, _edge(self.grants)))}"
            "</div></figure>"
        )


_NARROWER = "flex:1 1 16em;max-width:30em"
"""The roles take the room that is left, so that in a narrow page the resource stays beside them."""


def _edge(grants: Sequence[Grant]) -> str:
    return GREEN if all(grant.held for grant in grants) else RED


def _then(html: str, style: str = "") -> str:
    """Return what an arrow leads to; where the line breaks, the arrow goes with it."""
    arrow = '<span aria-hidden="true" style="opacity:.7">→</span>'
    look = f"display:flex;align-items:center;gap:6px;min-width:0;{style}"
    return f'<div style="{look}">{arrow}{html}</div>'


def _column(grants: str) -> str:
    look = "display:flex;flex-direction:column;flex:1;gap:4px;min-width:0"
    return f'<div style="{look}">{grants}</div>'


def _box(text: str, colour: str) -> str:
    return (
        f'<span style="border:1px solid {colour};border-radius:6px;padding:4px 10px;'
        f'overflow-wrap:anywhere;max-width:18em">{unbroken(text)}</span>'
    )


def _grant(grant: Grant) -> str:
    colour = GREEN if grant.held else RED
    dashed = "solid" if grant.held else "dashed"
    return (
        f'<div style="border:1px {dashed} {colour};border-radius:6px;padding:3px 10px;'
        f'max-width:28em;overflow-wrap:anywhere"><b style="color:{colour}">{grant.mark}</b> '
        f'<code style="font-size:92%">{escape(grant.role).replace(".", ".<wbr>")}</code>'
        f'<div style="font-size:88%;opacity:.8">{escape(grant.allows)}</div></div>'
    )
