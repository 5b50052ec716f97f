"""An error as a card: what failed, why, the ways out one below the other, the pitfall's section."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import GUIDE_TO_PITFALLS, Remedy, WarmbookError
from ..terminal import printable
from ..texts import say
from .card import BOX, PLAIN, RED, copied, escape
from .guide_link import address
from .unbroken import unbroken

_QUOTED = re.compile(r"`([^`]+)`")
_MARK = f'<b style="color:{RED}">✗</b>'
_LINE = "margin:4px 0;white-space:pre-line;overflow-wrap:anywhere"


@dataclass(frozen=True)
class Failure:
    """What a notebook shows of an error: a card, or as text the lines of the error itself."""

    error: WarmbookError

    @property
    def headline(self) -> str:
        """One line: what failed, without the reasons and the ways out."""
        return printable(f"✗ {self.error.title.partition(chr(10))[0]}")

    def __repr__(self) -> str:
        return printable(f"✗ {self.error}")

    def _repr_html_(self) -> str:
        error = self.error
        ways = [one for one in error.remedies if one.text or one.commands]
        return (
            f'<div class="{PLAIN}" style="{BOX.format(edge=RED)}" role="alert">'
            f"{_line(f'{_MARK} <b>{unbroken(error.title)}</b>')}{_line(unbroken(error.why))}"
            f"{''.join(map(_way_out, ways))}{_pitfall(error.pitfall)}</div>"
        )


def _line(html: str) -> str:
    return f'<div style="{_LINE}">{html}</div>' if html else ""


def _way_out(remedy: Remedy) -> str:
    commands = copied(remedy.commands) if remedy.commands else ""
    parts = _QUOTED.split(remedy.text)  # ours; reasons stay as they are
    told = "".join(
        f"<code>{escape(p)}</code>" if n % 2 else unbroken(p) for n, p in enumerate(parts)
    )
    return f'<div style="margin:8px 0 0">{_line(f"→ {told}")}{commands}</div>'


def _pitfall(name: str) -> str:
    """Return a link to the pitfall's section, or where it is if nothing here could open it."""
    if not name:
        return ""
    told, where = f"{say('Known issue')}: ", address(name)
    if not where:
        return _line(escape(f"{told}{name} ({GUIDE_TO_PITFALLS}#{name})"))
    link = f'<a href="{escape(where)}" style="text-decoration:underline">{escape(name)}</a>'
    return _line(f"{escape(told)}{link}")
