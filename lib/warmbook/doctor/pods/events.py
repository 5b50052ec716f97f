"""What events, and the messages of statuses, tell by words of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...cloud.objects import Object, at, maps, text
from .evidence import Diagnosis, Evidence, moment_of


@dataclass(frozen=True)
class Sign:
    """A pitfall by the words of a message; `passes` are the events after which it is over."""

    pitfall: str
    pattern: re.Pattern[str]
    hopeless: bool = False
    passes: tuple[str, ...] = ()


_PLACED = ("Scheduled", "TriggeredScaleUp", "Started")
_STARTED = ("Started",)


def _sign(name: str, pattern: str, *, lasts: bool = False, passes: tuple[str, ...] = ()) -> Sign:
    return Sign(name, re.compile(pattern), lasts, passes)


NOT_CREATED = (
    r"^Error: (?:secret|configmap) \"[^\"]+\" not found|"
    r"couldn't find key \S+ in (?:Secret|ConfigMap)|"
    r"failed to create containerd task|OCI runtime create failed"
)
"""What an event tells of a container that is never made."""
CLAIMS = (
    r"cannot allocate all claims|resourceclaim not available on the node|"
    r"device class \S+ does not exist|resourceclaim in use|is in the process of being allocated"
)
"""Dynamic resource allocation, in the scheduler's words.

Source: Kubernetes, pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go.
"""
_FUSE = r"failed to get GCS bucket"
"""Source: GoogleCloudPlatform/gcs-fuse-csi-driver, docs/troubleshooting.md."""

SIGNS = (
    _sign("resource-quota", r"is forbidden: exceeded quota", lasts=True),
    _sign("service-account-missing", r'serviceaccount "[^"]*" not found', lasts=True),
    _sign(
        "admission-refused",
        r"admission webhook .* denied the request|violates PodSecurity|"
        r"no PriorityClass with name \S+ was found|"
        r"is forbidden: .*(?:GKE Warden|not allowed|PodSecurity|exceeds? the)",
        lasts=True,
    ),
    _sign(
        "node-memory-low",
        r"low on resource: memory|node had condition: \[MemoryPressure\]",
        lasts=True,
    ),
    _sign("pod-preempted", r"^Preempted (?:by|in order to)"),
    _sign(
        "device-not-allocated",
        r"Allocate failed due to|UnexpectedAdmissionError|"
        r"Node didn't have enough resource: \S+/|Failed to prepare dynamic resources",
        passes=_STARTED,
    ),
    _sign("node-too-small", r"Node didn't have enough resource: (?:cpu|memory)\b"),
    _sign(
        "image-not-found",
        r"couldn't parse image (?:name|reference)|Failed to apply default image tag",
        lasts=True,
    ),
    _sign("container-not-started", NOT_CREATED, passes=_STARTED),
    _sign("liveness-too-strict", r"failed liveness probe, will be restarted"),
    _sign("image-too-big", r"(?i)pull.*no space left on device|extract.*no space left on device"),
    _sign("fuse-off", r"driver name gcsfuse\.csi\.storage\.gke\.io not found", passes=_STARTED),
    _sign("claim-unbound", r"unbound immediate PersistentVolumeClaims", passes=_PLACED),
    _sign(
        "claim-unbound", r"persistentvolumeclaim \"[^\"]+\" not found", lasts=True, passes=_PLACED
    ),
    _sign(
        "claim-unbound",
        r"no persistent volumes available for this claim|failed to provision volume with",
        passes=_PLACED,
    ),
    _sign("volume-in-use", r"Multi-Attach error", passes=_STARTED),
    _sign("object-role-missing", rf"{_FUSE}.*storage\.objects\.\w+", passes=_STARTED),
    _sign("bucket-viewer-missing", rf"{_FUSE}.*storage\.buckets\.\w+", passes=_STARTED),
    _sign("bucket-missing", rf"{_FUSE}.*bucket doesn't exist", passes=_STARTED),
    _sign(
        "volume-not-mounted",
        r"MountVolume\.\w+ failed for volume .*(?:configmap|secret) \"[^\"]+\" not found",
        lasts=True,
        passes=_STARTED,
    ),
    _sign("volume-not-mounted", r"MountVolume\.\w+ failed for volume", passes=_STARTED),
    _sign("volume-not-mounted", r"Unable to attach or mount volumes", passes=_STARTED),
    _sign(
        "ip-space-exhausted",
        r"IP_SPACE_EXHAUSTED|IP space exhausted|"
        r"no (?:free )?IP addresses available|no available IP addresses",
        passes=_STARTED,
    ),
    _sign("sandbox-failed", r"(?i)failed to create pod sandbox", passes=_STARTED),
    _sign(
        "flex-start-queued",
        r"(?i)provisioning ?request (?:accepted|is being processed|was queued)|"
        r"waiting for resources",
        passes=_PLACED,
    ),
    _sign("volume-other-zone", r"volume node affinity conflict", passes=_PLACED),
    _sign("pool-at-maximum", r"max node group size reached|max cluster .*limit reached"),
    _sign(
        "scale-up-failed",
        r"Node scale up .* failed: (?!.*(?:quota|GCE out of resources|IP.(?:SPACE|space)))",
        passes=("Scheduled",),
    ),
)
"""From what lasts to what may pass."""

LATE_SIGNS = (
    _sign("claim-not-allocated", CLAIMS, passes=_PLACED),
    _sign("node-too-small", r"Insufficient (?:cpu|memory)", passes=_PLACED),
    _sign("toleration-missing", r"untolerated taint \{(?!node\.)", passes=_PLACED),
    _sign("toleration-missing", r"had taints? .* that the pod didn't tolerate", passes=_PLACED),
    _sign("affinity-conflict", r"anti-affinity rules|topology spread constraints", passes=_PLACED),
    _sign("nodes-cordoned", r"node\(s\) were unschedulable", passes=_PLACED),
    _sign("toleration-missing", r"had untolerated taint\(s\)", passes=_PLACED),
)
"""What the scheduler says beside the plainer reasons of `placement`.

Kubernetes names the taint up to 1.34, then only counts: «had untolerated taint(s)».
"""

BLIND_SIGNS = (
    _sign("selector-unmatched", r"didn't match Pod's node affinity/selector", passes=_PLACED),
)
"""What is left to say where only events are known: else `placement` compares labels."""


def signs(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what messages tell in words of their own."""
    yield from _told(SIGNS, evidence)


def late_signs(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield why a Pod has no node, where nothing plainer was found."""
    if not evidence.placed:
        yield from _told(LATE_SIGNS, evidence)
        if evidence.pod is None:
            yield from _told(BLIND_SIGNS, evidence)


def _told(listed: tuple[Sign, ...], evidence: Evidence) -> Iterator[Diagnosis]:
    said = [*_messages(evidence)]
    for sign in listed:
        for place, message in reversed(said):
            if sign.pattern.search(message) and not _over(sign, place, evidence):
                yield Diagnosis(sign.pitfall, message, hopeless=sign.hopeless)
                break


def _messages(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield what is said, and when, the oldest first; "" is no known time."""
    for condition in maps(evidence.conditions):
        if condition.get("type") in ("ReplicaFailure", "FailedCreate"):
            yield "", text(condition.get("message"))
    for condition in maps(at(evidence.pod, "status", "conditions")):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield "", text(condition.get("message"))
    status = at(evidence.pod, "status")
    yield "", " ".join(filter(None, (text(at(status, k)) for k in ("reason", "message"))))
    for event in evidence.in_order():
        yield str(moment_of(event) or ""), text(event.get("message"))


def _over(sign: Sign, when: str, evidence: Evidence) -> bool:
    return bool(when) and any(_later(event, when, sign.passes) for event in maps(evidence.events))


def _later(event: Object, when: str, reasons: tuple[str, ...]) -> bool:
    return event.get("reason") in reasons and str(moment_of(event) or "") > when
