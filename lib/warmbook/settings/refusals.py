"""Pydantic's errors in the reader's words."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from ..errors import SettingsError
from ..texts import say


def settings_error(error: ValidationError) -> SettingsError:
    """Return pydantic's errors as one of ours: each wrong setting with its reason."""
    fields = {_field(e): reason(e) for e in error.errors()}
    what = "\n".join(f"{name}: {why}" for name, why in fields.items())
    remedy = say("correct it in a notebook's form, or pass it as -p NAME VALUE")
    return SettingsError(what, remedy=remedy, fields=fields)


def _field(error: Any) -> str:
    return str(error["loc"][0] if error["loc"] else error.get("ctx", {}).get("field", "settings"))


def reason(error: Any) -> str:
    """Return why a value is refused, in the reader's language.

    Source: pydantic, "Validation Errors", their types and contexts.
    """
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return say("still empty: choose one")
        case "extra_forbidden":
            return say("no setting has this name")
        case "greater_than_equal":
            return say("write {least} or more", least=context["ge"])
        case "less_than_equal":
            return say("write {most} or less", most=context["le"])
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return say("write a whole number")
        case "bool_parsing" | "bool_type":
            return say("write true or false")
        case "literal_error":
            return say("choose {expected}", expected=context["expected"])
        case _:
            return str(error["msg"])
