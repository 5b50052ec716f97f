"""The table that `kubectl get events` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from ...cloud.objects import Object

_TITLES = re.compile(r"^(?:NAMESPACE +)?LAST SEEN +TYPE +REASON +OBJECT +.*MESSAGE", re.MULTILINE)
_COLUMN = re.compile(r"\S+(?: \S+)*")
_AGE = re.compile(r"(\d+)(d|h|m|s)")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""A table tells ages only; any moment serves to put its events in order."""


def is_one(content: str) -> bool:
    """Say whether a text has such a table."""
    return _TITLES.search(content) is not None


def events(content: str) -> Iterator[Object]:
    """Yield the events of the table as objects; what is above it is left out."""
    found = _TITLES.search(content)
    if found is None:
        return
    titles = content[found.start() :].partition("\n")[0]
    starts = {one[0]: one.start() for one in _COLUMN.finditer(titles)}
    ends = dict(zip(starts, [*list(starts.values())[1:], None], strict=True))
    for line in content[found.start() :].split("\n")[1:]:
        if line.strip():
            yield _event({name: line[starts[name] : ends[name]].strip() for name in starts})


def _event(row: dict[str, str]) -> Object:
    kind, _, name = row.get("OBJECT", "").partition("/")
    return {
        "reason": row.get("REASON", ""),
        "message": row.get("MESSAGE", ""),
        "type": row.get("TYPE", ""),
        "lastTimestamp": moment(row.get("LAST SEEN", "")),
        "involvedObject": {"kind": kind[:1].upper() + kind[1:], "name": name},
    }


def moment(age: str) -> str:
    """Return when something of this age was, as Kubernetes writes times, by a clock of its own."""
    seconds = sum(int(n[:9]) * _SECONDS[unit] for n, unit in _AGE.findall(age.partition("(")[0]))
    return (_EPOCH - timedelta(seconds=min(seconds, 10**8))).strftime("%Y-%m-%dT%H:%M:%SZ")
