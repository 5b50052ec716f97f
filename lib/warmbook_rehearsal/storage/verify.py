"""Checksums a client sends along, held against those of what arrived; computes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .blobs import Content
from .errors import StorageError, invalid

_CRC32C, _MD5 = "CRC32C", "MD5 hash"


def expected_of_document(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the checksums in an object resource, by their name in messages."""
    found = {_CRC32C: document.get("crc32c"), _MD5: document.get("md5Hash")}
    for label, value in found.items():
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid {label}: {value!r}")
    return {label: value for label, value in found.items() if value}


def expected_of_headers(request: web.BaseRequest) -> dict[str, str]:
    """Return the checksums in X-Goog-Hash and Content-MD5, by their name in messages."""
    found = {}
    for header in request.headers.getall("X-Goog-Hash", []):
        for entry in header.split(","):
            name, _, value = entry.strip().partition("=")
            label = {"crc32c": _CRC32C, "md5": _MD5}.get(name.lower())
            if label is None or not value:
                raise invalid(f"Invalid X-Goog-Hash: {entry.strip()!r}")
            found[label] = value
    if "Content-MD5" in request.headers:
        found[_MD5] = request.headers["Content-MD5"]
    return found


def check_expected(content: Content, expected: Mapping[str, str]) -> None:
    """Check what arrived; on a mismatch it is removed.

    Raises:
        StorageError: 400, a checksum differs.
    """
    for label, have in ((_CRC32C, content.crc32c), (_MD5, content.md5)):
        want = expected.get(label)
        if want and have and want != have:
            content.remove()
            raise StorageError(
                400,
                "badDigest",
                f'Provided {label} "{want}" doesn\'t match calculated {label} "{have}".',
            )
