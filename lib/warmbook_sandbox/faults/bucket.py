"""What goes wrong around the bucket: who reads it, where it is, what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fault import fault

if TYPE_CHECKING:
    from ..sandbox import Sandbox


@fault(
    "bucket-viewer-missing",
    "somebody takes roles/storage.bucketViewer away before the server starts",
    pitfall="bucket-viewer-missing",
)
def bucket_viewer_missing(sandbox: Sandbox) -> None:
    """Take the role away once, when the first server starts; giving it again mends it."""
    _revoke_once(sandbox, "roles/storage.bucketViewer")


def _revoke_once(sandbox: Sandbox, role: str) -> None:
    def revoke(pod: dict[str, Any]) -> None:
        if not _is_server(pod):
            return
        sandbox.pod_hooks.remove(revoke)
        bucket = sandbox.storage.bucket(sandbox.model_uri.removeprefix("gs://").partition("/")[0])
        left = [binding for binding in bucket.policy.bindings if binding["role"] != role]
        document = {"bindings": left, "version": bucket.policy.version}
        bucket.policy = bucket.policy.replaced_by(document)

    sandbox.pod_hooks.append(revoke)


def _is_server(pod: dict[str, Any]) -> bool:
    """Tell the server's Pod from a probe or a job: it asks for a GPU."""
    limits = (pod["spec"]["containers"][0].get("resources") or {}).get("limits") or {}
    return "nvidia.com/gpu" in limits
