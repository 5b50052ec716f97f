"""Soft delete: what a bucket with such a policy loses can be restored for a while."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from google.api_core import exceptions as refused

WEEK_S = 7 * 24 * 60 * 60


@pytest.fixture
def keeping(bucket):
    """A bucket that keeps what is deleted for a week."""
    bucket.soft_delete_policy.retention_duration_seconds = WEEK_S
    bucket.patch()
    return bucket


def deleted(bucket):
    return [(blob.name, blob.generation) for blob in bucket.list_blobs(soft_deleted=True)]


def written(bucket, text):
    blob = bucket.blob("x")
    blob.upload_from_string(text)
    return blob.generation


def files(server):
    return len(list(server.storage.blobs.writer().path.parent.iterdir())) - 1


def test_what_is_replaced_or_deleted_is_listed_and_restored(keeping):
    first, second = written(keeping, "first"), written(keeping, "second")
    keeping.blob("x").delete()
    assert deleted(keeping) == [("x", first), ("x", second)]
    assert list(keeping.list_blobs(versions=True)) == []
    told = keeping.get_blob("x", generation=first, soft_deleted=True)
    week = datetime.timedelta(seconds=WEEK_S)
    assert told.hard_delete_time - told.soft_delete_time == week
    restored = keeping.restore_blob("x", generation=first)
    assert restored.generation > second and restored.soft_delete_time is None
    assert keeping.blob("x").download_as_bytes() == b"first"


def test_a_listing_is_by_generation_whatever_was_deleted_first(keeping):
    keeping.versioning_enabled = True
    keeping.patch()
    first, second = written(keeping, "first"), written(keeping, "second")
    for generation in (second, first):
        keeping.blob("x", generation=generation).delete()
    assert deleted(keeping) == [("x", first), ("x", second)]


def test_without_a_policy_the_bytes_are_gone_at_once(server, bucket):
    written(bucket, "first")
    bucket.blob("x").delete()
    assert deleted(bucket) == []
    with pytest.raises(refused.NotFound):
        bucket.restore_blob("x", generation=1)


def test_after_the_time_the_bytes_are_gone(server, keeping):
    generation, before = written(keeping, "first"), files(server)
    keeping.blob("x").delete()
    assert files(server) >= before
    kept = server.storage.bucket(keeping.name).soft_deleted
    over = datetime.datetime.now(datetime.timezone.utc)
    kept["x"] = [dataclasses.replace(meta, hard_deleted=over) for meta in kept["x"]]
    path = kept["x"][0].content.path
    assert deleted(keeping) == [] and not path.exists()
    with pytest.raises(refused.NotFound):
        keeping.restore_blob("x", generation=generation)


@pytest.mark.parametrize("query", ["?softDeleted=true", "/restore"])
def test_the_generation_must_be_named(http, keeping, query):
    written(keeping, "first")
    verb = "POST" if query == "/restore" else "GET"
    path = f"/storage/v1/b/{keeping.name}"
    assert http.request(verb, f"{path}/o/x{query}").status_code == 400
    assert http.request(verb, f"{path}{query}").status_code == 400


def test_a_bucket_is_restored_with_its_generation(client, keeping):
    name, generation = keeping.name, keeping.generation
    keeping.delete()
    with pytest.raises(refused.NotFound):
        client.get_bucket(name)
    assert name in [bucket.name for bucket in client.list_buckets(soft_deleted=True)]
    restored = client.restore_bucket(name, generation=generation)
    assert (restored.generation, restored.soft_delete_time) == (generation, None)
    assert client.get_bucket(name).generation == generation
    with pytest.raises(refused.NotFound):
        client.restore_bucket(name, generation=generation)


def test_a_bucket_is_not_restored_over_another(client, keeping):
    name, generation = keeping.name, keeping.generation
    keeping.delete()
    client.create_bucket(name)
    with pytest.raises(refused.Conflict):
        client.restore_bucket(name, generation=generation)
