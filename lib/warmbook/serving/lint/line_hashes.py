"""Hashes of lines by which GitHub recognises a result in a file that has changed since.

Source: github/codeql-action, src/fingerprints.ts, and the hashes that its tests expect.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

_BLOCK = 100
"""Letters that are hashed of a line and of what follows it."""
_FACTOR = 37
_END = "\uffff"
_LINE_END = re.compile(r"\r\n?")
_SPACES = str.maketrans("", "", " \t")


def line_hashes(text: str, lines: Collection[int]) -> dict[int, str]:
    """Return the hashes of lines of a text, the first of which is 1."""
    letters = _LINE_END.sub("\n", text).translate(_SPACES) + _END
    found: dict[int, str] = {}
    seen: Counter[str] = Counter()
    at = 0
    for number, line in enumerate(letters.split("\n"), start=1):
        block = letters[at : at + _BLOCK]
        seen[block] += 1
        if number in lines:
            found[number] = f"{_hash(block):x}:{seen[block]}"
        at += len(line) + 1
    return found


def _hash(block: str) -> int:
    encoded = block.encode("utf-16-le", errors="surrogatepass")
    found = 0
    for at in range(0, 2 * _BLOCK, 2):
        found = found * _FACTOR + int.from_bytes(encoded[at : at + 2], "little")
    return found % 2**64
