"""What a node's boot disk leaves to Pods, as ephemeral storage."""

from __future__ import annotations

from .gpus import GIB

USUAL_GB = 100
"""The boot disk of a node unless told otherwise, in what Google calls GB: 2**30 bytes."""

_FORMATTED = 98_831_908 * 1024 / (100 * GIB)
"""The share of a disk that its file system offers.

Source: nodes of GKE with 100 GB, as public `kubectl describe node` listings show them.
"""


def allocatable_bytes(disk_gb: int) -> int:
    """Return the ephemeral storage that Pods get on a Standard node with this boot disk.

    Source: GKE, "Plan GKE Standard node sizes": a tenth is kept for eviction, and reserved is the
    least of half the disk, 6 GiB and 35 % of it, and 100 GiB. A node with 100 GB shows
    47,060,071,478 bytes.
    """
    reserved = min(0.5 * disk_gb, 6 + 0.35 * disk_gb, 100) * GIB
    return int(disk_gb * GIB * _FORMATTED * 0.9 - reserved)


def boot_disk_gb(needed_bytes: int) -> int:
    """Return the smallest boot disk, in steps of 10 GB, that leaves so much to Pods."""
    disk_gb = USUAL_GB
    while allocatable_bytes(disk_gb) < needed_bytes:
        disk_gb += 10
    return disk_gb
