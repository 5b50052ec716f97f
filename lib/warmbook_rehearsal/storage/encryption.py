"""Encryption keys that a client brings: a rehearsal has none of them, and says so.

Objects would otherwise be stored as if no key had been sent, and be read without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .errors import invalid

_HEADERS = ("x-goog-encryption-", "x-goog-copy-source-encryption-")
"""How headers with a key begin. Source: Cloud Storage, "Customer-supplied encryption keys"."""

_PARAMETERS = ("kmsKeyName", "destinationKmsKeyName")


def refuse_keys(headers: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Refuse a request that brings or names an encryption key.

    Raises:
        StorageError: 400, with the name of the first header or parameter that does.
    """
    for name in _named(headers, query):
        raise invalid(
            "A rehearsal has no customer-supplied and no Cloud KMS encryption keys. "
            f"Repeat the request without '{name}'."
        )


def _named(headers: Mapping[str, str], query: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in headers if name.lower().startswith(_HEADERS))
    yield from (name for name in _PARAMETERS if query.get(name))
