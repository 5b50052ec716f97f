"""Storage Control: Anywhere Caches and a bucket's layout; the storage server keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

from google.cloud import storage_control_v2
from google.longrunning import operations_pb2

from ..access import Caller
from .errors import GoogleError
from .hosts import Cache, Refusal, Storage
from .projects import Project

SERVICE = "google.storage.control.v2.StorageControl"
PERMISSIONS = {
    **{
        f"{verb}AnywhereCache": f"storage.anywhereCaches.{verb.lower()}"
        for verb in ("Create", "Get", "Update", "Disable", "Pause", "Resume")
    },
    "ListAnywhereCaches": "storage.anywhereCaches.list",
    "GetStorageLayout": "storage.objects.list",
    "GetOperation": "storage.bucketOperations.get",
}
"""What each method needs on its bucket.

Source: Cloud Storage, "IAM permissions for JSON methods", for those of caches.
"""
_CODES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
}


class StorageControl:
    """The calls of Storage Control that concern caches, and the operations they begin."""

    def __init__(self, storage: Storage, project: Project) -> None:
        self._storage, self._caches, self._project = storage, storage.caches, project
        self._operations: dict[str, tuple[str, str, Any]] = {}
        self._requests: dict[str, str] = {}

    def methods(self) -> dict[str, tuple[Any, Callable[[Any], Any]]]:
        """Return the request class and the answer to each method of the service."""
        types = storage_control_v2
        return {
            "CreateAnywhereCache": (types.CreateAnywhereCacheRequest, self.create),
            "GetAnywhereCache": (types.GetAnywhereCacheRequest, self.get),
            "ListAnywhereCaches": (types.ListAnywhereCachesRequest, self.list_caches),
            "UpdateAnywhereCache": (types.UpdateAnywhereCacheRequest, self.update),
            "DisableAnywhereCache": (types.DisableAnywhereCacheRequest, self.disable),
            "PauseAnywhereCache": (types.PauseAnywhereCacheRequest, self.pause),
            "ResumeAnywhereCache": (types.ResumeAnywhereCacheRequest, self.resume),
            "GetStorageLayout": (types.GetStorageLayoutRequest, self.layout),
        }

    def require(self, method: str, request: Any, caller: Caller) -> None:
        """Pass if the caller may call a method on the bucket that the request names.

        Raises:
            GoogleError: 403 if not, or the API is off; 404 if there is no such bucket.
        """
        self._project.require("storage.googleapis.com")
        name = _named(request)
        bucket = _translated(lambda: self._storage.bucket(_bucket(name)))
        permission = PERMISSIONS[method]
        if not self._storage.permissions.may(caller, permission, bucket):
            raise GoogleError(
                "PERMISSION_DENIED",
                f"{caller.display} does not have {permission} access to the Google Cloud Storage "
                f"bucket. Permission '{permission}' denied on resource (or it may not exist).",
            )

    def create(self, request: Any) -> Any:
        """Answer CreateAnywhereCache with an operation that lasts until the cache runs.

        The same request sent again, which its `request_id` tells, begins nothing anew.
        """
        if begun := self._requests.get(request.request_id):
            return self.operation(operations_pb2.GetOperationRequest(name=begun))
        wanted, bucket = request.anywhere_cache, _bucket(request.parent)
        given = _given(wanted, ("ttl", "admission_policy", "ingest_on_write"))
        cache = _translated(lambda: self._caches.create(bucket, wanted.zone, **given))
        metadata = storage_control_v2.CreateAnywhereCacheMetadata(
            anywhere_cache_id=cache.zone, zone=cache.zone, ttl=timedelta(seconds=cache.ttl_s)
        )
        operation = self._begin(cache, metadata)
        if request.request_id:
            self._requests[request.request_id] = operation.name
        return operation

    def get(self, request: Any) -> Any:
        """Answer GetAnywhereCache."""
        return _message(_translated(lambda: self._caches.get(*_key(request.name))))

    def list_caches(self, request: Any) -> Any:
        """Answer ListAnywhereCaches, in one page."""
        caches = _translated(lambda: self._caches.of(_bucket(request.parent)))
        return storage_control_v2.ListAnywhereCachesResponse(
            anywhere_caches=[_message(cache) for cache in caches]
        )

    def update(self, request: Any) -> Any:
        """Answer UpdateAnywhereCache; the mask names what to change."""
        wanted = request.anywhere_cache
        bucket, zone = _key(wanted.name)
        given = _given(wanted, request.update_mask.paths)
        cache = _translated(lambda: self._caches.update(bucket, zone, **given))
        metadata = storage_control_v2.UpdateAnywhereCacheMetadata(
            anywhere_cache_id=zone, zone=zone, ttl=timedelta(seconds=cache.ttl_s)
        )
        return self._begin(cache, metadata)

    def disable(self, request: Any) -> Any:
        """Answer DisableAnywhereCache."""
        return _message(_translated(lambda: self._caches.disable(*_key(request.name))))

    def pause(self, request: Any) -> Any:
        """Answer PauseAnywhereCache."""
        return _message(_translated(lambda: self._caches.pause(*_key(request.name))))

    def resume(self, request: Any) -> Any:
        """Answer ResumeAnywhereCache."""
        return _message(_translated(lambda: self._caches.resume(*_key(request.name))))

    def layout(self, request: Any) -> Any:
        """Answer GetStorageLayout."""
        bucket = _translated(lambda: self._storage.bucket(_bucket(request.name)))
        return storage_control_v2.StorageLayout(
            name=request.name,
            location=bucket.location.name,
            location_type=bucket.location.kind,
            hierarchical_namespace={"enabled": bucket.hierarchical},
        )

    def operation(self, request: Any) -> Any:
        """Answer google.longrunning GetOperation: done when the cache is created."""
        if request.name not in self._operations:
            raise GoogleError("NOT_FOUND", f"The operation '{request.name}' does not exist.")
        bucket, zone, metadata = self._operations[request.name]
        operation = operations_pb2.Operation(name=request.name)
        operation.metadata.Pack(type(metadata).pb(metadata))
        try:
            cache = _translated(lambda: self._caches.get(bucket, zone))
        except GoogleError as error:
            operation.done = True
            operation.error.CopyFrom(error.status())
            return operation
        if cache.state != "creating":
            operation.done = True
            operation.response.Pack(storage_control_v2.AnywhereCache.pb(_message(cache)))
        return operation

    def _begin(self, cache: Cache, metadata: Any) -> Any:
        name = f"projects/_/buckets/{cache.bucket}/operations/{secrets.token_hex(12)}"
        self._operations[name] = cache.bucket, cache.zone, metadata
        return self.operation(operations_pb2.GetOperationRequest(name=name))


def _translated(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        if isinstance(error, Refusal):
            _translate(error)
        raise


def _translate(refusal: Refusal) -> NoReturn:
    code = _CODES.get(refusal.code, "INTERNAL")
    if refusal.reason == "failedPrecondition":
        code = "FAILED_PRECONDITION"
    raise GoogleError(code, refusal.message)


def _given(wanted: Any, names: Any) -> dict[str, Any]:
    """Return what a message sets of the named fields, as `Caches` takes it."""
    found: dict[str, Any] = {}
    if "ttl" in names and "ttl" in wanted:
        found["ttl_s"] = int(wanted.ttl.total_seconds())
    if "admission_policy" in names and wanted.admission_policy:
        found["admission_policy"] = wanted.admission_policy
    if "ingest_on_write" in names and "ingest_on_write" in wanted:
        found["ingest_on_write"] = wanted.ingest_on_write
    return found


def _message(cache: Cache) -> Any:
    return storage_control_v2.AnywhereCache(
        name=f"projects/_/buckets/{cache.bucket}/anywhereCaches/{cache.zone}",
        zone=cache.zone,
        ttl=timedelta(seconds=cache.ttl_s),
        admission_policy=cache.admission_policy,
        state=cache.state,
        create_time=cache.create_time,
        update_time=cache.update_time,
        ingest_on_write=cache.ingest_on_write,
    )


def _named(request: Any) -> str:
    """Return the name of a bucket, or of what is in it, that a request is about."""
    for field in ("parent", "name"):
        if found := getattr(request, field, ""):
            return str(found)
    cache = getattr(request, "anywhere_cache", None)
    return cache.name if cache else ""


def _bucket(name: str) -> str:
    parts = name.split("/")
    if len(parts) < 4 or parts[0] != "projects" or parts[2] != "buckets" or not parts[3]:
        raise GoogleError("INVALID_ARGUMENT", f"Malformed resource name: {name}.")
    return parts[3]


def _key(name: str) -> tuple[str, str]:
    parts = name.split("/")
    if len(parts) != 6 or parts[4] != "anywhereCaches":
        raise GoogleError("INVALID_ARGUMENT", f"Malformed resource name: {name}.")
    return _bucket(name), parts[5]
