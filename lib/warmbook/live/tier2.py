"""Tier 2, under half a dollar: an Autopilot cluster without a GPU, and small Pods in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..cloud import roles
from ..display.progress import wait_until
from ..serving.guide_manifest import MANAGED_BY
from ..serving.pods import ENDED, Pod
from ..steps import cluster, identity, probe, project
from ..steps.probe import IMAGE, Probed
from .checks import Facts, NotReachedError, check, hold
from .ledger import Entry
from .session import Session

HELPER = "warmbook-live"
HELPER_S = 600
"""How long the helper's Pod may live, in seconds."""

# the Pod's own address, under which its name is known inside it
SERVE = (
    "import http.server, os; "
    "http.server.HTTPServer((os.environ['HOSTNAME'], 8000), "
    "http.server.SimpleHTTPRequestHandler).serve_forever()"
)


@check(2, "autopilot-cluster", needed=True)
def autopilot_cluster(session: Session) -> Facts:
    """Make the cluster by notebook 04, and in it what notebook 05 makes; all of it twice."""
    settings, clients, report = session.settings, session.clients, session.report
    services = project.enable_services(settings, clients, report=report)
    session.ledger.add(Entry("cluster", settings.cluster_name, settings.location))
    begun = time.monotonic()
    made = cluster.create(settings, clients, report=report)
    took_s = time.monotonic() - begun
    member = identity.principal(settings, clients).name
    for role in roles.bucket_roles(settings):
        session.ledger.add(Entry("role", role, member))
    for _ in range(2):
        identity.create_namespace(settings, clients)
        identity.create_service_account(settings, clients)
        granted = identity.grant_bucket_roles(settings, clients)
    return hold(
        made.workload_pool and not granted.missing and not granted.granted,
        version=made.version,
        seconds=round(took_s),
        enabled=list(services.enabled),
    )


@check(2, "probe-on-autopilot")
def probe_of_the_bucket(session: Session) -> Facts:
    """Ask the bucket as the service account, by notebook 05."""
    begun = time.monotonic()
    answers = probe.probe(session.settings, session.clients, report=session.report)
    return hold(answers.readable, **answers.record(), seconds=round(time.monotonic() - begun))


@check(2, "uniform-access-off")
def probe_of_a_bucket_without_uniform_access(session: Session) -> Facts:
    """Turn the bucket's uniform access off, probe again, and turn it on."""
    found = session.clients.storage.get_bucket(session.run)
    found.iam_configuration.uniform_bucket_level_access_enabled = False
    found.patch()
    try:
        answers: Probed = probe.probe(session.settings, session.clients, report=session.report)
    finally:
        found.iam_configuration.uniform_bucket_level_access_enabled = True
        found.patch()
    said = {one.permission: one.reply[:200] for one in answers.answers if not one.may}
    return hold(any("412" in reply for reply in said.values()), said=said)


@check(2, "exec-proxy-watch")
def helper_in_the_cluster(session: Session) -> Facts:
    """Follow a Pod until it runs, run a command in it, and ask its server through the API."""
    cluster_api, space = session.clients.kubernetes, session.settings.namespace
    with _helper(session) as name:
        seen = _running(session, name)
        said = cluster_api.run(name, space, ["python3", "-c", "print('by exec')"])
        page = _asked(session, name)
    facts = {"states": seen, "exec": said.strip(), "proxy_bytes": len(page)}
    return hold(facts["exec"] == "by exec" and page, **facts)


@contextmanager
def _helper(session: Session) -> Iterator[str]:
    cluster_api, settings = session.clients.kubernetes, session.settings
    small = {"cpu": "250m", "memory": "512Mi"}
    container = {
        "name": HELPER,
        "image": IMAGE,
        "command": ["python3", "-c", SERVE],
        "ports": [{"containerPort": 8000}],
        "resources": {"requests": small, "limits": dict(small)},
    }
    spec = {
        "serviceAccountName": settings.service_account,
        "restartPolicy": "Never",
        "activeDeadlineSeconds": HELPER_S,
        "containers": [container],
    }
    metadata = {"name": HELPER, "namespace": settings.namespace, "labels": MANAGED_BY}
    try:
        cluster_api.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        yield HELPER
    finally:
        cluster_api.delete("Pod", HELPER, settings.namespace)


def _running(session: Session, name: str) -> list[str]:
    """Wait until the Pod runs, by a watch; return the states that the watch told."""
    states: list[str] = []

    def state(pod: Pod) -> str:
        told = pod.waiting or pod.phase
        states.extend([told] if told not in states[-1:] else [])
        return told

    cluster_api, space = session.clients.kubernetes, session.settings.namespace
    wait_until(
        (
            Pod.of(found)
            for listed in cluster_api.watch("Pod", space, fields=f"metadata.name={name}")
            for found in listed
        ),
        what=name,
        state=state,
        ready=lambda pod: pod.phase == "Running",
        failed=lambda pod: NotReachedError(pod.phase) if pod.phase in ENDED else None,
        timeout_s=HELPER_S,
        report=session.report,
    )
    return states


def _asked(session: Session, name: str) -> str:
    """Return the page of the Pod's server, which may need a moment to listen."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    last: Any = None
    for _ in range(20):
        session.hold_deadline()
        try:
            return session.clients.kubernetes.ask(name, session.settings.namespace, 8000, "/")
        except DynamicApiError as error:
            last = error
            time.sleep(0.5)
    raise last
