"""What became of the Pod and its container: image, start, end, eviction, node."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...cloud.objects import Object, at, maps, text
from .evidence import Diagnosis, Evidence

NO_IMAGE = {"ImagePullBackOff", "ErrImagePull", "InvalidImageName"}
"""Reasons by which a container waits for an image that does not come."""
NO_CONFIG = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
KILLED = 137
"""128 + SIGKILL."""
START_ERROR = 128
PASSES = re.compile(
    r"(?i)timed? ?out|too ?many ?requests|connection re|temporary failure|\b50[0-4]\b"
)
"""A registry's troubles that go by themselves."""
NO_ACCOUNT = re.compile(r'serviceaccount "[^"]*" not found')
NO_NAMESPACE = re.compile(r'namespaces? "?[^" ]*"? (not found|.*being terminated)')
NODE_LEFT = {"NodeNotReady", "TaintManagerEviction", "NodeShutdown", "NodeLost"}
NODE_WORDS = re.compile(r"(?i)node is shutting down|node shutdown|node is not ready")
PROBE = "failed startup probe, will be restarted"


def refused(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield why the Deployment gets no Pod at all."""
    for condition in maps(evidence.conditions):
        message = text(condition.get("message"))
        if condition.get("type") != "ReplicaFailure" or condition.get("status") != "True":
            continue
        if NO_ACCOUNT.search(message):
            yield Diagnosis("service-account-missing", message, hopeless=True)
        elif NO_NAMESPACE.search(message):
            yield Diagnosis("namespace-missing", message, hopeless=True)


def taken_away(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield why the Pod lost its place: evicted, or its node is gone."""
    status = at(evidence.pod, "status")
    said = [(text(at(status, "reason")), text(at(status, "message")))]
    said += [(text(e.get("reason")), text(e.get("message"))) for e in reversed(evidence.in_order())]
    for reason, message in said:
        if reason == "Evicted" and "ephemeral" in message:
            yield Diagnosis("ephemeral-storage", message, hopeless=True)
        elif reason in NODE_LEFT or NODE_WORDS.search(message):
            yield Diagnosis("node-gone", message or reason)


def image(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what keeps the container from starting: its image, or what it is made of."""
    waiting = at(evidence.container, "state", "waiting")
    reason, message = text(at(waiting, "reason")), text(at(waiting, "message"))
    if reason in NO_IMAGE:
        said = [text(e.get("message")) for e in evidence.in_order() if e.get("reason") == "Failed"]
        quote = next((one for one in reversed(said) if "pull" in one), message) or reason
        if "no space left on device" in quote:
            yield Diagnosis("image-too-big", quote)
        else:
            yield Diagnosis("image-not-found", quote, hopeless=not PASSES.search(quote))
    elif reason in NO_CONFIG:
        yield Diagnosis("container-not-started", message or reason, hopeless=True)
    elif evidence.pod is None and (failed := _not_pulled(evidence)):
        yield Diagnosis("image-not-found", failed, hopeless=not PASSES.search(failed))
    elif pulling := _pulling(evidence):
        yield Diagnosis("image-pull-slow", pulling)


def _not_pulled(evidence: Evidence) -> str:
    """Return what events alone tell of an image that does not come, "" if it did."""
    said = ""
    for event in evidence.in_order():
        message = text(event.get("message"))
        if event.get("reason") == "Failed" and "pull" in message and "no space left" not in message:
            said = message
        elif event.get("reason") in ("Pulled", "Started"):
            said = ""
    return said


def _pulling(evidence: Evidence) -> str:
    """Return what is told of an image that is on its way, "" if none is."""
    said = ""
    for event in evidence.in_order():
        if event.get("reason") == "Pulling":
            said = text(event.get("message"))
        elif event.get("reason") in ("Pulled", "Started", "Failed"):
            said = ""
    return "" if at(evidence.container, "state", "running") else said


def out_of_memory(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield the end by the node's kernel: more memory than the limit."""
    for event in evidence.in_order():
        if event.get("reason") == "OOMKilling":
            yield Diagnosis("host-oom", text(event.get("message")), hopeless=True)
    if evidence.ended.get("reason") == "OOMKilled":
        yield Diagnosis("host-oom", "OOMKilled", hopeless=True)


def ended(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield how the container was ended from outside, or why it did not start."""
    end = evidence.ended
    if not end and evidence.pod is not None:
        return
    for event in reversed(evidence.in_order()):
        if PROBE in text(event.get("message")):
            yield Diagnosis("probe-too-short", text(event.get("message")), hopeless=True)
    code, reason = end.get("exitCode"), end.get("reason")
    if code == START_ERROR or reason in ("StartError", "ContainerCannotRun"):
        quote = text(end.get("message")) or text(reason) or f"exit code {code}"
        yield Diagnosis("container-not-started", quote, hopeless=True)
    elif code == KILLED and reason != "OOMKilled":
        yield Diagnosis("server-killed", f"exit code {code}")


def others(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield which container beside the server's keeps the Pod from being ready."""
    for part, name in (
        ("initContainerStatuses", "init-container-failed"),
        ("containerStatuses", "sidecar-failed"),
    ):
        for status in maps(at(evidence.pod, "status", part)):
            if status.get("name") != evidence.container.get("name") and (end := _failed(status)):
                reason = text(end.get("reason")) or text(end.get("message"))
                quote = f"{text(status.get('name'))}: {reason}, exit code {end.get('exitCode')}"
                yield Diagnosis(name, quote)


def _failed(status: Object) -> Object | None:
    """Return how a container that is not well ended last, None if it did not fail."""
    if status.get("ready") is True or at(status, "state", "running"):
        return None
    for state in ("state", "lastState"):
        end = at(status, state, "terminated")
        if isinstance(end, Mapping) and end.get("exitCode") not in (None, 0):
            return end
    return None
