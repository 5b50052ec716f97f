"""Following the server's Pods in a rehearsal, and sending its manifest with one change."""

import time

from warmbook.serving.manifest import deployment
from warmbook.serving.pods import LABELS
from warmbook.steps import server


def as_it_was(pod):
    pass


def statuses(clients, chosen):
    for pod in clients.kubernetes.list_objects("Pod", chosen.namespace, labels=LABELS):
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            yield pod, status


def follow(clients, chosen, until):
    """Return the first Pod whose container's status is as wanted, with that status."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pod, status in statuses(clients, chosen):
            if until(pod, status):
                return pod, status
        time.sleep(0.05)
    raise AssertionError([*statuses(clients, chosen)])


def has_ended(pod, status):
    return status["lastState"].get("terminated") or status["state"].get("terminated")


def is_ready(pod, status):
    return status["ready"]


def send(clients, chosen, change):
    """Send the workbook's manifest with one change, as a reader does who edits it."""
    manifest = deployment(chosen, server.look_up(clients, chosen))
    change(manifest["spec"]["template"]["spec"])
    clients.kubernetes.apply(manifest)
