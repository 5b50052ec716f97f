"""What a shell's names stand for, as far as a script and what is around it tell.

Source: POSIX, "Shell Command Language", 2.5 and 2.6; Bash manual, "Shell Parameter Expansion" and
"Shell Arithmetic". A variable that nothing sets counts as unset: an image may set it still.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import translate

from .words import Word, is_open

Read = Callable[[str], "list[Word] | None"]
"""Reads the word within an expansion, as in `${NAME:-word}`."""

Kept = tuple[dict[str, "list[Word] | None"], "list[Word] | None", bool]

_PARAMETER = re.compile(r"(#?)([A-Za-z_]\w*|[0-9]+|[@*#])(\[[@*]\])?(.*)", re.ASCII | re.DOTALL)
_OTHERWISE = re.compile(r"(:?)([-=+?])(.*)", re.DOTALL)
_CUT = re.compile(r"(##?|%%?)([^\[\]$`'\"\\]+)")
_REPLACED = re.compile(r"/(/?)([^/*?\[\]$`'\"\\#%]+)(?:/([^$`'\"\\&]*))?")
_PART = re.compile(r":\s*(\d{1,4})(?::(\d{1,4}))?")
_SUM_NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}|\$?\b([A-Za-z_]\w*)", re.ASCII)
_SUM = re.compile(r"[0-9+\-*/%() \t\n]{1,200}")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_LONGEST = 10_000


class Values:
    """Variables and arguments of a script: the words that each stands for.

    Of a name whose value is not known there are no words, but None. `arguments` are None where
    nobody knows them.
    """

    def __init__(
        self, variables: Mapping[str, str | None], arguments: list[Word] | None, line: int = 0
    ) -> None:
        self._of: dict[str, list[Word] | None] = {
            name: None if value is None else [Word(value, line, not is_open(value))]
            for name, value in variables.items()
        }
        self.arguments = arguments
        self.touched: set[str] = set()
        self.defaulted: set[str] = set()
        """Names that `${NAME:=word}` has set in the command so far."""
        self._anything = False

    def get(self, name: str) -> list[Word] | None:
        """Return the words of a variable or an argument, None where they are not known."""
        if name in ("@", "*"):
            return self.arguments
        if name != "#" and not name.isdecimal():
            return self._of.get(name)
        if self.arguments is None or any(word.many for word in self.arguments):
            return None
        if name == "#":
            return [Word(str(len(self.arguments)))]
        at = int(name[:6])
        return self.arguments[at - 1 : at] if at else None

    def has(self, name: str) -> bool:
        """Say whether anything sets a name."""
        if name in ("@", "*") or name.isdecimal():
            return self.arguments is None or bool(self.get(name))
        return self._anything or name in self._of or name == "#"

    @property
    def splits(self) -> bool:
        """Whether texts are divided at white space, as they are while nobody sets IFS."""
        return "IFS" not in self._of

    def set(self, name: str, words: list[Word] | None) -> None:
        """Let a variable stand for words, None for what is not known."""
        self._of[name] = words
        self.touched.add(name)

    def unset(self, name: str) -> None:
        """Let nothing set a variable any more."""
        self._of.pop(name, None)
        self.touched.add(name)

    def forget(self, names: Iterable[str]) -> None:
        """Let the values of names be unknown."""
        for name in names:
            self.set(name, None)

    def forget_all(self) -> None:
        """Let all values be unknown, also those of names that nothing has set so far."""
        self.forget(list(self._of))
        self._anything = True

    def kept(self) -> Kept:
        """Return what `restore` takes: a subshell changes nothing outside."""
        return dict(self._of), self.arguments, self._anything

    def restore(self, kept: Kept) -> None:
        """Let the values be as they were."""
        self._of, self.arguments, self._anything = dict(kept[0]), kept[1], kept[2]

    def shift(self, count: int) -> None:
        """Drop the first arguments."""
        if self.arguments is not None:
            self.arguments = None if self.get("#") is None else self.arguments[count:]


def expand(inside: str, values: Values, read: Read) -> tuple[list[Word] | None, bool]:
    """Return the words of `${inside}`, None where they can't be told, and whether it is a list."""
    found = _PARAMETER.fullmatch(inside)
    if found is None:
        return None, False
    length, name, every, rest = found.groups()
    listed = every == "[@]" or name == "@"
    value = values.get(name)
    if length:
        return (_length(value, listed=bool(every)) if not rest else None), False
    if not rest:
        return value, listed
    if otherwise := _OTHERWISE.fullmatch(rest):
        return _otherwise(name, otherwise, values, read), listed
    if listed:
        return _slice(value, rest, 1 if name == "@" else 0), listed
    return _changed(value, rest), listed


def _length(value: list[Word] | None, *, listed: bool) -> list[Word] | None:
    if value is None or not all(word.sure for word in value):
        return None
    return [Word(str(len(value) if listed else len(_text(value))))]


def _slice(value: list[Word] | None, rest: str, first: int) -> list[Word] | None:
    """Return the words of a list from one on; arguments are counted from 1."""
    part = _PART.fullmatch(rest)
    if value is None or part is None or int(part[1]) < first or any(w.many for w in value):
        return None
    begin = int(part[1]) - first
    return value[begin : begin + int(part[2]) if part[2] else None]


def _otherwise(name: str, found: re.Match[str], values: Values, read: Read) -> list[Word] | None:
    """Return what `-`, `=`, `+` and `?` give, with `:` also where the value is empty."""
    empty_counts, sign, word = found.groups()
    value = values.get(name)
    if values.has(name) and value is None:
        return None
    unset = not values.has(name) or (bool(empty_counts) and not _text(value or []))
    if sign == "+":
        return [] if unset else read(word)
    if not unset:
        return value
    given = read(word) if sign != "?" else None
    if sign == "=" and name.isidentifier():
        values.set(name, given)
        values.defaulted.add(name)
    return given


def _changed(value: list[Word] | None, rest: str) -> list[Word] | None:
    """Return what cutting, replacing, capitals and parts make of one sure text."""
    if value is None or len(value) != 1 or not value[0].sure:
        return None
    text = value[0].text
    if rest in ("^^", ",,"):
        text = text.upper() if rest == "^^" else text.lower()
    elif cut := _CUT.fullmatch(rest):
        text = _cut(text, cut[1], cut[2])
    elif new := _REPLACED.fullmatch(rest):
        text = text.replace(new[2], new[3] or "", -1 if new[1] else 1)[:_LONGEST]
    elif part := _PART.fullmatch(rest):
        end = int(part[1]) + int(part[2]) if part[2] else None
        text = text[int(part[1]) : end]
    else:
        return None
    return [replace(value[0], text=text)]


def _cut(text: str, sign: str, pattern: str) -> str:
    """Return the text without its beginning or end, the shortest or the longest that fits."""
    fits = re.compile(translate(pattern))
    text = text[:1000]
    ends = range(len(text) + 1)
    if sign[0] == "#":
        cuts = (
            text[at:] for at in (ends if sign == "#" else reversed(ends)) if fits.match(text[:at])
        )
    else:
        cuts = (
            text[:at] for at in (reversed(ends) if sign == "%" else ends) if fits.match(text[at:])
        )
    return next(cuts, text)


def _text(value: list[Word]) -> str:
    return " ".join(word.text for word in value)


def calculated(sum_: str, values: Values) -> str | None:
    """Return what `$((…))` gives, None where a name in it is not known or it is no plain sum."""
    known = True

    def number(found: re.Match[str]) -> str:
        nonlocal known
        value = values.get(found[1] or found[2])
        text = value[0].text if value and len(value) == 1 and value[0].sure else ""
        known = known and bool(_WHOLE.fullmatch(text))
        return f"({text})"

    plain = _SUM_NAME.sub(number, sum_[:1000])
    if not known or not _SUM.fullmatch(plain):
        return None
    try:
        return str(_result(ast.parse(plain.strip().replace("/", "//"), mode="eval").body))
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


_SIGNS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda one, other: int(abs(one) // abs(other)) * (1 if one * other > 0 else -1),
    ast.Mod: lambda one, other: abs(one) % abs(other) * (1 if one > 0 else -1),
}


def _result(node: ast.expr) -> int:
    """Return a sum's number, which a shell keeps in 64 bits; division drops the rest.

    Raises:
        ValueError: It is no plain sum, or grows beyond.
    """
    match node:
        case ast.Constant(value=int() as value):
            found = value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = -_result(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            found = _result(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            found = _SIGNS[type(sign)](_result(left), _result(right))
        case _:
            raise ValueError(node)
    if abs(found) >= 1 << 63:
        raise ValueError(found)
    return found
