"""Which way a log runs: viewers of logs save the newest line first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise

_RUNTIME = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?")
_OWN = re.compile(rb"(?<!\d)(?:20\d\d-)?(\d\d-\d\d \d\d:\d\d:\d\d)")
_SAMPLE_LINES = 400
_SAMPLE_BYTES = 1 << 18
_MOST_LETTERS = 200


def oldest_first(text: bytes) -> bytes:
    """Return the lines with the oldest first, as most of their times say.

    Lines without a time stay behind the one before them, where nearly every line has the
    runtime's; else the text was turned line by line.
    """
    lines = [line for line in text[:_SAMPLE_BYTES].split(b"\n") if line.strip()]
    sample = [line[:_MOST_LETTERS] for line in islice(lines, _SAMPLE_LINES)]
    stamps = _stamps(_RUNTIME, sample)
    timed = len(stamps) > len(sample) / 2
    if not _falls(stamps if timed else _stamps(_OWN, sample)):
        return text
    all_lines = text.rstrip(b"\n").split(b"\n")
    return (_groups_turned(all_lines) if timed else b"\n".join(reversed(all_lines))) + b"\n"


def _stamps(pattern: re.Pattern[bytes], lines: Sequence[bytes]) -> list[bytes]:
    return [found[0] for line in lines if (found := pattern.search(line))]


def _falls(stamps: Sequence[bytes]) -> bool:
    """Say whether times go back more often than on; a restart or New Year goes back once."""
    pairs = list(pairwise(stamps))
    return sum(a > b for a, b in pairs) > sum(a < b for a, b in pairs)


def _groups_turned(lines: Sequence[bytes]) -> bytes:
    groups: list[list[bytes]] = []
    for line in lines:
        if groups and not _RUNTIME.search(line[:_MOST_LETTERS]):
            groups[-1].append(line)
        else:
            groups.append([line])
    return b"\n".join(line for group in reversed(groups) for line in group)
