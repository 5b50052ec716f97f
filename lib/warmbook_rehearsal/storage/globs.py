"""Globs of `matchGlob`: a text in, a matcher of names out, in time that no glob can blow up.

Source: Cloud Storage, "List objects and prefixes using glob".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .errors import invalid

_TOKEN = re.compile(r"\*\*|\[[^\]]+\]|.", re.DOTALL)
_STARS: dict[str, Callable[[str], bool]] = {
    "**": lambda character: True,
    "*": lambda character: character != "/",
}


@dataclass
class _State:
    """A place in the glob: where a character leads, and where one gets without any."""

    takes: Callable[[str], bool] | None = None
    then: int = 0
    free: list[int] = field(default_factory=list)


def glob_pattern(glob: str) -> Glob:
    """Return the pattern a `matchGlob` stands for.

    Raises:
        StorageError: 400, the glob is malformed.
    """
    return Glob(glob)


class Glob:
    """Matches whole names. All places in the glob that fit are followed at once.

    A regular expression would try them one after another, which takes years for `*a*a*a…`.
    """

    def __init__(self, glob: str) -> None:
        """Read a glob.

        Raises:
            StorageError: 400, it is malformed.
        """
        self._states = [_State()]
        groups: list[tuple[int, list[int]]] = []
        """Of each open brace: where it begins, and where its alternatives end so far."""
        for token in _TOKEN.findall(glob):
            here = len(self._states) - 1
            if token == "{":
                groups.append((here, []))
                self._states[here].free.append(self._new())
            elif token == "," and groups:
                groups[-1][1].append(here)
                self._states[groups[-1][0]].free.append(self._new())
            elif token == "}" and groups:
                end = self._new()
                for last in (*groups.pop()[1], here):
                    self._states[last].free.append(end)
            elif token == "}":
                raise invalid(f"Invalid glob: '{glob}'")
            else:
                self._add(token, glob)
        if groups:
            raise invalid(f"Invalid glob: '{glob}'")

    def fullmatch(self, name: str) -> bool:
        """Say whether the whole of `name` fits."""
        places = self._reached([0])
        for character in name:
            taking = [self._states[place] for place in places]
            places = self._reached(s.then for s in taking if s.takes and s.takes(character))
            if not places:
                return False
        return len(self._states) - 1 in places

    def _new(self) -> int:
        self._states.append(_State())
        return len(self._states) - 1

    def _add(self, token: str, glob: str) -> None:
        here = self._states[-1]
        if token in _STARS:
            # a state of its own: a brace may begin or end on either side of it
            around = self._new()
            here.free.append(around)
            self._states[around].takes, self._states[around].then = _STARS[token], around
            self._states[around].free.append(self._new())
        else:
            here.takes, here.then = _single(token, glob), self._new()

    def _reached(self, places: Iterable[int]) -> set[int]:
        found: set[int] = set()
        ahead = list(places)
        while ahead:
            place = ahead.pop()
            if place not in found:
                found.add(place)
                ahead += self._states[place].free
        return found


def _single(token: str, glob: str) -> Callable[[str], bool]:
    """Return the test of one character that a token stands for."""
    if token == "?":
        return _STARS["*"]
    if len(token) == 1:
        return lambda character: character == token
    inside = re.sub(r"([\\\[&~|])", r"\\\1", token[1:-1])
    try:
        shape = re.compile(f"[^{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]", re.DOTALL)
    except re.error:
        raise invalid(f"Invalid glob: '{glob}'") from None
    return lambda character: shape.fullmatch(character) is not None
