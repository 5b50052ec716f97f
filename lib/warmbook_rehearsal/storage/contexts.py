"""Object contexts: keys and values that a client attaches to objects and lists objects by.

Source: Cloud Storage, "Object contexts".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import invalid

_FILTER = re.compile(
    r'\s*(?P<none>-|NOT )?\s*contexts\.(?P<key>"[^"\\]+"|[\w.-]+)\s*'
    r'(?:(?P<any>:\s*\*)|=\s*"(?P<value>[^"\\]*)")\s*'
)


@dataclass(frozen=True)
class ContextFilter:
    """Which objects to list: those with `key`, or those with this `value` of it; or the others."""

    key: str
    value: str | None = None
    others: bool = False

    @classmethod
    def of_text(cls, text: str) -> ContextFilter:
        """Read it, such as `contexts."team"="a"` or `-contexts."team":*`.

        Raises:
            StorageError: 400, it is anything else.
        """
        match = _FILTER.fullmatch(text)
        if match is None:
            raise invalid(f"Invalid filter: '{text}'")
        return cls(match["key"].strip('"'), match["value"], bool(match["none"]))

    def wants(self, contexts: Mapping[str, Any] | None) -> bool:
        """Say whether an object with these `contexts` is asked for."""
        payload = ((contexts or {}).get("custom") or {}).get(self.key)
        found = payload is not None and self.value in (None, payload["value"])
        return found != self.others


def checked_contexts(contexts: object) -> dict[str, Any] | None:
    """Return what a client says of `custom` contexts: values by key, None for one to remove.

    None stands for removing them all.

    Raises:
        StorageError: 400, it is no object of objects with a value.
    """
    if contexts is None or contexts == {"custom": None}:
        return None
    custom = contexts.get("custom") if isinstance(contexts, dict) else contexts
    if custom is not None and not isinstance(custom, dict):
        raise invalid("Invalid value for contexts: an object is needed.")
    return {"custom": {key: _value(key, payload) for key, payload in (custom or {}).items()}}


def merged_contexts(
    before: Mapping[str, Any] | None, changes: Mapping[str, Any], now: str
) -> dict[str, Any]:
    """Return the contexts with `changes`, as `checked_contexts` returns them, laid over them.

    The time of a change is `now`; {} if none is left.
    """
    custom = dict((before or {}).get("custom") or {})
    for key, value in changes["custom"].items():
        there = custom.pop(key, None)
        if value is not None:
            custom[key] = _payload(there, value, now)
    return {"custom": custom} if custom else {}


def _value(key: str, payload: object) -> str | None:
    value = payload.get("value") if isinstance(payload, dict) else payload
    if value is not None and (not isinstance(value, str) or not isinstance(payload, dict)):
        raise invalid(f"Invalid value for the context '{key}'.")
    return value


def _payload(there: Mapping[str, Any] | None, value: str, now: str) -> dict[str, Any]:
    if there is not None and there["value"] == value:
        return dict(there)
    created = there["createTime"] if there else now
    return {"value": value, "createTime": created, "updateTime": now}
