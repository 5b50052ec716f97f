"""What a server's container is told: its arguments and its environment, as somebody wrote them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..model.load_estimate import connections

_SERVERS_OPTION = "--model-loader-extra-config"
_CONCURRENCY = ("RUNAI_STREAMER_OBJ_CONCURRENCY", "RUNAI_STREAMER_CONCURRENCY")
_PER_CLIENT = "RUNAI_STREAMER_S3_MAX_CONNECTIONS"
_MOST = 1024
"""The streamer takes no more clients."""


def option(container: Mapping[str, Any], name: str) -> str:
    """Return the value of `--name=value` or `--name value`, "" where it is not given."""
    words = [str(word) for key in ("command", "args") for word in _list(container.get(key))]
    for at, word in enumerate(words):
        given, equals, value = word.partition("=")
        if given == name:
            return value if equals else (words[at + 1] if at + 1 < len(words) else "")
    return ""


def loader_config(container: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what --model-loader-extra-config tells the streamer, None where it is no object."""
    try:
        found = json.loads(option(container, _SERVERS_OPTION) or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the container's environment variables by name."""
    told = (one for one in _list(container.get("env")) if isinstance(one, dict))
    return {str(one.get("name")): one.get("value") for one in told}


def connections_of(container: Mapping[str, Any], vcpus: int) -> int:
    """Return how many connections each of the server's processes opens to Cloud Storage.

    The loader's `concurrency` goes before the variables, of which vLLM sets the second.
    """
    told = variables(container)
    given = ((loader_config(container) or {}).get("concurrency"), *map(told.get, _CONCURRENCY))
    clients = next(filter(None, map(_count, given)), None)
    return connections(vcpus, min(clients or 0, _MOST), _count(told.get(_PER_CLIENT)) or 0)


def _count(value: object) -> int | None:
    """Return a count above 0; None for what the streamer would take for nothing said."""
    text = str(value)
    return (int(text) or None) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
