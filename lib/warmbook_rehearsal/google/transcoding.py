"""HTTP rules as Google's APIs have them: a path, query and JSON body become a request message."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format

from .errors import invalid
from .strict_json import violations

Handler = Callable[[Any, Any], Any]
"""Takes the request message and the caller, returns a message or a JSON object."""

SYSTEM_PARAMETERS = frozenset(
    {
        *("$alt", "alt", "key", "$key", "prettyPrint", "$prettyPrint", "fields", "$fields"),
        *("quotaUser", "userProject", "access_token", "oauth_token", "callback"),
        *("uploadType", "upload_protocol", "$.xgafv"),
    }
)
"""Accepted on every call, without effect here. Source: Google Cloud APIs, "System parameters"."""

_VARIABLE = re.compile(r"\{(\w+)(?:=([^}]*))?\}")


@dataclass(frozen=True)
class Route:
    """One HTTP rule: what it matches, the message it fills, and who answers it.

    `body` is "*" (the rest of the message), the name of one field, or "" (no body).
    With `request` None the handler gets the path's and the query's values as a dict.
    """

    verb: str
    template: str
    request: Any
    answer: Handler
    body: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compile the template; `*` stands for one segment, `**` for several."""
        pieces, position = [], 0
        for variable in _VARIABLE.finditer(self.template):
            name, shape = variable[1], re.escape(variable[2] or "*")
            shape = shape.replace(r"\*\*", ".+").replace(r"\*", "[^/:]+")
            pieces += [
                re.escape(self.template[position : variable.start()]),
                f"(?P<{name}>{shape})",
            ]
            position = variable.end()
        return re.compile("".join(pieces) + re.escape(self.template[position:]))

    def match(self, verb: str, raw_path: str) -> dict[str, str] | None:
        """Return the path's values by field, or None if the rule doesn't fit."""
        found = self.pattern.fullmatch(raw_path) if verb == self.verb else None
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items()}

    def message(
        self, path: Mapping[str, str], query: Mapping[str, Sequence[str]], body: Any
    ) -> Any:
        """Build the request message.

        Raises:
            GoogleError: 400 that names each unknown field and each value of a wrong type.
        """
        asked = {k: v for k, v in query.items() if k not in SYSTEM_PARAMETERS}
        if self.request is None:
            return {**{k: v[-1] for k, v in asked.items()}, **path}
        proto = self.request.pb(self.request()) if _is_plus(self.request) else self.request()
        _fill(proto, _as_body(self.body, body, proto.DESCRIPTOR))
        _fill(proto, _bind(proto.DESCRIPTOR, asked), of_query=True)
        _fill(proto, dict(path))
        return self.request.wrap(proto) if _is_plus(self.request) else proto


def as_json(answer: Any, *, numeric_enums: bool = False) -> dict[str, Any]:
    """Return a message (of either kind) or a JSON object as a JSON object."""
    if isinstance(answer, dict):
        return answer
    proto = type(answer).pb(answer) if _is_plus(type(answer)) else answer
    found: dict[str, Any] = json_format.MessageToDict(proto, use_integers_for_enums=numeric_enums)
    return found


def _is_plus(request: Any) -> bool:
    return hasattr(request, "wrap")


def _as_body(rule: str, body: Any, descriptor: Any) -> Any:
    if not rule or body is None:
        return {}
    return body if rule == "*" else {descriptor.fields_by_name[rule].json_name: body}


def _fill(proto: Any, given: Any, *, of_query: bool = False) -> None:
    found = list(violations(proto.DESCRIPTOR, given, of_query=of_query))
    if found:
        raise invalid("\n".join(text for _, text in found), *found)
    try:
        json_format.ParseDict(given, proto)
    except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        raise invalid(f"Invalid JSON payload received. {str(error)[:200]}") from error


def _bind(descriptor: Any, query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Turn query parameters into JSON, with lists and booleans where the message has them.

    No message that is read from a query has messages in it, so names are never dotted.
    """
    fields = {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
    return {name: _typed(fields.get(name), values) for name, values in query.items()}


def _typed(field: Any, values: Sequence[str]) -> Any:
    typed: list[Any] = list(values)
    if field is not None and field.type == field.TYPE_BOOL:
        typed = [{"true": True, "false": False}.get(value.lower(), value) for value in values]
    return typed if field is not None and field.is_repeated else typed[-1]
