"""How single things are deleted by hand that may be the reader's: cleanup names them."""

from __future__ import annotations

from ...shell import quoted
from .line import line


def delete_cluster(project_id: str, name: str, location: str) -> str:
    """Delete a cluster with everything in it."""
    return line(
        "gcloud container clusters delete",
        quoted(name),
        f"--project={quoted(project_id)}",
        f"--location={quoted(location)}",
    )


def delete_node_pool(project_id: str, cluster: str, location: str, pool: str) -> str:
    """Delete a node pool of a cluster."""
    return line(
        "gcloud container node-pools delete",
        quoted(pool),
        f"--cluster={quoted(cluster)}",
        f"--project={quoted(project_id)}",
        f"--location={quoted(location)}",
    )


def disable_cache(bucket: str, zone: str) -> str:
    """Disable a bucket's cache of one zone."""
    return f"gcloud storage buckets anywhere-caches disable {quoted(f'{bucket}/{zone}')}"


def revoke_role(bucket: str, member: str, role: str) -> str:
    """Take one role on a bucket back from one member."""
    return line(
        "gcloud storage buckets remove-iam-policy-binding",
        quoted(f"gs://{bucket}"),
        f"--member={quoted(member)}",
        f"--role={quoted(role)}",
        "--condition=None",
    )
