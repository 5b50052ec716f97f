"""What passes is asked again with growing pauses and an end; what stays is asked once."""

import asyncio
import itertools
import time

import pytest
from google.cloud.storage.retry import DEFAULT_RETRY

from warmbook.book.walkthrough import walk
from warmbook.errors import WarmbookError
from warmbook.steps import cache, cluster, identity, server
from warmbook_rehearsal.google.errors import GoogleError
from warmbook_rehearsal.kubernetes.errors import ApiError
from warmbook_rehearsal.storage import StorageError

from .state import Watched

GOOGLES_OWN_S = 20
"""For how long GKE's library asks again by itself after a 503 to a GET, in seconds."""

SERVICES = ("google", "storage", "kubernetes", "caches")
RESET = 0
CANONICAL = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    RESET: "UNAVAILABLE",
}


def refusal(service, code):
    """Return what a server of the rehearsal raises to answer with `code`, or to answer nothing."""
    if code == RESET and service != "caches":
        return asyncio.CancelledError()  # over gRPC a lost connection is UNAVAILABLE
    if service == "storage":
        return StorageError(code, "backendError", f"refused with {code}")
    if service == "kubernetes":
        return ApiError(code, "Refused", f"refused with {code}")
    return GoogleError(CANONICAL[code], f"refused with {code}")


class Refusing:
    """Refuses requests of a service: those that `fits` picks, on arrival or when they are done."""

    def __init__(self, rehearsal, service, codes, fits=lambda incoming: True, *, done=False):
        self._service, self._codes, self._fits = service, codes, fits
        self.seen = []
        way = rehearsal.inner.request_faults
        add = way.add_on_leaving if done else way.add
        rehearsal.call(lambda: add(self))

    async def __call__(self, incoming):
        from_a_pod = incoming.address not in ("", "127.0.0.1")
        if incoming.service != self._service or from_a_pod or not self._fits(incoming):
            return
        self.seen.append((incoming.method, incoming.path))
        if (code := next(self._codes, None)) is not None:
            raise refusal(self._service, code)


def once_each():
    """Return a test of requests that is true for the first of its kind only."""
    met = set()

    def first(incoming):
        key = (incoming.method, incoming.path, "watch" in incoming.query)
        return key not in met and not met.add(key)

    return first


def changes(incoming):
    reads = incoming.method in ("GET", "HEAD") or incoming.path.endswith(":getIamPolicy")
    return not reads and not incoming.path.startswith(("List", "Get"))


def built(chosen, clients, quiet):
    walked = walk(chosen, clients, quiet["report"], doctor=False)
    assert walked.error is None, walked.error
    cache.create(chosen, clients, **quiet)


@pytest.mark.parametrize("service", SERVICES)
def test_the_guide_gets_through_when_each_request_fails_once(
    service, rehearsal, chosen, clients, quiet
):
    watched = Watched(rehearsal, "autopilot")
    failures = itertools.cycle((503, RESET, 429, 500))
    refused = Refusing(rehearsal, service, failures, once_each())
    built(chosen, clients, quiet)
    assert refused.seen
    assert watched.wrong_when_built(created_once=True) == []


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("mode", ["autopilot", "standard"])
def test_a_completed_request_with_a_lost_response_is_not_repeated(
    service, mode, rehearsal, monkeypatch, quiet
):
    from warmbook.display.banner import connect
    from warmbook.settings import Settings, merge

    given = {"mode": "standard", "location": "us-central1-a"} if mode == "standard" else {}
    chosen = Settings.parse(merge(given))
    watched, first = Watched(rehearsal, mode), once_each()
    lost = itertools.cycle((RESET, 503))
    refused = Refusing(rehearsal, service, lost, lambda one: changes(one) and first(one), done=True)
    built(chosen, connect(chosen), quiet)
    assert refused.seen
    assert watched.wrong_when_built(created_once=True) == []


STEPS = {
    "google": lambda settings, clients, quiet: cluster.create(settings, clients, **quiet),
    "kubernetes": lambda settings, clients, quiet: identity.create_namespace(settings, clients),
    "storage": lambda settings, clients, quiet: identity.grant_bucket_roles(settings, clients),
}


@pytest.mark.parametrize("code", [503, RESET])
@pytest.mark.parametrize("service", STEPS)
def test_a_permanent_failure_ends_with_a_named_error_in_time(
    service, code, rehearsal, chosen, clients, quiet, up_to, monkeypatch
):
    monkeypatch.setattr("warmbook.cloud.clients.REHEARSED_S", 2)
    monkeypatch.setattr(DEFAULT_RETRY, "_timeout", 2)  # Cloud Storage's library has two minutes
    up_to("cluster")
    Refusing(rehearsal, service, itertools.repeat(code))
    begun = time.monotonic()
    with pytest.raises(WarmbookError) as told:
        STEPS[service](chosen, clients, quiet)
    assert time.monotonic() - begun < GOOGLES_OWN_S + 8
    assert told.value.pitfall in ("service-unavailable", "unreachable")


POSTS = {
    "google": lambda incoming: incoming.method == "POST" and incoming.path.endswith("/clusters"),
    "kubernetes": lambda incoming: incoming.method == "POST",
    "storage": lambda incoming: incoming.method == "PUT",
}


@pytest.mark.parametrize("code", [400, 401, 403, 404])
@pytest.mark.parametrize("service", STEPS)
def test_a_permanent_refusal_is_not_retried(
    service, code, rehearsal, chosen, clients, quiet, up_to
):
    up_to("project" if service == "google" else "cluster")
    refused = Refusing(rehearsal, service, itertools.repeat(code), POSTS[service])
    with pytest.raises(WarmbookError):
        STEPS[service](chosen, clients, quiet)
    assert len(refused.seen) == 1, refused.seen


def test_an_exhausted_quota_is_not_retried(rehearsal, chosen, clients, quiet, up_to):
    up_to("project")
    posts = []

    async def used_up(incoming):
        if POSTS["google"](incoming):
            posts.append(incoming)
            raise GoogleError("RESOURCE_EXHAUSTED", "Insufficient quota 'NVIDIA_L4_GPUS'.")

    rehearsal.call(lambda: rehearsal.inner.request_faults.add(used_up))
    with pytest.raises(WarmbookError) as told:
        cluster.create(chosen, clients, **quiet)
    assert told.value.pitfall == "gpu-quota"
    assert len(posts) == 1


@pytest.mark.parametrize("code", [RESET, 410, 500])
def test_a_watch_that_breaks_off_goes_on(code, rehearsal, chosen, clients, up_to_identity):
    cuts = itertools.chain([code] * 3, itertools.repeat(None))
    refused = Refusing(rehearsal, "kubernetes", cuts, lambda one: "watch" in one.query)
    seen = clients.kubernetes.watch("ConfigMap", chosen.namespace)
    assert next(seen) == []
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "news", "namespace": chosen.namespace},
    }
    clients.kubernetes.create(made)
    found = next(listed for listed in seen if listed and len(refused.seen) > 3)
    assert [one["metadata"]["name"] for one in found] == ["news"]


def test_an_operation_that_is_under_way_is_waited_for(rehearsal, chosen, clients, quiet, up_to):
    up_to("project")
    clients.clusters.create_cluster(
        parent=clients.location_path(chosen), cluster=cluster.wanted(chosen)
    )
    made = cluster.create(chosen, clients, **quiet)
    assert (made.status, made.created) == ("RUNNING", False)


def test_a_cluster_that_is_being_deleted_is_made_anew(rehearsal, chosen, clients, quiet, up_to):
    up_to("cluster")
    clients.clusters.delete_cluster(name=clients.cluster_path(chosen))
    made = cluster.create(chosen, clients, **quiet)
    assert (made.status, made.created) == ("RUNNING", True)


def test_a_pool_is_asked_for_again_while_the_cluster_is_busy(rehearsal, monkeypatch, quiet, up_to):
    from warmbook.display.banner import connect
    from warmbook.settings import Settings, merge

    chosen = Settings.parse(merge({"mode": "standard", "location": "us-central1-a"}))
    clients = connect(chosen)
    up_to("project", chosen)
    cluster.create(chosen, clients, **quiet)
    from google.cloud import container_v1 as gke

    other = gke.NodePool(name="other", initial_node_count=1)
    clients.clusters.create_node_pool(parent=clients.cluster_path(chosen), node_pool=other)
    made = cluster.create_node_pool(chosen, clients, **quiet)
    assert (made.status, made.created) == ("RUNNING", True)


def test_a_deployment_that_is_half_applied_is_completed(rehearsal, chosen, clients, quiet, up_to):
    up_to("identity")
    lost = Refusing(
        rehearsal,
        "kubernetes",
        itertools.repeat(403),
        lambda one: one.method == "PATCH" and "deployments" in one.path,
    )
    with pytest.raises(WarmbookError):
        server.deploy(chosen, clients)
    rehearsal.call(lambda: rehearsal.inner.request_faults.remove(lost))
    assert server.deploy(chosen, clients).created
