"""Pydantic's errors in the reader's words."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from ..errors import SettingsError
from ..texts import say


def settings_error(error: ValidationError) -> SettingsError:
    """Return pydantic's errors as one of ours: each wrong setting with its reason."""
    errors = error.errors()
    fields = {_field(e): reason(e) for e in errors}
    what = "\n".join(f"{name}: {why}" for name, why in fields.items())
    offered = {_field(e): instead for e in errors if (instead := offer(e))}
    return SettingsError(what, remedy=_remedy(offered), fields=fields, offered=offered)


def _remedy(offered: dict[str, str]) -> str:
    for name, value in offered.items():
        return say("write {value} as {name}", value=value, name=name)
    return say("correct it in a notebook's form, or pass it as -p NAME VALUE")


def _field(error: Any) -> str:
    return str(error["loc"][0] if error["loc"] else error.get("ctx", {}).get("field", "settings"))


def offer(error: Any) -> str:
    """Return the value that a refusal offers in the place of the refused one, or nothing."""
    return str(error.get("ctx", {}).get("offer", ""))


def reason(error: Any) -> str:
    """Return why a value is refused, in the reader's language; never pydantic's own sentence.

    Source: pydantic, "Validation Errors", their types and contexts.
    """
    context = error.get("ctx", {})
    match error["type"]:
        case "refused":
            return str(context["text"])
        case "missing":
            return say("still empty: choose one")
        case "extra_forbidden" | "invalid_key":
            return say("unknown setting")
        case "greater_than_equal":
            return say("enter {least} or more", least=context["ge"])
        case "less_than_equal":
            return say("enter {most} or less", most=context["le"])
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return say("write a whole number, in digits only")
        case "float_parsing" | "float_type":
            return say("write a number such as 2.5, with a point before the decimals")
        case "finite_number":
            return say("write a finite number")
        case "string_type" | "string_unicode":
            return say("write a text")
        case "bool_parsing" | "bool_type":
            return say("enter true or false")
        case "literal_error":
            options = re.findall(r"'([^']*)'", context["expected"])
            return say("choose one of {options}", options=", ".join(options))
        case _:
            return say("this value can't be used here")
