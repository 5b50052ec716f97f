"""Each setting in words: what it means, its default, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from ..texts import say
from .rules import MustMatch
from .settings import Settings


@dataclass(frozen=True)
class Described:
    """A setting; `default` is None where one must be chosen.

    `allowed` has its choices or its range, `rule` what its text must look like, "" where there is
    no such limit. The texts are in the reader's language.
    """

    name: str
    meaning: str
    default: Any
    choices: tuple[str, ...]
    allowed: str
    rule: str

    def __str__(self) -> str:
        told = f"{self.name}: {self.meaning} {self._default()}."
        if self.allowed:
            return f"{told} {say('Allowed')}: {self.allowed}."
        return f"{told} {self.rule[0].upper()}{self.rule[1:]}." if self.rule else told

    def _default(self) -> str:
        if self.default is None:
            return say("Required")
        shown = str(self.default).lower() if isinstance(self.default, bool) else self.default
        return f"{say('Default')}: {shown if shown != '' else say('empty')}"

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "name": self.name,
            "meaning": self.meaning,
            "required": self.default is None,
            "default": self.default,
            "choices": list(self.choices),
            "allowed": self.allowed,
            "rule": self.rule,
        }


def described() -> Iterator[Described]:
    """Yield every setting, in the order of the class."""
    for name, field in Settings.model_fields.items():
        meaning = say((field.description or "").replace("`", ""))
        default = None if field.is_required() else field.default
        limits = (_choices(field), _allowed(field), _rule(field))
        yield Described(name, meaning, default, *limits)


def _choices(field: FieldInfo) -> tuple[str, ...]:
    if field.annotation is bool:
        return ("true", "false")
    literal = get_origin(field.annotation) is Literal
    return tuple(map(str, get_args(field.annotation))) if literal else ()


def _allowed(field: FieldInfo) -> str:
    if choices := _choices(field):
        return ", ".join(choices)
    limits = {name: getattr(one, name) for one in field.metadata for name in _limits(one)}
    return say("{ge} to {le}", **limits) if limits else ""


def _limits(one: object) -> list[str]:
    return [name for name in ("ge", "le") if getattr(one, name, None) is not None]


def _rule(field: FieldInfo) -> str:
    rules = (getattr(one, "func", None) for one in field.metadata)
    return next((say(one.english) for one in rules if isinstance(one, MustMatch)), "")
