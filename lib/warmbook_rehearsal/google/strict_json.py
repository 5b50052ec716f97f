"""Compare JSON with a message type, in the words of Google's front end; converts nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor as descriptors

from .errors import invalid

_Field = descriptors.FieldDescriptor
_INTEGERS = {
    _Field.TYPE_INT32: ("TYPE_INT32", -(2**31), 2**31 - 1),
    _Field.TYPE_UINT32: ("TYPE_UINT32", 0, 2**32 - 1),
    _Field.TYPE_INT64: ("TYPE_INT64", -(2**63), 2**63 - 1),
    _Field.TYPE_UINT64: ("TYPE_UINT64", 0, 2**64 - 1),
}
_FLOATS = {_Field.TYPE_FLOAT: "TYPE_FLOAT", _Field.TYPE_DOUBLE: "TYPE_DOUBLE"}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
Violation = tuple[str, str]
"""Where in the request, and what Google says about it."""


def parse(text: bytes) -> Any:
    """Read a JSON body; an empty one is None.

    Raises:
        GoogleError: 400 if the text isn't JSON in UTF-8, or nested too deeply.
    """
    if not text.strip():
        return None
    try:
        found = json.loads(text.decode(), parse_constant=_no_constant)
        if b"\\u" in text:  # half a surrogate pair is no character: no message can hold it
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid(f"Invalid JSON payload received. {_reason(error)}") from error
    return found


def violations(
    message: Any, given: Any, where: str = "", *, of_query: bool = False
) -> Iterator[Violation]:
    """Yield each unknown name and each value that doesn't fit the message type."""
    if message.full_name.startswith("google.protobuf."):
        return  # Timestamp, Duration, wrappers …: json_format knows their forms
    if not isinstance(given, dict):
        yield _unfit(where, f"type.googleapis.com/{message.full_name}", given)
        return
    fields = {name: f for f in message.fields for name in (f.name, f.json_name)}
    for name, value in given.items():
        if name not in fields:
            yield _unknown(name, where, of_query=of_query)
        elif value is not None:
            place = f"{where}.{fields[name].name}" if where else fields[name].name
            yield from _field(fields[name], value, place)


def _field(field: Any, value: Any, where: str) -> Iterator[Violation]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        yield from _map(field.message_type.fields_by_name["value"], value, where)
    elif not field.is_repeated:
        yield from _single(field, value, where)
    elif not isinstance(value, list):
        yield _unknown_shape(where)
    else:
        for index, item in enumerate(value):
            yield from _single(field, item, f"{where}[{index}]")


def _map(entry: Any, value: Any, where: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield _unknown_shape(where)
        return
    for item in value.values():
        yield from _single(entry, item, f"{where}[].value")


def _single(field: Any, value: Any, where: str) -> Iterator[Violation]:
    if field.message_type is not None:
        yield from violations(field.message_type, value, where)
    elif not _is_scalar(field, value):
        yield _unfit(where, _type_name(field), value)


def _is_scalar(field: Any, value: Any) -> bool:
    if field.enum_type is not None:
        return _is_enum(field.enum_type, value)
    if field.type in _INTEGERS:
        _, low, high = _INTEGERS[field.type]
        number = _integer(value)
        return number is not None and low <= number <= high
    if field.type in _FLOATS:
        return _is_float(value)
    if field.type == _Field.TYPE_BYTES:
        return isinstance(value, str) and _BASE64.fullmatch(value) is not None
    return isinstance(value, bool if field.type == _Field.TYPE_BOOL else str)


def _type_name(field: Any) -> str:
    if field.enum_type is not None:
        return f"type.googleapis.com/{field.enum_type.full_name}"
    names = {_Field.TYPE_BOOL: "TYPE_BOOL", _Field.TYPE_BYTES: "TYPE_BYTES", **_FLOATS}
    names |= {number: name for number, (name, *_) in _INTEGERS.items()}
    return names.get(field.type, "TYPE_STRING")


def _is_enum(enum: Any, value: Any) -> bool:
    if isinstance(value, str):
        return value in enum.values_by_name or _integer(value) in enum.values_by_number
    return not isinstance(value, bool) and isinstance(value, int) and abs(value) < 2**31


def _integer(value: Any) -> int | None:
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _is_float(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _unknown(name: str, where: str, *, of_query: bool) -> Violation:
    if of_query:
        reason = (
            f"Cannot bind query parameter. Field '{name}' could not be found in request message."
        )
        return where, f'Invalid JSON payload received. Unknown name "{name}": {reason}'
    place = f" at '{where}'" if where else ""
    return where, f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.'


def _unknown_shape(where: str) -> Violation:
    parent, _, name = where.rpartition(".")
    place = f" at '{parent}'" if parent else ""
    reason = "Proto field is repeating, cannot start non-list."
    return where, f'Invalid JSON payload received. Unknown name "{name}"{place}: {reason}'


def _unfit(where: str, type_name: str, value: Any) -> Violation:
    shown = json.dumps(value, ensure_ascii=True)[:200]
    return where, f"Invalid value at '{where}' ({type_name}), {shown}"


def _no_constant(name: str) -> None:
    raise ValueError(f"Unexpected token {name}")


def _reason(error: Exception) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return "Unexpected token." if isinstance(error, ValueError) else "Message too deep."
    return f"Unexpected token.\n{error.doc[error.pos : error.pos + 30]}\n^"
