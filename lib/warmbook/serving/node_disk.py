"""The disk of the nodes: what a copy of the weights takes there, and what they have."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..cloud.gke import ACCELERATOR
from ..cloud.objects import Object, at
from ..model.fit import GIB

SPARE_GIB = 10
"""For what the loaders write beside a copy of the weights; an estimate."""


def copy_bytes(weight_bytes: int) -> int:
    """Return the ephemeral storage, in whole GiB, for a copy of the weights and what is beside."""
    return (math.ceil(weight_bytes / GIB) + SPARE_GIB) * GIB


def most_free(nodes: Iterable[Object], gpu: str) -> int | None:
    """Return the most bytes that a node with this GPU can give to Pods, None where none tells."""
    from kubernetes.utils.quantity import parse_quantity

    with_gpu = [node for node in nodes if at(node, "metadata", "labels", ACCELERATOR) == gpu]
    told = [at(node, "status", "allocatable", "ephemeral-storage") for node in with_gpu]
    return max((int(parse_quantity(one)) for one in told if one), default=None)
