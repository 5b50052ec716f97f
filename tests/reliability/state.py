"""What there is in a rehearsal, asked of its own state and not over the wire."""

from __future__ import annotations

from collections import Counter

from warmbook.cloud.roles import BUCKET_ROLES, PROJECT_ROLES
from warmbook.serving.guide_manifest import GPU_POOL

ONE_OF_EACH = ("Namespace", "ServiceAccount", "Deployment", "ReplicaSet", "Pod")


class Watched:
    """A rehearsal's clusters and buckets, as lists of what is wrong with them."""

    def __init__(self, rehearsal, mode):
        self._rehearsal, self._inner = rehearsal, rehearsal.inner
        self._standard = mode == "standard"
        self._running = []
        rehearsal.call(lambda: self._inner.clusters.each(self._running.append))

    def wrong_when_built(self, *, created_once):
        """Return what is not as the guide has it when all is there, once each."""
        return self._rehearsal.call(lambda: list(self._wrong_when_built(created_once)))

    def left_behind(self):
        """Return what is still there though all should be gone."""
        return self._rehearsal.call(lambda: list(self._left_behind()))

    def _wrong_when_built(self, created_once):
        clusters = list(self._inner.cloud.cluster_registry.clusters.values())
        if [c.status.name for c in clusters] != ["RUNNING"]:
            yield f"clusters {[(c.name, c.status.name) for c in clusters]}"
        for cluster in clusters:
            pools = {pool.name: pool.status.name for pool in cluster.node_pools}
            if self._standard and pools != {"default-pool": "RUNNING", GPU_POOL: "RUNNING"}:
                yield f"node pools {pools}"
        if created_once:
            yield from self._repeated_operations()
        yield from self._wrong_objects()
        yield from self._wrong_roles()
        caches = self._caches()
        if sorted(caches) != sorted(self._labelled()) or len(caches) != 1:
            yield f"caches {caches}, labelled {self._labelled()}"

    def _repeated_operations(self):
        listed = self._inner.cloud.cluster_operations.find_all(self._inner.cloud.project.id, "-")
        kinds = Counter(operation.operation_type.name for operation in listed)
        if kinds != {"CREATE_CLUSTER": 1, **({"CREATE_NODE_POOL": 1} if self._standard else {})}:
            yield f"operations {dict(kinds)}"

    def _wrong_objects(self):
        store = self._running[-1].store
        for kind in ONE_OF_EACH:
            names = [found["metadata"]["name"] for found in store.list(kind)]
            ours = [n for n in names if "vllm" in n]
            if len(ours) != 1:
                yield f"{kind} {names}"

    def _wrong_roles(self):
        project = _held(self._inner.cloud.bindings())
        bucket = _held(self._bucket().policy.bindings)
        for held, roles, who in (
            (project, PROJECT_ROLES, "user:"),
            (bucket, BUCKET_ROLES, "principal:"),
        ):
            for role in roles:
                members = [m for (r, m), count in held.items() if r == role and m.startswith(who)]
                if len(members) != 1:
                    yield f"{role} bound to {members}"
            if repeated := [pair for pair, count in held.items() if count > 1]:
                yield f"bound twice: {repeated}"

    def _left_behind(self):
        yield from (f"cluster {key.name}" for key in self._inner.cloud.cluster_registry.clusters)
        yield from (f"cache {zone} {state}" for zone, state in self._alive())
        yield from (f"label of the cache {zone}" for zone in self._labelled())
        for role, member in _held(self._bucket().policy.bindings):
            if member.startswith("principal:"):
                yield f"{role} of {member}"
        yield from (f"Pod {folder.name}" for folder in self._pod_folders())

    def _alive(self):
        return [(zone, state) for zone, state in self._caches().items() if state != "disabled"]

    def _caches(self):
        return {c.zone: c.state for c in self._inner.storage.caches.of(self._bucket().name)}

    def _labelled(self):
        mark = "warmbook-cache-"
        labels = self._bucket().settings.get("labels", {})
        return [name.removeprefix(mark) for name in labels if name.startswith(mark)]

    def _bucket(self):
        return self._inner.storage.bucket(self._inner.model_uri.split("/")[2])

    def _pod_folders(self):
        folder = self._inner.folder / "pods"
        return list(folder.iterdir()) if folder.exists() else []


def _held(bindings):
    return Counter((b["role"], member) for b in bindings for member in b.get("members", ()))
