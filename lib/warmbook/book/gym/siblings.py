"""Which pitfalls the evidence of a rehearsal can't tell apart, and which are of one family.

Both relations are symmetric, and neither holds between a pitfall and itself.
"""

from __future__ import annotations

from collections.abc import Sequence

SAME_EVIDENCE: tuple[frozenset[str], ...] = (
    # the server is refused either way; only the bucket's policy shows which binding it has
    frozenset(("bucket-viewer-missing", "binding-other-namespace", "project-id-for-number")),
)
"""Pitfalls that leave the same evidence: an answer that names another of the group is right."""

FAMILIES: tuple[frozenset[str], ...] = (
    frozenset(("bucket-viewer-missing", "object-role-missing", "role-missing")),
    frozenset(("object-role-missing", "binding-other-namespace", "project-id-for-number")),
    frozenset(("driver-too-old", "cuda-driver-mismatch", "driver-not-installed")),
    frozenset(("gpu-stockout", "scale-up-failed", "ip-space-exhausted")),
    frozenset(("gpu-quota", "gpu-stockout", "gpu-not-offered", "second-gpu-for-update")),
    frozenset(("host-oom", "server-killed", "node-memory-low")),
    frozenset(("liveness-too-strict", "probe-too-short", "engine-start-timeout")),
    frozenset(("shard-broken", "weights-not-found", "config-missing", "config-broken")),
)
"""Pitfalls with one kind of cause: an answer that names another of the family counts in part."""


def siblings(pitfall: str) -> frozenset[str]:
    """Return the other pitfalls that the evidence of a rehearsal can't tell from this one."""
    return _others(pitfall, SAME_EVIDENCE)


def near(pitfall: str) -> frozenset[str]:
    """Return the other pitfalls of the same family that are no siblings of this one."""
    return _others(pitfall, FAMILIES) - siblings(pitfall)


def _others(pitfall: str, groups: Sequence[frozenset[str]]) -> frozenset[str]:
    named = (group for group in groups if pitfall in group)
    return frozenset().union(*named) - {pitfall}
