"""A bucket: its settings, its policy and its objects; checks no permissions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from .acls import Entry, check_not_public
from .errors import invalid
from .etags import etag
from .locations import Location
from .objects import Meta, timestamp
from .policy import Policy
from .preconditions import Version
from .retention import check_unprotected, kept_until
from .settings import (
    FIXED,
    checked_settings,
    completed,
    enabled,
    laid_over,
    locked,
    soft_delete_period,
)

_NAME = re.compile(r"(?!goog)[a-z0-9][a-z0-9_.-]{1,220}[a-z0-9]")
_DOTTED_QUAD = re.compile(r"\d+(\.\d+){3}")
_MAX_COMPONENT = 63


@dataclass
class Bucket:
    """A bucket and its objects by name. `settings` are those of the JSON API.

    With versioning, what is replaced or deleted is kept in `noncurrent`, the oldest first, also
    after versioning was suspended. Source: Cloud Storage, "Object Versioning".
    """

    name: str
    location: Location
    settings: dict[str, Any]
    policy: Policy
    objects: dict[str, Meta] = field(default_factory=dict)
    noncurrent: dict[str, list[Meta]] = field(default_factory=dict)
    soft_deleted: dict[str, list[Meta]] = field(default_factory=dict)
    folders: dict[str, datetime] = field(default_factory=dict)
    default_acl: Sequence[Entry] | None = None
    generation: int = 1
    metageneration: int = 1
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    updated: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    deleted: datetime | None = None
    """Since when the bucket itself is deleted softly."""

    @property
    def etag(self) -> str:
        """Changes with the metageneration."""
        return etag(self.metageneration)

    @property
    def version(self) -> Version:
        """What preconditions are checked against; a bucket has no generation."""
        return Version(0, self.metageneration, self.etag)

    @property
    def hierarchical(self) -> bool:
        """Whether its namespace is hierarchical."""
        return bool(self.settings.get("hierarchicalNamespace", {}).get("enabled"))

    @property
    def uniform(self) -> bool:
        """Whether access is by IAM alone."""
        return enabled(self.settings["iamConfiguration"], "uniformBucketLevelAccess")

    @property
    def prevents_public_access(self) -> bool:
        """Whether nothing in it may be open to everybody."""
        return self.settings["iamConfiguration"]["publicAccessPrevention"] == "enforced"

    def check_has_acls(self) -> None:
        """Check that access is by lists, too; raises StorageError 400 if by IAM alone."""
        if self.uniform:
            raise invalid("Cannot use ACLs when uniform bucket-level access is enabled.")

    def check_acl(self, entries: Sequence[Entry]) -> None:
        """Check that a list may be set; raises StorageError 400 or 412."""
        self.check_has_acls()
        if self.prevents_public_access:
            check_not_public(entry["entity"] for entry in entries)

    def set_default_acl(self, entries: Sequence[Entry]) -> None:
        """Let new objects have this list; raises StorageError 400 or 412."""
        self.check_acl(entries)
        self.default_acl = list(entries)
        self._changed()

    def set_policy(self, document: Mapping[str, Any]) -> None:
        """Replace the policy by a client's `document`.

        Raises:
            StorageError: 400, it is malformed; 412, it is of an older revision, or public where
                that is prevented.
        """
        policy = self.policy.replaced_by(document)
        if self.prevents_public_access:
            check_not_public(name for one in policy.bindings for name in one["members"])
        self.policy = policy

    @property
    def empty(self) -> bool:
        """Whether it has no object, noncurrent ones included."""
        return not self.objects and not self.noncurrent

    def find(self, name: str, generation: int | None = None) -> Meta | None:
        """Return an object: the live one, or that of a generation; None if it is absent."""
        live = self.objects.get(name)
        if generation is None:
            return live
        versions = [*self.noncurrent.get(name, ()), *([live] if live else ())]
        return next((meta for meta in versions if meta.generation == generation), None)

    def versions(self) -> dict[str, list[Meta]]:
        """Return all generations of all objects by name, the oldest first."""
        found = {name: list(metas) for name, metas in self.noncurrent.items()}
        for name, meta in self.objects.items():
            found.setdefault(name, []).append(meta)
        return found

    def rename(self, name: str) -> None:
        """Call the bucket so, its objects included; Cloud Storage itself has no such call."""
        self.name = name
        self.objects = {key: replace(meta, bucket=name) for key, meta in self.objects.items()}
        self.noncurrent = {
            key: [replace(meta, bucket=name) for meta in metas]
            for key, metas in self.noncurrent.items()
        }
        self.soft_deleted = {
            key: [replace(meta, bucket=name) for meta in metas]
            for key, metas in self.soft_deleted.items()
        }

    def put(self, meta: Meta) -> None:
        """Make `meta` the live generation of its object; the one before is retired."""
        self.retire(meta.name)
        self.objects[meta.name] = meta

    def retire(self, name: str) -> None:
        """Let an object have no live generation: with versioning it is kept as noncurrent."""
        live = self.objects.pop(name, None)
        if live is None:
            return
        if enabled(self.settings, "versioning"):
            deleted = replace(live, deleted=datetime.now(timezone.utc))
            self.noncurrent.setdefault(name, []).append(deleted)
        else:
            self._dispose(live)

    def purge(self, meta: Meta) -> None:
        """Remove one generation for good, with its content."""
        if self.objects.get(meta.name) is meta:
            del self.objects[meta.name]
        else:
            self._set_noncurrent(meta, None)
        self._dispose(meta)

    def _dispose(self, meta: Meta) -> None:
        """Keep what is deleted for as long as the bucket's soft delete policy says."""
        period, now = soft_delete_period(self.settings), datetime.now(timezone.utc)
        if not period:
            meta.content.remove()
            return
        kept = replace(meta, soft_deleted=now, hard_deleted=now + period)
        others = self.soft_deleted.get(meta.name, [])
        self.soft_deleted[meta.name] = sorted([*others, kept], key=lambda one: one.generation)

    def restorable(self) -> dict[str, list[Meta]]:
        """Return what is deleted softly by name, the oldest first; whose time is over is gone."""
        now = datetime.now(timezone.utc)
        metas = [meta for kept in self.soft_deleted.values() for meta in kept]
        over = [meta for meta in metas if meta.hard_deleted and meta.hard_deleted <= now]
        for meta in over:
            meta.content.remove()
        for name, kept in list(self.soft_deleted.items()):
            self.soft_deleted[name] = [meta for meta in kept if meta not in over]
        self.soft_deleted = {name: kept for name, kept in self.soft_deleted.items() if kept}
        return self.soft_deleted

    @property
    def hard_deleted(self) -> datetime | None:
        """When the bucket, deleted softly, is gone for good."""
        return self.deleted + soft_delete_period(self.settings) if self.deleted else None

    def remove(self) -> None:
        """Remove the contents that its deleted objects have left."""
        for meta in (meta for kept in self.soft_deleted.values() for meta in kept):
            meta.content.remove()
        self.soft_deleted = {}

    def describe(self, meta: Meta, changed: Meta) -> None:
        """Put `changed` in the place of `meta`, which is of the same generation."""
        if self.objects.get(meta.name) is meta:
            self.objects[meta.name] = changed
        else:
            self._set_noncurrent(meta, changed)

    def _set_noncurrent(self, meta: Meta, changed: Meta | None) -> None:
        others = [changed if each is meta else each for each in self.noncurrent[meta.name]]
        kept = [each for each in others if each is not None]
        self.noncurrent[meta.name] = kept
        if not kept:
            del self.noncurrent[meta.name]

    def change(self, document: Mapping[str, Any]) -> None:
        """Lay a client's `document` over the settings: null removes, objects merge.

        Raises:
            StorageError: 400, a value is not of the right kind; 403, it lessens what is locked.
        """
        self._set(laid_over(self.settings, checked_settings(document)))

    def update(self, document: Mapping[str, Any]) -> None:
        """Put a client's `document` in the place of the settings: what it omits is removed.

        Source: Cloud Storage JSON API, Buckets: update. What a bucket has from its creation on
        stays.

        Raises:
            StorageError: 400, a value is not of the right kind; 403, it lessens what is locked.
        """
        fixed = {name: self.settings[name] for name in FIXED if name in self.settings}
        self._set(checked_settings(document) | fixed)

    def lock_retention(self) -> None:
        """Lock the retention policy: from now on it can only be prolonged.

        Raises:
            StorageError: 400, there is none.
        """
        if "retentionPolicy" not in self.settings:
            raise invalid("The bucket has no retention policy to lock.")
        self.settings["retentionPolicy"] = locked(self.settings["retentionPolicy"])
        self._changed()

    def _set(self, settings: Mapping[str, Any]) -> None:
        self.settings = completed(settings, self.location, self.settings)
        self._changed()

    def _changed(self) -> None:
        self.metageneration += 1
        self.updated = datetime.now(timezone.utc)

    def check_replaceable(self, name: str) -> None:
        """Check that an object may be written: that the one before, if any, need not be kept."""
        if name in self.objects:
            self.check_removable(self.objects[name])

    def check_removable(self, meta: Meta) -> None:
        """Check that one generation need not be kept; raises StorageError 403 if it must."""
        check_unprotected(meta, self.settings.get("retentionPolicy"))

    def object_as_json(self, meta: Meta, base_url: str) -> dict[str, Any]:
        """Return the resource of one of its objects in the JSON API."""
        until = kept_until(meta, self.settings.get("retentionPolicy"))
        kept = {"retentionExpirationTime": timestamp(until)} if until else {}
        return meta.as_json(base_url) | kept

    def as_json(self, base_url: str, project_number: str) -> dict[str, Any]:
        """Return the resource of the JSON API."""
        deleted, gone = self.deleted, self.hard_deleted
        times = (
            {"softDeleteTime": timestamp(deleted), "hardDeleteTime": timestamp(gone)}
            if deleted and gone
            else {}
        )
        return {
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": f"{base_url}/storage/v1/b/{self.name}",
            "name": self.name,
            "projectNumber": project_number,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "location": self.location.name,
            "locationType": self.location.kind,
            "etag": self.etag,
            "timeCreated": timestamp(self.created),
            "updated": timestamp(self.updated),
            **times,
            **self.settings,
        }

    def layout_as_json(self) -> dict[str, Any]:
        """Return the storageLayout resource of the JSON API."""
        return {
            "kind": "storage#storageLayout",
            "bucket": self.name,
            "location": self.location.name,
            "locationType": self.location.kind,
            "hierarchicalNamespace": {"enabled": self.hierarchical},
        }


def checked_bucket_name(name: object) -> str:
    """Return a bucket's name.

    Source: Cloud Storage, "Bucket name requirements".

    Raises:
        StorageError: 400, no bucket can be called that.
    """
    if (
        not isinstance(name, str)
        or not _NAME.fullmatch(name)
        or _DOTTED_QUAD.fullmatch(name)
        or max(map(len, name.split("."))) > _MAX_COMPONENT
    ):
        raise invalid(f"Invalid bucket name: '{name}'")
    return name
