"""Globs of `matchGlob`: a text in, a matcher of names out, in time that no glob can blow up.

Source: Cloud Storage, "List objects and prefixes using glob"; what the service was seen to do,
in googleapis/python-storage's system tests (`**/` may stand for no folder at all),
floci-io/floci-gcp#188 (a backslash takes a character as it is) and fsouza/fake-gcs-server#2344
(which globs are refused).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .errors import invalid

_TOKEN = re.compile(r"\*\*/|\*\*|\[(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)
_MEMBER = re.compile(r"\\?(.)(?:-\\?(.))?", re.DOTALL)
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


@dataclass
class _Group:
    """An open brace: where it begins, whether a folder may begin there, and the ends so far."""

    begin: int
    at_folder: bool
    ends: list[int] = field(default_factory=list)


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
        self._states, self._at_folder = [_State()], True
        groups: list[_Group] = []
        for token in _TOKEN.findall(glob):
            if token == "{":
                groups.append(_Group(self._last, self._at_folder))
                self._states[self._last].free.append(self._new())
            elif token == "," and groups:
                self._next_alternative(groups[-1])
            elif token == "}" and groups:
                self._end(groups.pop())
            elif token in ("[", "]", "}"):
                raise invalid(f"Invalid glob: '{glob}'")
            else:
                self._add(token, glob)
                self._at_folder = token in ("/", "**/")
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

    @property
    def _last(self) -> int:
        return len(self._states) - 1

    def _next_alternative(self, group: _Group) -> None:
        group.ends.append(self._last)
        self._states[group.begin].free.append(self._new())
        self._at_folder = group.at_folder

    def _end(self, group: _Group) -> None:
        ends = (*group.ends, self._last)
        end = self._new()
        for last in ends:
            self._states[last].free.append(end)
        self._at_folder = False

    def _add(self, token: str, glob: str) -> None:
        here = self._states[-1]
        if token == "**/":
            around_folders = self._at_folder
            self._add("**", glob)
            self._add("/", glob)
            if around_folders:
                here.free.append(self._last)
        elif token in _STARS:
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
    if token.startswith("[") and token.endswith("]"):
        return _class(token[1:-1], glob)
    return lambda character: character == token[-1]


def _class(inside: str, glob: str) -> Callable[[str], bool]:
    """Return the test that `[inside]` stands for."""
    negated = inside[:1] in ("!", "^")
    ranges = list(_ranges(inside[negated:]))
    if not ranges or any(first > last for first, last in ranges):
        raise invalid(f"Invalid glob: '{glob}'")
    return lambda character: (
        any(first <= character <= last for first, last in ranges) is not negated
    )


def _ranges(members: str) -> Iterator[tuple[str, str]]:
    for match in _MEMBER.finditer(members):
        yield match[1], match[2] or match[1]
