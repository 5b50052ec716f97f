"""The numbers of enum values: in the message types of Google's client libraries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

LIBRARIES = (
    *("billing_v1", "container_v1", "resourcemanager_v3", "service_usage_v1"),
    "storage_control_v2",
)


def enum_names(field: str, number: int) -> set[str]:
    """Return what a number of a field stands for, such as "Cluster.status".

    A document may put the package before a message's name: GoogleApiServiceusageV1Service.
    """
    schema, _, name = field.rpartition(".")
    enums = [enum for message, enum in _enums()[name] if schema.endswith(message)]
    found = (enum.values_by_number.get(number) for enum in enums)
    return {value.name for value in found if value is not None}


@cache
def _enums() -> dict[str, list[tuple[str, Any]]]:
    """Return the enums by their field, as JSON has it, each with its message.

    Messages of the same name in two libraries, or in two others, all count.
    """
    enums: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for library in LIBRARIES:
        for message in _messages(import_module(f"google.cloud.{library}")):
            for field in message.fields:
                if field.enum_type is not None:
                    enums[field.json_name].append((message.name, field.enum_type))
    return enums


def _messages(library: Any) -> Iterator[Any]:
    """Yield the message types of a library, those inside of others too."""
    for name in dir(library):
        kind = getattr(library, name)
        if hasattr(kind, "pb") and hasattr(kind, "wrap"):
            yield from _below(kind.pb(kind()).DESCRIPTOR)


def _below(message: Any) -> Iterator[Any]:
    yield message
    for nested in message.nested_types:
        yield from _below(nested)
