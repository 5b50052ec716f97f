"""A word of a shell's script while it is read, and where a bracket of the script is closed."""

from __future__ import annotations

from dataclasses import dataclass, field

from .words import Word, is_open

_LONGEST = 10_000


@dataclass
class Draft:
    """A word while its letters are read; `nothing` where a list in it turned out empty."""

    line: int
    text: list[str] = field(default_factory=list)
    sure: bool = True
    many: bool = False
    begun: bool = False
    nothing: bool = False

    def add(self, text: str) -> None:
        """Put text at its end."""
        self.text.append(text)
        self.begun = True

    def word(self) -> Word:
        """Return what was read."""
        text = "".join(self.text)[:_LONGEST]
        return Word(text, self.line, self.sure and not is_open(text), self.many)


@dataclass(frozen=True)
class Document:
    """A here-document: the line that ends it, without its leading tabs or not.

    It is `plain` where its end is quoted, and the shell changes nothing in it.
    """

    end: str
    tabs: bool
    plain: bool


def after_bracket(script: str, at: int, opening: str, closing: str, *, quotes: bool = False) -> int:
    """Return the place after the bracket that closes the one at `at`, 0 where none does."""
    depth, quote = 0, ""
    places = iter(range(at, len(script)))
    for place in places:
        letter = script[place]
        if quotes and letter == "\\" and quote != "'":
            next(places, None)
        elif quotes and not quote and letter == "#" and script[place - 1 : place].isspace():
            end = script.find("\n", place)
            for _ in range(place + 1, len(script) if end < 0 else end):
                next(places, None)
        elif quotes and (quote or letter in "'\""):
            quote = "" if quote == letter else quote or letter
        else:
            depth += (letter == opening) - (letter == closing)
            if depth == 0:
                return place + 1
    return 0
