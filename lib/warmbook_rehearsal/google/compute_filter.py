"""The list filters of Compute Engine, as far as clients use them; no RE2, only `.*`.

Source: Compute Engine API, "filter" of the list methods.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import GoogleError

_CLAUSE = re.compile(
    r"""\(?\s*(?P<field>[A-Za-z][\w.]*)\s*(?P<op>!=|=|:|\beq\b|\bne\b)\s*"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s()"']+)\s*\)?"""
)


def fits(resource: Mapping[str, Any], expression: str) -> bool:
    """Say whether a resource meets every clause of a filter.

    Raises:
        GoogleError: 400, the filter can't be read.
    """
    clauses = [_read(text) for text in _split(expression)]
    return all(_holds(resource, *clause) for clause in clauses)


def _split(expression: str) -> list[str]:
    texts = (
        re.split(r"\s+AND\s+|(?<=\))\s*(?=\()", expression.strip()) if expression.strip() else []
    )
    return [text.strip() for text in texts]


def _read(text: str) -> tuple[str, str, str]:
    found = _CLAUSE.fullmatch(text)
    if found is None:
        raise GoogleError(
            "INVALID_ARGUMENT",
            f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.",
            compute_reason="invalid",
        )
    return found["field"], found["op"], found["value"].strip("\"'")


def _holds(resource: Mapping[str, Any], field: str, op: str, wanted: str) -> bool:
    value: Any = resource
    for name in field.split("."):
        value = value.get(name, "") if isinstance(value, Mapping) else ""
    same = _like(wanted, str(value)) if op in ("eq", "ne", ":") else str(value) == wanted
    return same != (op in ("!=", "ne"))


def _like(pattern: str, value: str) -> bool:
    pieces = re.split(r"\.?\*", pattern)
    return re.fullmatch(".*".join(map(re.escape, pieces)), value) is not None
