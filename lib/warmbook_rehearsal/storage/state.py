"""What the storage server keeps: buckets and objects, and what goes with them; no HTTP."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from warmbook_rehearsal.access import Binding
from warmbook_rehearsal.propagation import Propagation
from warmbook_rehearsal.time_scale import TimeScale

from .blobs import Blobs, Content
from .buckets import Bucket, checked_bucket_name
from .caches import Caches
from .errors import (
    StorageError,
    conflict,
    invalid,
    no_such_bucket,
    no_such_object,
)
from .locations import Zones, locate
from .objects import Fields, Meta, checked_name
from .permissions import Permissions
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
        self.project_id, self.project_number, self._zones = project_id, project_number, zones
        self.permissions = Permissions(
            project_id=project_id,
            project_number=project_number,
            project_bindings=project_bindings,
            propagation=propagation or Propagation(),
            is_on=is_on,
        )
        self.blobs, self.sessions = Blobs(folder), Sessions()
        self.caches = Caches(time_scale, zones, lambda name: self.bucket(name).location)
        self.traffic = Traffic(self.caches)
        self.read_part: ReadPart | None = None
        """Reads what a Range header asks for, where that is not what the file holds."""
        self._buckets: dict[str, Bucket] = {}
        self._deleted: dict[tuple[str, int], Bucket] = {}
        self._generations = itertools.count(int(time.time() * 1e6))

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
