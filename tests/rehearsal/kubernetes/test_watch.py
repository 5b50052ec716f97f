"""Watches: what is told, in which order, from when on, and for whom."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import pytest
import requests
from kubernetes import client, watch

from ...machine import slowness

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def watching(cluster):
    """Return a context that watches a path, and gives a function for the next event."""

    @contextmanager
    def run(path, **headers):
        sent = {"Authorization": f"Bearer {cluster.token}", **headers}
        with requests.Session() as session:
            session.trust_env = False
            url = f"{cluster.url}{path}{'&' if '?' in path else '?'}watch=true"
            with session.get(url, headers=sent, stream=True, timeout=5) as answer:
                lines = answer.iter_lines(chunk_size=1)
                yield lambda: json.loads(next(lines))

    return run


def _map(name, **labels):
    return {"metadata": {"name": name, "labels": labels}}


def _told(event):
    return event["type"], event["object"]["metadata"]["name"]


def test_a_watch_without_a_version_begins_with_what_there_is(core, watching):
    core.create_namespaced_config_map("default", _map("a"))
    with watching(MAPS) as event:
        assert _told(event()) == ("ADDED", "a")
        core.create_namespaced_config_map("default", _map("b"))
        assert _told(event()) == ("ADDED", "b")
        core.patch_namespaced_config_map("a", "default", {"data": {"x": "1"}})
        assert _told(event()) == ("MODIFIED", "a")
        core.delete_namespaced_config_map("a", "default")
        assert _told(event()) == ("DELETED", "a")


def test_a_watch_from_a_version_reports_later_changes(core, watching):
    core.create_namespaced_config_map("default", _map("a"))
    version = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", _map("b"))
    with watching(f"{MAPS}?resourceVersion={version}") as event:
        assert _told(event()) == ("ADDED", "b")


def test_an_object_that_leaves_the_selector_is_reported_as_deleted(core, watching):
    core.create_namespaced_config_map("default", _map("a", tier="web"))
    core.create_namespaced_config_map("default", _map("b"))
    with watching(f"{MAPS}?labelSelector=tier%3Dweb") as event:
        assert _told(event()) == ("ADDED", "a")
        relabel = {"metadata": {"labels": {"tier": "db"}}}
        core.patch_namespaced_config_map("a", "default", relabel)
        left = event()
        assert _told(left) == ("DELETED", "a")
        core.patch_namespaced_config_map("b", "default", {"metadata": {"labels": {"tier": "web"}}})
        assert _told(event()) == ("ADDED", "b")


def test_an_expired_version_is_410(cluster, watching):
    def churn():
        for number in range(5000):
            cluster.store.create("ConfigMap", {"metadata": {"name": f"m{number}"}})
            cluster.store.remove("ConfigMap", "default", f"m{number}")

    cluster.on_loop(churn)
    with watching(f"{MAPS}?resourceVersion=101") as event:
        gone = event()
    assert (gone["type"], gone["object"]["code"]) == ("ERROR", 410)
    assert gone["object"]["reason"] == "Expired"
    with pytest.raises(client.ApiException) as caught:
        stream = watch.Watch().stream(
            client.CoreV1Api(cluster.api()).list_namespaced_config_map,
            "default",
            resource_version="101",
            timeout_seconds=2,
        )
        list(stream)
    assert caught.value.status == 410


def test_a_watch_ends_when_it_was_asked_to(core):
    begin = time.monotonic()
    stream = watch.Watch().stream(core.list_namespaced_config_map, "default", timeout_seconds=1)
    assert list(stream) == []
    assert 0.9 < time.monotonic() - begin < 3 * slowness()


def test_the_end_of_a_watch_is_marked_if_bookmarks_are_requested(core, watching):
    core.create_namespaced_config_map("default", _map("a"))
    query = "allowWatchBookmarks=true&timeoutSeconds=1"
    with watching(f"{MAPS}?{query}") as event:
        assert _told(event()) == ("ADDED", "a")
        mark = event()
    assert mark["type"] == "BOOKMARK"
    assert int(mark["object"]["metadata"]["resourceVersion"]) > 100


def test_initial_events_end_with_a_mark(core, watching):
    core.create_namespaced_config_map("default", _map("a"))
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    with watching(f"{MAPS}?{query}") as event:
        assert _told(event()) == ("ADDED", "a")
        mark = event()["object"]["metadata"]["annotations"]
    assert mark == {"k8s.io/initial-events-end": "true"}


def test_a_watch_for_tables_sends_tables(core, watching):
    core.create_namespaced_config_map("default", _map("a"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    with watching(MAPS, Accept=accept) as event:
        table = event()["object"]
    assert table["kind"] == "Table" and table["rows"][0]["cells"][0] == "a"


def test_a_change_is_reported_within_50_ms(core, watching):
    """From the answer to the writer until the watcher has it; the median of ten."""
    arrived = []
    with watching(f"{MAPS}?resourceVersion=0") as event:

        def listen():
            for _ in range(10):
                arrived.append((event(), time.monotonic())[1])

        listener = threading.Thread(target=listen)
        listener.start()
        answered = []
        for number in range(10):
            core.create_namespaced_config_map("default", _map(f"m{number}"))
            answered.append(time.monotonic())
        listener.join(30)
    late = sorted(there - here for there, here in zip(arrived, answered, strict=True))
    assert late[5] < 0.05 * slowness()


def test_closed_watches_are_removed(cluster, core, watching, eventually):
    for _ in range(3):
        with watching(MAPS):
            pass
    core.create_namespaced_config_map("default", _map("a"))  # a write shows who is gone

    def left():
        return cluster.on_loop(lambda: len(cluster.store.history._subscriptions)) <= 2

    eventually(left)
