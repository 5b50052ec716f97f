"""Storage Control's caches over gRPC, through the official client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import storage_control_v2
from google.cloud.storage_control_v2 import AnywhereCache

PARENT = "projects/_/buckets/models"
ZONE = "us-central1-a"
NAME = f"{PARENT}/anywhereCaches/{ZONE}"


@pytest.fixture
def client(running: Any) -> Iterator[Any]:
    made = running.storage_control()
    yield made
    made.transport.close()


def test_a_cache_is_created_by_an_operation_that_ends_when_it_runs(client: Any) -> None:
    wanted = AnywhereCache(
        zone=ZONE, ttl=timedelta(hours=2), admission_policy="admit-on-first-miss"
    )
    operation = client.create_anywhere_cache(parent=PARENT, anywhere_cache=wanted)
    made = operation.result(timeout=10)

    assert operation.metadata.zone == ZONE
    assert made.name == NAME
    assert made.state == "running"
    assert made.ttl == timedelta(hours=2)
    assert client.get_anywhere_cache(name=NAME) == made
    assert [cache.zone for cache in client.list_anywhere_caches(parent=PARENT)] == [ZONE]


def test_a_cache_is_updated_disabled_paused_and_resumed(client: Any) -> None:
    client.create_anywhere_cache(parent=PARENT, anywhere_cache=AnywhereCache(zone=ZONE)).result(10)
    changed = AnywhereCache(name=NAME, ttl=timedelta(days=2), admission_policy="ignored")
    updated = client.update_anywhere_cache(
        anywhere_cache=changed, update_mask={"paths": ["ttl"]}
    ).result(timeout=10)

    assert updated.ttl == timedelta(days=2)
    assert updated.admission_policy == "admit-on-first-miss"
    assert client.disable_anywhere_cache(name=NAME).state == "disabled"
    assert client.resume_anywhere_cache(name=NAME).state == "running"
    assert client.pause_anywhere_cache(name=NAME).state == "paused"


def test_the_layout_of_a_bucket_has_its_location(client: Any) -> None:
    layout = client.get_storage_layout(name=f"{PARENT}/storageLayout")

    assert (layout.location, layout.location_type) == ("US-CENTRAL1", "region")
    assert layout.hierarchical_namespace.enabled


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.get_anywhere_cache(name=NAME), exceptions.NotFound),
        (lambda c: c.list_anywhere_caches(parent="projects/_/buckets/none"), exceptions.NotFound),
        (lambda c: c.get_anywhere_cache(name=f"{PARENT}/anything"), exceptions.InvalidArgument),
        (
            lambda c: c.create_anywhere_cache(
                parent=PARENT, anywhere_cache=AnywhereCache(zone=ZONE, ttl=timedelta(seconds=1))
            ),
            exceptions.InvalidArgument,
        ),
    ],
)
def test_what_the_storage_server_refuses_is_refused(client: Any, call: Any, error: Any) -> None:
    with pytest.raises(error):
        call(client)


def test_a_creation_that_comes_to_nothing_ends_with_an_error(client: Any, running: Any) -> None:
    wanted = AnywhereCache(zone=ZONE, ingest_on_write=True)
    operation = client.create_anywhere_cache(parent=PARENT, anywhere_cache=wanted)
    assert running.caches.kept.pop(ZONE).ingest_on_write

    with pytest.raises(exceptions.GoogleAPICallError, match="cache does not exist"):
        operation.result(timeout=10)


def test_an_unknown_operation_is_not_found(client: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        client.transport.operations_client.get_operation(f"{PARENT}/operations/none")


def test_a_second_cache_in_a_zone_and_a_pause_too_early_are_refused(
    client: Any, running: Any
) -> None:
    wanted = AnywhereCache(zone=ZONE)
    running.caches.create("models", ZONE)
    with pytest.raises(exceptions.FailedPrecondition):
        client.pause_anywhere_cache(name=NAME)
    with pytest.raises(exceptions.AlreadyExists):
        client.create_anywhere_cache(parent=PARENT, anywhere_cache=wanted)


def test_a_call_without_the_readers_token_is_unauthenticated(running: Any) -> None:
    with pytest.raises(exceptions.Unauthenticated) as refused:
        running.storage_control(token="someone-elses").get_anywhere_cache(name=NAME)

    assert refused.value.reason == "ACCESS_TOKEN_TYPE_UNSUPPORTED"


def test_a_method_that_is_not_served_is_unimplemented(client: Any) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        client.list_folders(request=storage_control_v2.ListFoldersRequest(parent=PARENT))


def test_who_lacks_the_permission_on_the_bucket_is_refused_by_its_name(running: Any) -> None:
    running.caches.denied = {"storage.anywhereCaches.list"}
    control = running.storage_control()
    with pytest.raises(exceptions.PermissionDenied, match=r"storage\.anywhereCaches\.list") as no:
        list(control.list_anywhere_caches(parent="projects/_/buckets/models"))
    assert "reader@example.com does not have" in str(no.value)
    assert control.get_storage_layout(name="projects/_/buckets/models/storageLayout").location
