"""Names, labels and port numbers: which are allowed, and what is said of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .errors import Cause

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = rf"({_QUALIFIED})?"

_NOT_A_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_SUBDOMAIN}')"
)
_NOT_A_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{_LABEL}')"
)
_NOT_A_1035_LABEL = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    f"regex used for validation is '{_LABEL_1035}')"
)
_NOT_A_KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    f"validation is '{_QUALIFIED}')"
)
_NOT_A_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    f"or '12345', regex used for validation is '{_VALUE}')"
)


def wrong_name(kind: str, name: str) -> str | None:
    """Return why a name is not allowed for a kind, None if it is."""
    if kind == "Namespace":
        return wrong_label(name)
    if kind == "Service":
        return _wrong(name, 63, _LABEL_1035, _NOT_A_1035_LABEL)
    return _wrong(name, 253, _SUBDOMAIN, _NOT_A_SUBDOMAIN)


def wrong_label(name: str) -> str | None:
    """Return why a text is no RFC 1123 label, None if it is one."""
    return _wrong(name, 63, _LABEL, _NOT_A_LABEL)


def _wrong(text: str, most: int, pattern: str, why: str) -> str | None:
    if len(text) > most:
        return f"must be no more than {most} characters"
    return None if re.fullmatch(pattern, text) else why


def label_causes(labels: Mapping[str, str], field: str) -> Iterator[Cause]:
    """Yield what is wrong with labels."""
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        why = _wrong(name, 63, _QUALIFIED, _NOT_A_KEY)
        if slash and not why:
            why = _wrong(prefix, 253, _SUBDOMAIN, f"prefix part {_NOT_A_SUBDOMAIN}")
        if why:
            yield invalid_value(field, key, why)
        if why := _wrong(value, 63, _VALUE, _NOT_A_VALUE):
            yield invalid_value(field, value, why)


def port_causes(port: Any, field: str) -> Iterator[Cause]:
    """Yield what is wrong with a port number."""
    if not isinstance(port, int) or not 1 <= port <= 65535:
        said = f"Invalid value: {port}: must be between 1 and 65535, inclusive"
        yield Cause("FieldValueInvalid", said, field)


def invalid_value(field: str, value: str, why: str) -> Cause:
    """Return the cause for a text that is not allowed."""
    shown = value.replace("\\", "\\\\").replace('"', '\\"')
    return Cause("FieldValueInvalid", f'Invalid value: "{shown}": {why}', field)


def unsupported_value(field: str, value: str, supported: Iterable[str]) -> Cause:
    """Return the cause for a text that is none of those that a field may have."""
    listed = ", ".join(f'"{one}"' for one in supported)
    said = f'Unsupported value: "{value}": supported values: {listed}'
    return Cause("FieldValueNotSupported", said, field)
