"""Lines with a prefix: kubectl's, stern's, docker compose's, the runtime's own files, gcloud's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from .source import Source

_TIME = rb"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_NAME = rb"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"

KUBECTL = re.compile(rb"\[pod/(?P<pod>[^/\]\s]{1,253})/(?P<container>[^\]\s]{1,63})\] ?")
"""`kubectl logs --prefix`."""
COMPOSE = re.compile(rb"(?P<pod>[A-Za-z0-9][\w.-]{0,99}) +\| ?")
"""`docker compose logs`."""
STERN = re.compile(rb"(?P<pod>" + _NAME + rb") (?P<container>" + _NAME + rb") (?! *\|)")
"""stern's default template: the Pod, the container, the message."""
CONSTANT = (KUBECTL, COMPOSE, STERN)
"""Prefixes that are the same in all lines of a container."""

RUNTIME = re.compile(
    rb"(?P<at>" + _TIME + rb") (?:stdout|stderr) (?P<part>[FP])(?::\S*)? (?P<rest>.*)", re.DOTALL
)
"""A file of /var/log/pods on the node. Source: Kubernetes, CRI logging format; P is a part."""
GCLOUD = re.compile(
    rb"(?:[A-Z]{4,9} +)?(?P<at>" + _TIME + rb") (?P<labels>(?:\[[\w./ -]+: [^\]]*\] )+)"
    rb"(?P<rest>.*)",
    re.DOTALL,
)
"""Cloud Logging's lines as text: severity, time, labels in brackets, message."""
LOKI = re.compile(rb"(?P<at>" + _TIME + rb") (?P<labels>\{[^}]*\}) +(?P<rest>.*)", re.DOTALL)
"""`logcli query`: time, labels, message."""

_POD = re.compile(rb"\bpod_?[nN]ame: ([^\]]+)|\bpod=\"([^\"]+)\"")
_CONTAINER = re.compile(rb"\bcontainer_?[nN]ame: ([^\]]+)|\bcontainer=\"([^\"]+)\"")

_SAMPLE_BYTES = 1 << 18
_SAMPLE_LINES = 300
_MOST_LETTERS = 600
_ENOUGH = 0.9
"""Share of the first lines that must have a prefix; what was printed beside them has none."""


def parted(text: bytes) -> dict[Source, bytes]:
    """Return each container's lines without their prefix; one part where no form is known."""
    sample = _sample(text)
    if form := next((one for one in CONSTANT if _is_form(one, sample)), None):
        return _of_constant(form, text)
    if _share(RUNTIME, sample) >= _ENOUGH:
        return {Source(): _joined(text)}
    for form in (GCLOUD, LOKI):
        if _share(form, sample) >= _ENOUGH:
            return _of_labels(form, text)
    return {Source(): text}


def _sample(text: bytes) -> list[bytes]:
    lines = text[:_SAMPLE_BYTES].split(b"\n")
    spoken = (line[:_MOST_LETTERS] for line in lines if line.strip())
    return list(islice(spoken, _SAMPLE_LINES))


def _share(form: re.Pattern[bytes], sample: list[bytes]) -> float:
    return sum(1 for line in sample if form.match(line)) / len(sample) if sample else 0.0


def _is_form(form: re.Pattern[bytes], sample: list[bytes]) -> bool:
    """Say whether the first lines have this prefix; of stern's, few names that look like Pods'."""
    if _share(form, sample) < _ENOUGH:
        return False
    if form is not STERN:
        return True
    names = {found["pod"] for line in sample if (found := form.match(line))}
    return len(sample) > 2 and len(names) <= 1 + len(sample) / 4 and all(b"-" in n for n in names)


def _of_constant(form: re.Pattern[bytes], text: bytes) -> dict[Source, bytes]:
    first = form.match(text)
    if first and text.count(b"\n" + first[0]) >= text.rstrip(b"\n").count(b"\n"):
        bare = text[first.end() :].replace(b"\n" + first[0], b"\n")
        return {_source(first["pod"], first.groupdict().get("container")): bare}
    parts: dict[Source, list[bytes]] = {}
    source = Source()
    for line in text.split(b"\n"):
        if found := form.match(line):
            source = _source(found["pod"], found.groupdict().get("container"))
            line = line[found.end() :]
        parts.setdefault(source, []).append(line)
    return _lined(parts)


def _of_labels(form: re.Pattern[bytes], text: bytes) -> dict[Source, bytes]:
    """Part lines by the labels in each; the time stays before the message."""
    parts: dict[Source, list[bytes]] = {}
    source = Source()
    for line in text.split(b"\n"):
        if found := form.match(line):
            source = _source(_label(_POD, found), _label(_CONTAINER, found))
            line = found["at"] + b" " + found["rest"]
        parts.setdefault(source, []).append(line)
    return _lined(parts)


def _label(pattern: re.Pattern[bytes], line: re.Match[bytes]) -> bytes:
    found = pattern.search(line["labels"])
    return (found[1] or found[2]).strip() if found else b""


def _joined(text: bytes) -> bytes:
    """Return the runtime's lines without their tags, parts of a long line put together."""
    lines: list[bytes] = []
    whole = True
    for line in text.split(b"\n"):
        found = RUNTIME.match(line)
        if found is None:
            lines.append(line)
        elif whole:
            lines.append(found["at"] + b" " + found["rest"])
        else:
            lines[-1] += found["rest"]
        whole = found is None or found["part"] == b"F"
    return b"\n".join(lines)


def _lined(parts: dict[Source, list[bytes]]) -> dict[Source, bytes]:
    return {source: b"\n".join(lines) for source, lines in parts.items()}


def _source(*names: bytes | None) -> Source:
    return Source(*_texts(names))


def _texts(names: Iterable[bytes | None]) -> Iterable[str]:
    return ((name or b"").decode("utf-8", "replace") for name in names)
