"""Object Versioning: what is replaced or deleted stays, by its generation."""

from __future__ import annotations

import pytest
from google.api_core import exceptions as refused


@pytest.fixture
def versioned(bucket):
    bucket.versioning_enabled = True
    bucket.patch()
    return bucket


def written(bucket, name, *contents):
    """Write an object several times; return the generations, the oldest first."""
    generations = []
    for content in contents:
        blob = bucket.blob(name)
        blob.upload_from_string(content)
        generations.append(blob.generation)
    return generations


def listed(bucket, **query):
    return [(blob.name, blob.generation) for blob in bucket.list_blobs(versions=True, **query)]


def test_what_is_replaced_is_kept_by_its_generation(versioned):
    first, second = written(versioned, "x", "first", "second")
    assert listed(versioned) == [("x", first), ("x", second)]
    assert [blob.generation for blob in versioned.list_blobs()] == [second]
    assert versioned.blob("x", generation=first).download_as_bytes() == b"first"
    assert versioned.get_blob("x", generation=first).time_deleted is not None
    assert versioned.get_blob("x").time_deleted is None
    assert versioned.blob("x").download_as_bytes() == b"second"


def test_what_is_deleted_becomes_noncurrent_and_can_be_copied_back(versioned):
    (first,) = written(versioned, "x", "first")
    versioned.blob("x").delete()
    assert versioned.get_blob("x") is None
    assert listed(versioned) == [("x", first)]
    versioned.copy_blob(versioned.blob("x"), versioned, "x", source_generation=first)
    assert versioned.blob("x").download_as_bytes() == b"first"
    assert len(listed(versioned)) == 2


@pytest.mark.parametrize("which", [0, 1], ids=["noncurrent", "live"])
def test_a_generation_that_is_named_is_deleted_for_good(server, versioned, which):
    folder = server.storage.blobs.writer().path.parent
    before = len(list(folder.iterdir()))
    generations = written(versioned, "x", "first", "second")
    versioned.blob("x", generation=generations[which]).delete()
    assert listed(versioned) == [("x", generations[1 - which])]
    assert (versioned.get_blob("x") is None) == (which == 1)
    assert len(list(folder.iterdir())) == before + 1
    with pytest.raises(refused.NotFound):
        versioned.blob("x", generation=generations[which]).delete()


def test_the_metadata_of_a_noncurrent_generation_can_be_changed(versioned):
    first, second = written(versioned, "x", "first", "second")
    blob = versioned.blob("x", generation=first)
    blob.metadata = {"kept": "yes"}
    blob.patch()
    assert versioned.get_blob("x", generation=first).metadata == {"kept": "yes"}
    assert versioned.get_blob("x").metadata is None
    assert listed(versioned) == [("x", first), ("x", second)]


def test_suspended_versioning_keeps_what_there_is_and_adds_nothing(versioned):
    first, second = written(versioned, "x", "first", "second")
    versioned.versioning_enabled = False
    versioned.patch()
    (third,) = written(versioned, "x", "third")
    assert listed(versioned) == [("x", first), ("x", third)]
    assert second not in {generation for _, generation in listed(versioned)}


def test_without_versioning_nothing_is_kept(bucket):
    first, second = written(bucket, "x", "first", "second")
    assert listed(bucket) == [("x", second)]
    with pytest.raises(refused.NotFound):
        bucket.blob("x", generation=first).download_as_bytes()


def test_a_bucket_with_noncurrent_objects_is_not_empty(client, versioned):
    written(versioned, "x", "first", "second")
    versioned.blob("x").delete()
    with pytest.raises(refused.Conflict, match="not empty"):
        versioned.delete()
    versioned.delete(force=True)
    assert client.lookup_bucket(versioned.name) is None


@pytest.mark.parametrize("page_size", range(1, 8))
def test_versions_come_in_pages(versioned, page_size):
    for name in ("a", "b/1", "b/2", "c", "c\x01"):
        written(versioned, name, "first", "second")
    whole = listed(versioned)
    assert len(whole) == 10
    assert whole == sorted(whole)
    assert listed(versioned, page_size=page_size) == whole
    listing = versioned.list_blobs(versions=True, delimiter="/", page_size=page_size)
    assert [blob.name for blob in listing] == ["a", "a", "c", "c", "c\x01", "c\x01"]
    assert listing.prefixes == {"b/"}


def test_what_a_compose_deletes_is_not_kept(http, versioned):
    (first,) = written(versioned, "a", "first")
    body = {"sourceObjects": [{"name": "a"}], "deleteSourceObjects": True}
    answer = http.post(f"/storage/v1/b/{versioned.name}/o/whole/compose", json=body)
    assert answer.status_code == 200
    assert listed(versioned) == [("whole", int(answer.json()["generation"]))]
    assert not versioned.blob("a", generation=first).exists()


def test_conditions_are_about_the_live_generation(versioned):
    first, second = written(versioned, "x", "first", "second")
    with pytest.raises(refused.PreconditionFailed):
        versioned.blob("x").upload_from_string("third", if_generation_match=first)
    versioned.blob("x").delete()
    versioned.blob("x").upload_from_string("third", if_generation_match=0)
    assert [generation for _, generation in listed(versioned)][:2] == [first, second]


def test_versions_and_soft_deleted_exclude_each_other(http, versioned):
    path = f"/storage/v1/b/{versioned.name}/o?versions=true&softDeleted=true"
    assert http.get(path).status_code == 400


@pytest.mark.parametrize("query", ["versions", "versioning"])
def test_the_xml_apis_own_requests_for_versions_are_refused(http, versioned, query):
    answer = http.get(f"/{versioned.name}?{query}")
    assert answer.status_code == 501
    assert "<Code>NotImplemented</Code>" in answer.text


def test_the_xml_api_reads_and_deletes_a_generation(http, versioned):
    first, second = written(versioned, "x", "first", "second")
    path = f"/{versioned.name}/x?generation={first}"
    assert http.get(path).content == b"first"
    assert http.delete(path).status_code == 204
    assert listed(versioned) == [("x", second)]
