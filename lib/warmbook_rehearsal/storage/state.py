"""What the storage server keeps: buckets, objects, caches, and who may use them; no HTTP."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from warmbook_rehearsal.access import ANONYMOUS, Binding, Caller, of_bucket, permitted
from warmbook_rehearsal.propagation import Propagation
from warmbook_rehearsal.time_scale import TimeScale

from .acls import OBJECT_ROLES, Entry, bindings_of, bindings_with, entries_of, project_entries
from .blobs import Blobs, Content
from .buckets import Bucket, checked_bucket_name
from .caches import DEFAULT_TTL_S, POLICIES, Cache, Caches
from .errors import (
    StorageError,
    api_off,
    conflict,
    forbidden,
    invalid,
    no_such_bucket,
    no_such_object,
)
from .locations import Zones, check_zone, locate
from .objects import Fields, Meta, checked_name
from .policy import default_policy
from .preconditions import ABSENT, Preconditions
from .retention import check_retention
from .sessions import Sessions
from .settings import checked_settings, completed, soft_delete_period
from .traffic import Traffic

NOTHING_ASKED = Preconditions()

ReadPart = Callable[[Meta, BinaryIO, range], bytes]
"""Returns what is sent for these bytes of an object, as many as they are; the file is open."""


class Storage:
    """The buckets of one project; contents are files in `folder`, all else is in memory.

    To be used on the server's loop only. `zones` names the zones of a region, none if there is
    no such region; `project_bindings` is the policy that every bucket inherits; `is_on` says
    whether the API is on in the project.
    """

    def __init__(
        self,
        folder: Path,
        *,
        project_id: str,
        project_number: str,
        time_scale: TimeScale,
        project_bindings: Callable[[], Iterable[Binding]],
        zones: Zones,
        propagation: Propagation | None = None,
        is_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self._propagation, self._is_on = propagation or Propagation(), is_on
        self.project_id, self.project_number = project_id, project_number
        self.project_bindings, self._zones = project_bindings, zones
        self.blobs, self.sessions = Blobs(folder), Sessions()
        self.caches = Caches(time_scale)
        self.traffic = Traffic(self.caches)
        self.read_part: ReadPart | None = None
        """Reads what a Range header asks for, where that is not what the file holds."""
        self._buckets: dict[str, Bucket] = {}
        self._deleted: dict[tuple[str, int], Bucket] = {}
        self._generations = itertools.count(int(time.time() * 1e6))

    def require(self, caller: Caller, quota_project: str) -> None:
        """Pass if the API is on, and the caller may let requests count against a project, if any.

        Source: Cloud Storage, "IAM permissions for JSON methods", footnote 1.

        Raises:
            StorageError: 403.
        """
        if not self._is_on():
            raise api_off(self.project_number)
        use = "serviceusage.services.use"
        known = quota_project in ("", self.project_id, self.project_number)
        if quota_project and not (known and permitted(caller, use, self.project_bindings())):
            raise forbidden(caller.display, use, "project")

    # buckets

    def create_bucket(
        self,
        name: str,
        location: str = "US",
        *,
        uniform_access: bool = True,
        object_retention: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> Bucket:
        """Create a bucket; `settings` are those of the JSON API, and win over `uniform_access`.

        With `object_retention` its objects can be retained one by one.

        Raises:
            StorageError: 400, a name, location or setting is malformed; 409, the name is taken.
        """
        uniform = {"uniformBucketLevelAccess": {"enabled": uniform_access}}
        given = checked_settings({"iamConfiguration": uniform, **(settings or {})})
        pair = (given.get("customPlacementConfig") or {}).get("dataLocations") or ()
        if not isinstance(pair, (list, tuple)) or not all(isinstance(r, str) for r in pair):
            raise invalid("The dataLocations must be a list of regions.")
        if checked_bucket_name(name) in self._buckets:
            raise conflict(
                "Your previous request to create the named bucket succeeded and you already own it."
            )
        where = locate(location, self._zones, pair=pair)
        if object_retention:
            given["objectRetention"] = {"mode": "Enabled"}
        bucket = Bucket(name, where, completed(given, where), default_policy(self.project_id))
        bucket.generation = next(self._generations)
        self._buckets[name] = bucket
        return bucket

    def find_bucket(self, name: str) -> Bucket | None:
        """Return a bucket, None if it is absent."""
        return self._buckets.get(name)

    def bucket(self, name: str) -> Bucket:
        """Return a bucket.

        Raises:
            StorageError: 404, it is absent.
        """
        bucket = self._buckets.get(name)
        if bucket is None:
            raise no_such_bucket()
        return bucket

    def buckets(self) -> list[Bucket]:
        """Return all buckets, by name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def may(self, caller: Caller, permission: str, bucket: Bucket, about: str = "") -> bool:
        """Say whether the caller has `permission` on `bucket`, or on its object `about`.

        The bucket's policy gives it, or the project's, or the object's access control list.
        """
        if caller == ANONYMOUS and bucket.prevents_public_access:
            return False
        project = list(self.project_bindings())
        own = self._propagation.holding(bucket.policy.bindings, bucket.name)
        listed = self._listed(bucket, about)
        policies = of_bucket(own, project), of_bucket(listed, project), project
        resource = f"projects/_/buckets/{bucket.name}{f'/objects/{about}' if about else ''}"
        return permitted(caller, permission, *policies, resource=resource)

    def _listed(self, bucket: Bucket, about: str) -> list[Binding]:
        live = bucket.objects.get(about)
        if live is None or bucket.uniform or "acl" not in live.fields:
            return []
        return bindings_of(live.fields["acl"], OBJECT_ROLES, self.project_id)

    def set_policy(self, bucket: Bucket, document: Mapping[str, Any]) -> None:
        """Replace a bucket's policy by a client's `document`; what it adds holds later.

        Raises:
            StorageError: As `Bucket.set_policy`.
        """
        before = bucket.policy
        bucket.set_policy(document)
        self._propagation.changed(before.bindings, bucket.policy.bindings, bucket.name)

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket, softly if it has a soft delete policy.

        Raises:
            StorageError: 404, it is absent; 409, it has objects, be they noncurrent.
        """
        if not self.bucket(name).empty:
            raise conflict("The bucket you tried to delete is not empty.")
        bucket = self._buckets.pop(name)
        if soft_delete_period(bucket.settings):
            bucket.deleted = datetime.now(timezone.utc)
            self._deleted[name, bucket.generation] = bucket
        else:
            bucket.remove()
        self.caches.forget(name)
        self.sessions.forget(name)

    def deleted_buckets(self) -> list[Bucket]:
        """Return the buckets that are deleted softly, by name; whose time is over is gone."""
        now = datetime.now(timezone.utc)
        for key, bucket in list(self._deleted.items()):
            if bucket.hard_deleted and bucket.hard_deleted <= now:
                self._deleted.pop(key).remove()
        return [self._deleted[key] for key in sorted(self._deleted)]

    def deleted_bucket(self, name: str, generation: int | None) -> Bucket:
        """Return a bucket that is deleted softly; raises StorageError 404 if there is none."""
        found = {(bucket.name, bucket.generation): bucket for bucket in self.deleted_buckets()}
        if (name, generation) not in found:
            raise no_such_bucket()
        return found[name, generation or 0]

    def restore_bucket(self, name: str, generation: int | None) -> Bucket:
        """Take back that a bucket was deleted.

        Raises:
            StorageError: 404, there is none; 409, its name is taken.
        """
        bucket = self.deleted_bucket(name, generation)
        if name in self._buckets:
            raise conflict("The requested bucket name is not available.")
        del self._deleted[name, bucket.generation]
        bucket.deleted = None
        self._buckets[name] = bucket
        return bucket

    def rename_bucket(self, name: str, new_name: str) -> None:
        """Give a bucket another name; raises StorageError 404 or 409."""
        bucket = self.bucket(name)
        if new_name in self._buckets:
            raise conflict("The requested bucket name is not available.")
        bucket.rename(new_name)
        self._buckets[new_name] = self._buckets.pop(name)

    # access control lists

    def bucket_acl(self, bucket: Bucket) -> list[Entry]:
        """Return the list of a bucket, which its policy implies."""
        return entries_of(bucket.policy.bindings, self.project_number)

    def set_bucket_acl(self, bucket: Bucket, entries: Sequence[Entry]) -> None:
        """Put a list in the place of a bucket's; what it adds holds later.

        Raises:
            StorageError: 400 or 412.
        """
        bucket.check_acl(entries)
        policy = bucket.policy
        bindings = bindings_with(policy.bindings, entries, self.project_id)
        bucket.policy = replace(policy, bindings=bindings, revision=policy.revision + 1)
        self._propagation.changed(policy.bindings, bindings, bucket.name)

    def default_acl(self, bucket: Bucket) -> Sequence[Entry]:
        """Return the list that new objects of a bucket have."""
        listed = bucket.default_acl
        return project_entries(self.project_number) if listed is None else listed

    def object_acl(self, meta: Meta) -> Sequence[Entry]:
        """Return the list of an object."""
        listed: Sequence[Entry] | None = meta.fields.get("acl")
        return project_entries(self.project_number) if listed is None else listed

    # objects

    def object(self, bucket: str, name: str, generation: int | None = None) -> Meta:
        """Return an object, or the generation of it that is asked for.

        Raises:
            StorageError: 404, it is absent, or has no such generation.
        """
        meta = self.bucket(bucket).find(name, generation)
        if meta is None:
            asked = name if generation is None else f"{name}#{generation}"
            raise no_such_object(bucket, asked)
        return meta

    def deleted_object(self, bucket: str, name: str, generation: int | None) -> Meta:
        """Return a generation that is deleted softly; raises StorageError 404 if there is none."""
        kept = self.bucket(bucket).restorable().get(name, [])
        found = next((meta for meta in kept if meta.generation == generation), None)
        if found is None:
            raise no_such_object(bucket, f"{name}#{generation}")
        return found

    def check(self, bucket: str, name: str, preconditions: Preconditions) -> None:
        """Check that an object may be written: `preconditions`, and that it need not be kept.

        Raises:
            StorageError: 412, or 403.
        """
        meta = self.bucket(bucket).objects.get(name)
        preconditions.check(meta.version if meta else ABSENT)
        self.bucket(bucket).check_replaceable(name)

    def commit(
        self,
        bucket: str,
        name: str,
        content: Content,
        fields: Fields,
        preconditions: Preconditions = NOTHING_ASKED,
        *,
        component_count: int | None = None,
    ) -> Meta:
        """Make `content` the object's next generation; on a refusal it is removed.

        Raises:
            StorageError: 400, 404 or 412; 403, the generation before must be kept.
        """
        try:
            self.check(bucket, checked_name(name), preconditions)
            fields = self._allowed(bucket, fields)
        except StorageError:
            content.remove()
            raise
        meta = Meta(
            bucket,
            name,
            next(self._generations),
            content,
            fields,
            component_count=component_count,
        )
        self.bucket(bucket).put(meta)
        return meta

    def _allowed(self, bucket: str, fields: Fields) -> Fields:
        """Return the fields of a new generation, with the hold that its bucket begins with."""
        where = self.bucket(bucket)
        check_retention({}, fields, where.settings, override=False)
        if fields.get("acl"):
            where.check_acl(fields["acl"])
        elif where.default_acl is not None and not where.uniform:
            fields = {**fields, "acl": where.default_acl}
        held = where.settings.get("defaultEventBasedHold") and "eventBasedHold" not in fields
        return {**fields, "eventBasedHold": True} if held else fields

    def update_object(self, meta: Meta, fields: Fields, *, override: bool = False) -> Meta:
        """Give an object other `fields`; with `override` it may be retained for less time.

        Raises:
            StorageError: 400 or 403, it can't be retained so.
        """
        bucket = self.bucket(meta.bucket)
        check_retention(meta.fields, fields, bucket.settings, override=override)
        if fields.get("acl") != meta.fields.get("acl"):
            bucket.check_acl(fields.get("acl") or ())
        changed = meta.with_fields(fields)
        self.bucket(meta.bucket).describe(meta, changed)
        return changed

    def delete_object(self, meta: Meta) -> None:
        """Delete a live object; where its bucket has versioning, it becomes noncurrent.

        Raises:
            StorageError: 403, it must be kept.
        """
        self.bucket(meta.bucket).check_removable(meta)
        self.bucket(meta.bucket).retire(meta.name)

    def purge_object(self, meta: Meta) -> None:
        """Delete one generation of an object for good, be it live or noncurrent.

        Raises:
            StorageError: 403, it must be kept.
        """
        self.bucket(meta.bucket).check_removable(meta)
        self.bucket(meta.bucket).purge(meta)

    def adopt_file(
        self,
        bucket: str,
        object_name: str,
        path: Path,
        *,
        crc32c: str | None = None,
        md5: str | None = None,
    ) -> Meta:
        """Make an existing file an object, by hard link; reads it only if a checksum is missing.

        The checksums are in base64. Blocks while it reads or copies.
        """
        self.bucket(bucket)
        return self.commit(bucket, object_name, self.blobs.adopt(path, crc32c=crc32c, md5=md5), {})

    async def joined(self, contents: Sequence[Content]) -> Content:
        """Return the bytes of `contents`, one after the other, as one content.

        Raises:
            StorageError: 404, one of them was deleted meanwhile.
        """
        try:
            return await asyncio.to_thread(self.blobs.join, contents)
        except FileNotFoundError:
            raise StorageError(404, "notFound", "A source of the join is gone.") from None

    # caches

    def create_cache(
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str = POLICIES[0],
        ingest_on_write: bool = False,
    ) -> Cache:
        """Begin to create an Anywhere Cache; it runs after 10 cloud minutes.

        Raises:
            StorageError: 404, no such bucket; 400, the zone lies elsewhere, or no such ttl or
                policy; 409, there is one in the zone.
        """
        check_zone(zone, self.bucket(bucket).location, self._zones)
        ttl_s = DEFAULT_TTL_S if ttl_s is None else ttl_s
        return self.caches.create(bucket, zone, ttl_s, admission_policy, ingest_on_write)

    def get_cache(self, bucket: str, zone: str) -> Cache:
        """Return a cache as it is now; raises StorageError 404 if there is none."""
        return self.caches.get(self.bucket(bucket).name, zone)

    def list_caches(self, bucket: str) -> list[Cache]:
        """Return the caches of a bucket, by zone."""
        return self.caches.of(self.bucket(bucket).name)

    def update_cache(
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str | None = None,
        ingest_on_write: bool | None = None,
    ) -> Cache:
        """Change what is given of a cache, and return it."""
        name = self.bucket(bucket).name
        return self.caches.update(name, zone, ttl_s, admission_policy, ingest_on_write)

    def disable_cache(self, bucket: str, zone: str) -> Cache:
        """Disable a cache: it is gone after 60 cloud minutes, unless resumed."""
        return self.caches.disable(self.bucket(bucket).name, zone)

    def pause_cache(self, bucket: str, zone: str) -> Cache:
        """Pause a running cache."""
        return self.caches.pause(self.bucket(bucket).name, zone)

    def resume_cache(self, bucket: str, zone: str) -> Cache:
        """Let a paused or disabled cache run again."""
        return self.caches.resume(self.bucket(bucket).name, zone)
