"""Managed folders: made, listed as prefixes and deleted; they hold no objects themselves."""

from __future__ import annotations

import pytest


@pytest.fixture
def folders(http, bucket):
    """The URL of the managed folders of a bucket that may have some."""
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch()
    return f"/storage/v1/b/{bucket.name}/managedFolders"


def prefixes(bucket, **asked):
    listed = bucket.list_blobs(delimiter="/", **asked)
    names = [blob.name for blob in listed]
    return names, sorted(listed.prefixes)


def test_a_folder_is_a_prefix_only_where_that_is_asked(http, bucket, folders):
    assert http.post(folders, json={"name": "a"}).json()["name"] == "a/"
    assert http.post(folders, json={"name": "b/c/"}).status_code == 200
    bucket.blob("x").upload_from_string("first")
    assert prefixes(bucket) == (["x"], [])
    assert prefixes(bucket, include_folders_as_prefixes=True) == (["x"], ["a/", "b/"])
    inside = prefixes(bucket, prefix="b/", include_folders_as_prefixes=True)
    assert inside == ([], ["b/c/"])
    assert [item["name"] for item in http.get(folders).json()["items"]] == ["a/", "b/c/"]


def test_a_folder_with_objects_is_deleted_only_on_request(http, bucket, folders):
    http.post(folders, json={"name": "a"})
    bucket.blob("a/x").upload_from_string("first")
    assert http.delete(f"{folders}/a").status_code == 409
    assert http.delete(f"{folders}/a%2F?allowNonEmpty=true").status_code == 204
    assert http.get(f"{folders}/a").status_code == 404
    assert bucket.blob("a/x").download_as_bytes() == b"first"


def test_a_folder_is_made_once_and_under_uniform_access_only(http, bucket, folders):
    http.post(folders, json={"name": "a"})
    assert http.post(folders, json={"name": "a/"}).status_code == 409
    assert http.post(folders, json={}).status_code == 400
    bucket.iam_configuration.uniform_bucket_level_access_enabled = False
    bucket.patch()
    assert http.post(folders, json={"name": "b"}).status_code == 400


def test_folders_as_prefixes_need_the_delimiter(http, bucket, folders):
    path = f"/storage/v1/b/{bucket.name}/o?includeFoldersAsPrefixes=true"
    assert http.get(path).status_code == 400
