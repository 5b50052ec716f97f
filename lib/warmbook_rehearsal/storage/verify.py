"""Checksums a client sends along, held against those of what arrived; computes none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from .blobs import Content
from .errors import StorageError, invalid

_CRC32C, _MD5 = "CRC32C", "MD5 hash"

Expected = Sequence[tuple[str, str]]
"""Each declared checksum, after its name in messages. All must hold: one that is right does not
make up for another that is wrong."""


def expected_of_document(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the checksums in an object resource."""
    found = ((_CRC32C, document.get("crc32c")), (_MD5, document.get("md5Hash")))
    for label, value in found:
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid {label}: {value!r}")
    return [(label, value) for label, value in found if value]


def expected_of_headers(request: web.BaseRequest) -> list[tuple[str, str]]:
    """Return the checksums in X-Goog-Hash and Content-MD5."""
    found = [_declared(entry) for entry in _entries(request)]
    return found + [(_MD5, value) for value in request.headers.getall("Content-MD5", [])]


def check_expected(content: Content, expected: Expected) -> None:
    """Check what arrived; on a mismatch it is removed. A joined content has no md5 to check.

    Raises:
        StorageError: 400, a checksum differs.
    """
    calculated = {_CRC32C: content.crc32c, _MD5: content.md5}
    for label, value in expected:
        have = calculated[label]
        if have and value != have:
            content.remove()
            raise StorageError(
                400,
                "badDigest",
                f'Provided {label} "{value}" doesn\'t match calculated {label} "{have}".',
            )


def _entries(request: web.BaseRequest) -> list[str]:
    headers = request.headers.getall("X-Goog-Hash", [])
    return [entry.strip() for header in headers for entry in header.split(",")]


def _declared(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    label = {"crc32c": _CRC32C, "md5": _MD5}.get(name.lower())
    if label is None or not value:
        raise invalid(f"Invalid X-Goog-Hash: {entry!r}")
    return label, value
