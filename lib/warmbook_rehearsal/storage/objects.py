"""Objects of a bucket: their metadata, and which of it a client may set; reads no content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from .acls import OBJECT_ROLES, checked_entries
from .blobs import Content
from .contexts import checked_contexts, merged_contexts
from .errors import invalid
from .etags import etag
from .preconditions import Version

TEXT_FIELDS = (
    "contentType",
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "customTime",
    "storageClass",
)
HOLDS = ("temporaryHold", "eventBasedHold")
_RETENTION_MODES = ("Unlocked", "Locked")
_UNFIT_FOR_HEADERS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MAX_NAME_BYTES = 1024
_EPOCH = datetime.fromtimestamp(0, timezone.utc)

Fields = Mapping[str, Any]
"""What a client may set: `TEXT_FIELDS`, `HOLDS`, `metadata`, `contexts`, `retention` and `acl`."""


@dataclass(frozen=True)
class Meta:
    """One generation of an object; a change of its fields makes another `Meta`."""

    bucket: str
    name: str
    generation: int
    content: Content
    fields: Fields = field(default_factory=dict)
    metageneration: int = 1
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    updated: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    component_count: int | None = None
    deleted: datetime | None = None
    """Since when it is noncurrent: replaced or deleted in a bucket with versioning."""

    released: datetime | None = None
    """Since when it has no event-based hold any more."""

    soft_deleted: datetime | None = None
    hard_deleted: datetime | None = None
    """Since when it is deleted softly, and when it is gone for good."""

    @property
    def etag(self) -> str:
        """Changes with the generation and with the metageneration."""
        return etag(self.generation, self.metageneration)

    @property
    def version(self) -> Version:
        """What preconditions are checked against."""
        return Version(self.generation, self.metageneration, self.etag)

    @property
    def content_type(self) -> str:
        """The media type that a reader is told."""
        return str(self.fields.get("contentType") or "application/octet-stream")

    def with_fields(self, fields: Fields) -> Meta:
        """Return it with `fields` in the place of its own, one metageneration later."""
        now = datetime.now(timezone.utc)
        held = fields.get("eventBasedHold"), self.fields.get("eventBasedHold")
        return replace(
            self,
            fields=fields,
            metageneration=self.metageneration + 1,
            updated=now,
            released=now if held[1] and not held[0] else self.released,
        )

    def as_json(self, base_url: str) -> dict[str, Any]:
        """Return the resource of the JSON API; `base_url` makes its links absolute."""
        path = f"storage/v1/b/{self.bucket}/o/{quote(self.name, safe='')}"
        created, content = timestamp(self.created), self.content
        resource = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base_url}/{path}",
            "mediaLink": f"{base_url}/download/{path}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "storageClass": "STANDARD",
            "size": str(content.size_bytes),
            "crc32c": content.crc32c,
            "etag": self.etag,
            "timeCreated": created,
            "updated": timestamp(self.updated),
            "timeStorageClassUpdated": created,
            "timeFinalized": created,
            **{name: value for name, value in self.fields.items() if name != "acl"},
        }
        if content.md5:
            resource["md5Hash"] = content.md5
        if self.component_count:
            resource["componentCount"] = self.component_count
        if self.deleted:
            resource["timeDeleted"] = timestamp(self.deleted)
        if self.soft_deleted and self.hard_deleted:
            resource["softDeleteTime"] = timestamp(self.soft_deleted)
            resource["hardDeleteTime"] = timestamp(self.hard_deleted)
        return resource


def timestamp(moment: datetime) -> str:
    """Return a moment as the JSON API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def moment_of(text: str) -> datetime:
    """Return the moment that an RFC 3339 `text` names, in UTC if it names no zone.

    Raises:
        StorageError: 400, it names none.
    """
    try:
        moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        if not moment.tzinfo:
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise invalid(f"Invalid time: '{text}'") from None


def checked_name(name: object) -> str:
    """Return an object's name.

    Source: Cloud Storage, "Object name requirements".

    Raises:
        StorageError: 400, no object can be called that.
    """
    if not isinstance(name, str) or not name:
        raise invalid("Required parameter: name")
    if name in (".", "..") or set(name) & set("\r\n"):
        raise invalid(f"Invalid object name: {name!r}")
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        raise invalid("The name of an object must be valid UTF-8.") from None
    if size_bytes > _MAX_NAME_BYTES:
        raise invalid(f"The name of an object has at most {_MAX_NAME_BYTES} bytes in UTF-8.")
    return name


def settable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a client's `document` it may set; null values are kept.

    Raises:
        StorageError: 400, a value is not of the right kind.
    """
    fields: dict[str, Any] = {}
    for name in TEXT_FIELDS:
        if name in document:
            fields[name] = _text(name, document[name])
    if "metadata" in document:
        fields["metadata"] = _metadata(document["metadata"])
    if "contexts" in document:
        fields["contexts"] = checked_contexts(document["contexts"])
    if "retention" in document:
        fields["retention"] = _retention(document["retention"])
    if document.get("acl"):
        fields["acl"] = checked_entries(document["acl"], OBJECT_ROLES)
    for name in HOLDS:
        if name in document:
            fields[name] = _hold(name, document[name])
    return fields


def merged(fields: Fields, changes: Fields) -> dict[str, Any]:
    """Return `fields` with `changes` laid over them.

    A null removes; `metadata` and `contexts` merge by key.
    """
    both = {**fields, **changes}
    if changes.get("metadata") is not None:
        together = {**(fields.get("metadata") or {}), **changes["metadata"]}
        both["metadata"] = {key: text for key, text in together.items() if text is not None}
    if changes.get("contexts") is not None:
        now = timestamp(datetime.now(timezone.utc))
        both["contexts"] = merged_contexts(fields.get("contexts"), changes["contexts"], now)
    return {name: value for name, value in both.items() if value not in (None, "", {})}


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or _UNFIT_FOR_HEADERS.search(value):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return value


def _metadata(value: object) -> dict[str, str | None] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(
        isinstance(text, str) or text is None for text in value.values()
    ):
        raise invalid("Invalid value for metadata: an object of strings is needed.")
    return value


def _hold(name: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return value


def _retention(value: object) -> dict[str, str] | None:
    """Return an object's own retention; None if all its fields are null."""
    fields = ("mode", "retainUntilTime")
    if value is None or (isinstance(value, dict) and all(value.get(f) is None for f in fields)):
        return None
    if not isinstance(value, dict) or value.get("mode") not in _RETENTION_MODES:
        raise invalid("Invalid value for retention: its mode must be Unlocked or Locked.")
    until = value.get("retainUntilTime")
    if not isinstance(until, str) or moment_of(until) < _EPOCH:
        raise invalid("Invalid value for retention: a retainUntilTime is needed.")
    return {"mode": value["mode"], "retainUntilTime": timestamp(moment_of(until))}
