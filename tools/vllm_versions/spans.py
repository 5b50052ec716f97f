"""The file: each word under the releases that have it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Facts = dict[str, Any]


def key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def packed(read: Mapping[str, Facts]) -> Facts:
    """Return the facts of all releases, each word once for each run of releases with it."""
    covered = sorted(read, key=key)
    data: Facts = {"covered": covered}
    for fact in sorted({fact for facts in read.values() for fact in facts}):
        spans: dict[tuple[int, int], list[str]] = {}
        for word in sorted({word for facts in read.values() for word in facts[fact]}):
            for span in runs([word in read[version][fact] for version in covered]):
                spans.setdefault(span, []).append(word)
        data[fact] = {
            f"{covered[first]}..{covered[last]}": words
            for (first, last), words in sorted(spans.items())
        }
    return data


def runs(holds: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of each run of True."""
    first = None
    for index, held in enumerate([*holds, False]):
        if held and first is None:
            first = index
        if not held and first is not None:
            yield first, index - 1
            first = None


def unpacked(data: Facts, version: str) -> Facts:
    """Return the facts of one release as read_source() gave them."""
    return {
        fact: sorted(
            word
            for span, words in spans.items()
            if key(span.split("..")[0]) <= key(version) <= key(span.split("..")[1])
            for word in words
        )
        for fact, spans in data.items()
        if fact != "covered"
    }


def written(data: Facts) -> str:
    """Return the file's text: one line for each run of releases, so that a diff shows it."""
    parts = [f'"covered":{json.dumps(data["covered"], separators=(",", ":"))}']
    for fact, spans in data.items():
        if fact != "covered":
            rows = ",\n".join(
                f" {json.dumps(span)}:{json.dumps(words, separators=(',', ':'))}"
                for span, words in spans.items()
            )
            parts.append(f'"{fact}":{{\n{rows}}}')
    return "{" + ",\n".join(parts) + "}\n"
