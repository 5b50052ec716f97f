"""How hard a fault is to find: by where its evidence stands once the guide has stopped."""

from __future__ import annotations

from collections.abc import Mapping

EASY, MEDIUM, HARD, TWO = "easy", "medium", "hard", "two"
LEVELS = (EASY, MEDIUM, HARD, TWO)

AT_ANY_TIME = frozenset(
    ("credentials-expired", "policy-changed", "rate-limited", "service-unavailable", "unreachable")
)
"""A service refuses a request, in whichever notebook that is."""

BEFORE_THE_SERVER = frozenset(
    (
        *("quota-project", "project-missing", "billing-off", "api-off", "role-missing"),
        *("bucket-missing", "shard-broken", "config-missing", "weights-not-found"),
        *("config-broken", "tokenizer-unreadable", "weights-of-another-model"),
        *("operation-failed", "wif-off"),
    )
)
"""A service refuses a request, or the model's folder is refused, in notebooks 02 to 05."""

IN_EVENTS_OR_NAMED_BY_THE_LOG = frozenset(
    (
        *("gpu-quota", "gpu-stockout", "gpu-not-offered", "driver-not-installed"),
        *("second-gpu-for-update", "namespace-missing", "service-account-missing"),
        *("container-not-started", "claim-unbound", "volume-not-mounted", "image-not-found"),
        *("node-memory-low", "ephemeral-storage", "resource-quota", "admission-refused"),
        *("argument-is-a-map", "liveness-too-strict", "probe-too-short", "host-oom"),
        *("flag-removed", "flag-value", "loader-key-unknown", "load-format"),
        *("quantization-unsupported", "context-above-model", "batch-below-context"),
        *("heads-not-divisible", "too-few-gpus", "dtype-not-on-gpu", "architecture-unknown"),
        *("remote-code-refused", "model-not-on-hub", "port-from-service", "driver-too-old"),
        *("memory-limit-below-tensor", "kv-cache-too-small", "fd-limit", "requester-pays"),
    )
)
"""An event of the Pod tells it, or a line of the log that names what is wrong."""

BEHIND_THE_LOG = frozenset(
    (
        *("bucket-viewer-missing", "object-role-missing", "binding-other-namespace"),
        *("project-id-for-number", "uniform-access-off", "metadata-server-off", "no-identity"),
        *("metadata-server-silent", "impersonation-refused", "vpc-service-controls"),
        *("kms-key-refused", "certificate-refused", "gcs-client-failed", "gcs-support-missing"),
        *("file-access-error", "scheme-uppercase", "sharded-on-gs", "merges-missing"),
        *("server-killed", "cuda-driver-mismatch", "shm-too-small", "broadcast-timeout"),
        *("engine-start-timeout", "assets-folder-race", "folder-not-writable"),
    )
)
"""The log ends in an error whose cause stands elsewhere: in a policy, on the node, in the image."""

_OF_LEVEL: Mapping[str, frozenset[str]] = {
    EASY: AT_ANY_TIME | BEFORE_THE_SERVER,
    MEDIUM: IN_EVENTS_OR_NAMED_BY_THE_LOG,
    HARD: BEHIND_THE_LOG,
}


def level_of(pitfall: str) -> str:
    """Return the level of a fault that causes this pitfall: easy, medium or hard.

    What stands in no table stops the guide nowhere, or after half an hour: that is hard.
    """
    return next((level for level, names in _OF_LEVEL.items() if pitfall in names), HARD)


def solvable(pitfall: str) -> bool:
    """Tell whether the guide stops because of it in minutes, with evidence that tells it."""
    return any(pitfall in names for names in _OF_LEVEL.values())
