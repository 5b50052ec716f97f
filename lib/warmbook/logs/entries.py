"""Exports with an entry per line of the log: Cloud Logging's, docker's, Loki's; JSON, CSV, YAML."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..cloud.objects import at
from ..limited_yaml import YamlError, documents
from .source import Source

_MESSAGES = (
    *("textPayload", "jsonPayload.message", "jsonPayload.log", "jsonPayload.msg"),
    *("message", "log", "msg", "line", "content", "body"),
)
_TIMES = ("timestamp", "time", "@timestamp", "ts", "date", "receiveTimestamp")
_PODS = ("resource.labels.pod_name", "kubernetes.pod_name", "labels.pod", "pod_name", "pod")
_CONTAINERS = (
    *("resource.labels.container_name", "kubernetes.container_name", "labels.container"),
    *("container_name", "container"),
)
_TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_TIMED_JSON = re.compile(rb"(?:20\d\d-\d\d-\d\dT\S+ )?\{")
_LOOK = 1 << 16


@dataclass(frozen=True)
class Entry:
    """What a container wrote at a time, as the export tells it."""

    time: str
    source: Source
    message: str


def read(text: bytes) -> list[Entry] | None:
    """Return the entries of an export, None where the text is none."""
    head = text[:_LOOK].lstrip()
    for looks, entries in (
        (_is_list, _of_list),
        (_is_lines, _of_lines),
        (_is_yaml, _of_yaml),
        (_is_table, _of_table),
    ):
        if looks(head) and (found := [e for e in entries(text) if e is not None]):
            return found
    return None


def parted(entries: Iterable[Entry]) -> dict[Source, bytes]:
    """Return each container's lines with the time before each, the oldest entry first."""
    listed = list(entries)
    if listed and listed[0].time > listed[-1].time:
        listed.reverse()
    parts: dict[Source, list[str]] = {}
    for entry in listed:
        stamp = f"{entry.time} " if entry.time else ""
        lines = parts.setdefault(entry.source, [])
        lines += [stamp + line for line in entry.message.rstrip("\r\n").split("\n")]
    return {s: "\n".join(lines).encode("utf-8", "replace") for s, lines in parts.items()}


def _is_list(head: bytes) -> bool:
    return re.match(rb"\[\s*\{|\{\s*\"entries\"\s*:", head) is not None


def _of_list(text: bytes) -> Iterator[Entry | None]:
    try:
        found = json.loads(text.decode("utf-8", "replace"), parse_int=str)
    except (ValueError, RecursionError):
        found = _as_far_as_whole(text.decode("utf-8", "replace"))
    listed = at(found, "entries") if isinstance(found, Mapping) else found
    yield from map(_entry, listed if isinstance(listed, list) else ())


def _as_far_as_whole(text: str) -> list[Any]:
    """Return the objects of a list that was cut off."""
    decoder, found, place = json.JSONDecoder(parse_int=str), [], text.find("[") + 1
    try:
        while (place := text.find("{", place)) >= 0:
            one, place = decoder.raw_decode(text, place)
            found.append(one)
    except (ValueError, RecursionError):
        pass
    return found


def _is_lines(head: bytes) -> bool:
    first = head.split(b"\n", 1)[0]
    return _TIMED_JSON.match(first) is not None and first.rstrip().endswith((b"}", b"...", b"}\r"))


def _of_lines(text: bytes) -> Iterator[Entry | None]:
    """Read an object per line; what another program printed between them stays as it is."""
    before = Entry("", Source(), "")
    for line in text.decode("utf-8", "replace").split("\n"):
        stamp, brace, rest = line.partition("{")
        try:
            found = _entry(json.loads(brace + rest, parse_int=str)) if brace else None
        except (ValueError, RecursionError):
            found = None
        if found is None and line.strip():
            found = Entry(before.time, before.source, line)
        elif found and not found.time and _TIME.match(stamp):
            found = Entry(stamp.strip(), found.source, found.message)
        if found:
            before = found
            yield found


def _is_yaml(head: bytes) -> bool:
    return head.startswith(b"---") and re.search(rb"^(text|json)Payload:", head, re.M) is not None


def _of_yaml(text: bytes) -> Iterator[Entry | None]:
    """Read gcloud's default form, a document per entry, one after the other within limits."""
    for document in re.split(rb"^---\s*$", text, flags=re.M):
        try:
            for one in documents(document.decode("utf-8", "replace"), kubernetes=True):
                yield _entry(one)
        except YamlError:
            continue


def _is_table(head: bytes) -> bool:
    first = head.split(b"\n", 1)[0].decode("utf-8", "replace").lower()
    names = {name.strip(' \r"') for name in first.split(",")}
    return bool(names & {n.lower() for n in _MESSAGES}) and bool(names & {*_TIMES, "insertid"})


def _of_table(text: bytes) -> Iterator[Entry | None]:
    lines = io.StringIO(text.decode("utf-8", "replace").replace("\0", ""), newline="")
    # the limit is the process's own, for other readers too: it only grows
    csv.field_size_limit(max(len(text) + 1, csv.field_size_limit()))
    try:
        for row in csv.DictReader(lines):
            yield _entry({_column(n): v for n, v in row.items() if n and isinstance(v, str)})
    except csv.Error:
        return


def _column(name: str) -> str:
    known = {one.lower(): one for one in (*_MESSAGES, *_TIMES, *_PODS, *_CONTAINERS)}
    return known.get(name.strip().lower(), name)


def _entry(found: object) -> Entry | None:
    if not isinstance(found, Mapping):
        return None
    if message := _first(found, _MESSAGES):
        source = Source(_first(found, _PODS), _first(found, _CONTAINERS))
        return Entry(_first(found, _TIMES), source, message)
    return None


def _first(entry: Mapping[str, Any], paths: Iterable[str]) -> str:
    """Return the first text that stands at one of the paths, or under its whole name."""
    for path in paths:
        value = entry.get(path) if path in entry else at(entry, *path.split("."))
        if isinstance(value, str) and value:
            return value
    return ""
