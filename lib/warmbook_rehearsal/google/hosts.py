"""What these control planes rely on and don't make themselves: clusters, buckets, their caches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from google.cloud import container_v1

from ..access import Caller


@dataclass(frozen=True)
class Endpoint:
    """Where a cluster's Kubernetes API answers, and the CA certificate that proves it."""

    host: str
    ca_pem: bytes


class ClusterHost(Protocol):
    """Makes the clusters that GKE promises; what it raises becomes the operation's error."""

    async def start(self, cluster: container_v1.Cluster) -> Endpoint:
        """Start the Kubernetes API of a cluster and the nodes of the pools it was made with."""

    def add_pool(self, cluster: container_v1.Cluster, pool: container_v1.NodePool) -> None:
        """Let the nodes of a pool appear."""

    def remove_pool(self, cluster: container_v1.Cluster, pool: container_v1.NodePool) -> None:
        """Take the nodes of a pool away."""

    async def stop(self, cluster: container_v1.Cluster) -> None:
        """End everything in a cluster, and its Kubernetes API; it may never have started."""


class Place(Protocol):
    """Where a bucket lies: "US-CENTRAL1", "region"."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102


class Bucket(Protocol):
    """A bucket, as far as its storage layout goes."""

    @property
    def location(self) -> Place: ...  # noqa: D102
    @property
    def hierarchical(self) -> bool: ...  # noqa: D102


class Cache(Protocol):
    """An Anywhere Cache as it is at one moment; `state` as in the JSON API."""

    @property
    def bucket(self) -> str: ...  # noqa: D102
    @property
    def zone(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def ttl_s(self) -> int: ...  # noqa: D102
    @property
    def create_time(self) -> datetime: ...  # noqa: D102
    @property
    def update_time(self) -> datetime: ...  # noqa: D102
    @property
    def admission_policy(self) -> str: ...  # noqa: D102
    @property
    def ingest_on_write(self) -> bool: ...  # noqa: D102


class Caches(Protocol):
    """The caches of buckets, as the storage server keeps them; raises `Refusal`s."""

    def create(  # noqa: D102
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str = ...,
        ingest_on_write: bool = ...,
    ) -> Cache: ...
    def get(self, bucket: str, zone: str) -> Cache: ...  # noqa: D102
    def of(self, bucket: str) -> Sequence[Cache]: ...  # noqa: D102
    def update(  # noqa: D102
        self,
        bucket: str,
        zone: str,
        ttl_s: int | None = None,
        admission_policy: str | None = None,
        ingest_on_write: bool | None = None,
    ) -> Cache: ...
    def disable(self, bucket: str, zone: str) -> Cache: ...  # noqa: D102
    def pause(self, bucket: str, zone: str) -> Cache: ...  # noqa: D102
    def resume(self, bucket: str, zone: str) -> Cache: ...  # noqa: D102


class Permissions(Protocol):
    """Who may do what with buckets."""

    def may(self, caller: Caller, permission: str, bucket: Any) -> bool: ...  # noqa: D102


class Storage(Protocol):
    """The buckets, as the storage server keeps them; raises `Refusal`s."""

    @property
    def caches(self) -> Caches: ...  # noqa: D102
    @property
    def permissions(self) -> Permissions: ...  # noqa: D102
    def bucket(self, name: str) -> Bucket: ...  # noqa: D102


class Sent(Protocol):
    """Bytes of a bucket that a zone read at one moment, from its cache or not."""

    @property
    def moment(self) -> datetime: ...  # noqa: D102
    @property
    def bucket(self) -> str: ...  # noqa: D102
    @property
    def zone(self) -> str: ...  # noqa: D102
    @property
    def size_bytes(self) -> int: ...  # noqa: D102
    @property
    def from_cache(self) -> bool: ...  # noqa: D102


class Traffic(Protocol):
    """What was read from the buckets, as the storage server noted it."""

    def sent(self, since: datetime, until: datetime) -> Iterable[Sent]: ...  # noqa: D102


@runtime_checkable
class Refusal(Protocol):
    """What the storage server raises: HTTP `code`, `reason` of the JSON API, and `message`."""

    code: int
    reason: str
    message: str
