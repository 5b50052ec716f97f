"""Checkups before loaders are compared: can buckets be mounted, will the nodes' disk do."""

from __future__ import annotations

from ...cloud.gke import mounts_buckets
from ...model.disk import boot_disk_gb
from ...serving import node_disk
from ...texts import say
from ...units import size
from . import fixes
from .cluster import cluster_of
from .memo import Memo
from .queries import folder, nodes
from .result import Checkup


def fuse(memo: Memo) -> Checkup:
    """Tell whether Pods of the cluster can mount a bucket; without it that loader is left out."""
    if mounts_buckets(cluster_of(memo)):
        return Checkup("ok", say("Pods can mount buckets"))
    return Checkup(
        "warning",
        say(
            "the Cloud Storage FUSE CSI driver is disabled: loading from a mounted bucket "
            "is skipped"
        ),
        say("Enable it; nothing else in the cluster changes."),
        fixes.mount_buckets(memo.settings),
        "fuse-off",
    )


def disk(memo: Memo) -> Checkup:
    """Hold a copy of the weights against the disk of a Standard cluster's nodes."""
    needed = node_disk.copy_bytes(memo(folder).size_bytes)
    if cluster_of(memo).autopilot.enabled:
        return Checkup("ok", say("Autopilot provisions a node with {size}", size=size(needed)))
    room = node_disk.most_free(memo(nodes), memo.settings.gpu)
    if room is None or needed <= room:
        return Checkup("ok", say("{size} for a copy of the weights", size=size(needed)))
    disk_gb = boot_disk_gb(needed)
    return Checkup(
        "error",
        say(
            "a copy of the weights needs {size}; a node has {room}",
            size=size(needed),
            room=size(room),
        ),
        say("Recreate the node pool with a boot disk of {disk} GB or more.", disk=disk_gb),
        fixes.larger_disk(memo.settings, disk_gb),
        "node-disk-too-small",
    )
