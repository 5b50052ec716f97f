"""Etags the way Cloud Storage builds them: numbers as protobuf fields, in base64; stores none."""

from __future__ import annotations

import base64


def etag(*numbers: int) -> str:
    """Return the etag of these numbers, the first as field 1, the next as field 2."""
    fields = (_varint(index << 3) + _varint(number) for index, number in enumerate(numbers, 1))
    return base64.b64encode(b"".join(fields)).decode()


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])
