"""Conditions on generations, metagenerations and etags, on every method that has them."""

from __future__ import annotations

import json

import pytest

OBJECT = "/storage/v1/b/{bucket}/o/there"
UPLOAD = "/upload/storage/v1/b/{bucket}/o?name=there&uploadType="

READS = {
    "get": ("GET", OBJECT + "?"),
    "media": ("GET", OBJECT + "?alt=media"),
    "download": ("GET", "/download" + OBJECT + "?alt=media"),
}
CHANGES = {
    "patch": ("PATCH", OBJECT + "?"),
    "update": ("PUT", OBJECT + "?"),
    "delete": ("DELETE", OBJECT + "?"),
    "compose": ("POST", OBJECT + "/compose?"),
    "copy": ("POST", "/storage/v1/b/{bucket}/o/other/copyTo/b/{bucket}/o/there?"),
    "rewrite": ("POST", "/storage/v1/b/{bucket}/o/other/rewriteTo/b/{bucket}/o/there?"),
    "move": ("POST", "/storage/v1/b/{bucket}/o/other/moveTo/o/there?"),
    "media upload": ("POST", UPLOAD + "media"),
    "resumable upload": ("POST", UPLOAD + "resumable"),
}
BODIES = {"compose": json.dumps({"sourceObjects": [{"name": "other"}]})}


@pytest.fixture
def there(bucket):
    bucket.blob("other").upload_from_string("other")
    blob = bucket.blob("there")
    blob.upload_from_string("there")
    blob.patch()
    assert blob.metageneration == 2
    return blob


def answered(http, bucket, named, query="", headers=None):
    method, path = ({**READS, **CHANGES})[named]
    url = path.format(bucket=bucket.name) + "&" + query
    return http.request(method, url, data=BODIES.get(named), headers=headers).status_code


def conditions(blob):
    """Return conditions as query and headers: those that hold, and those that do not."""
    generation, etag = blob.generation, blob.etag
    holding = [
        (f"ifGenerationMatch={generation}", {}),
        ("ifGenerationNotMatch=1", {}),
        ("ifGenerationNotMatch=0", {}),
        ("ifMetagenerationMatch=2", {}),
        ("ifMetagenerationNotMatch=1", {}),
        ("", {"If-Match": etag}),
        ("", {"If-Match": f'"other", "{etag}"'}),
        ("", {"If-Match": "*"}),
        ("", {"If-None-Match": "other"}),
    ]
    failing = [
        ("ifGenerationMatch=1", {}),
        ("ifGenerationMatch=0", {}),
        ("ifMetagenerationMatch=1", {}),
        ("", {"If-Match": "other"}),
    ]
    unchanged = [
        (f"ifGenerationNotMatch={generation}", {}),
        ("ifMetagenerationNotMatch=2", {}),
        ("", {"If-None-Match": etag}),
        ("", {"If-None-Match": f'W/"{etag}"'}),
        ("", {"If-None-Match": "*"}),
    ]
    return holding, failing, unchanged


@pytest.mark.parametrize("named", READS)
def test_a_read_is_412_or_304_where_a_condition_does_not_hold(http, bucket, there, named):
    holding, failing, unchanged = conditions(there)
    assert {answered(http, bucket, named, *one) for one in holding} == {200}
    assert {answered(http, bucket, named, *one) for one in failing} == {412}
    assert {answered(http, bucket, named, *one) for one in unchanged} == {304}


@pytest.mark.parametrize("named", CHANGES)
def test_a_change_is_412_where_a_condition_does_not_hold(http, bucket, there, named):
    _, failing, unchanged = conditions(there)
    found = {answered(http, bucket, named, *one) for one in (*failing, *unchanged)}
    assert found == {412}
    there.reload()
    assert (there.metageneration, there.download_as_bytes()) == (2, b"there")


@pytest.mark.parametrize("named", CHANGES)
@pytest.mark.parametrize("number", range(9))
def test_a_change_is_made_where_a_condition_holds(http, bucket, there, named, number):
    holding, _, _ = conditions(there)
    assert len(holding) == 9
    assert answered(http, bucket, named, *holding[number]) in (200, 204)


@pytest.mark.parametrize("named", ["copy", "rewrite", "move"])
def test_conditions_on_a_source_are_about_the_source(http, bucket, there, named):
    generation = bucket.get_blob("other").generation
    for query, status in (
        ("ifSourceGenerationMatch=1", 412),
        (f"ifSourceGenerationNotMatch={generation}", 412),
        ("ifSourceMetagenerationMatch=2", 412),
        ("ifSourceMetagenerationNotMatch=1", 412),
        (f"ifSourceGenerationMatch={generation}&ifSourceMetagenerationMatch=1", 200),
    ):
        assert answered(http, bucket, named, query) == status


@pytest.mark.parametrize("named", [*READS, *CHANGES])
@pytest.mark.parametrize("of", ["Generation", "Metageneration"])
def test_a_match_and_its_opposite_exclude_each_other(http, bucket, there, named, of):
    assert answered(http, bucket, named, f"if{of}Match=1&if{of}NotMatch=2") == 400


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("ifGenerationMatch=0", {}, 200),
        ("", {"If-None-Match": "*"}, 200),
        ("ifGenerationNotMatch=0", {}, 412),
        ("ifGenerationNotMatch=5", {}, 412),
        ("", {"If-Match": "*"}, 412),
    ],
)
def test_conditions_on_what_is_not_there(http, bucket, query, headers, status):
    path = f"/upload/storage/v1/b/{bucket.name}/o?name=new&uploadType=media&{query}"
    assert http.post(path, data=b"x", headers=headers).status_code == status
    assert (bucket.get_blob("new") is not None) == (status == 200)


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_a_bucket_has_conditions_too(http, bucket, method):
    path, etag = f"/storage/v1/b/{bucket.name}", bucket.etag
    assert http.get(path).headers["ETag"] == etag
    failed = 304 if method == "GET" else 412
    for query, headers, status in (
        ("ifMetagenerationMatch=7", {}, 412),
        ("", {"If-Match": "other"}, 412),
        ("ifMetagenerationNotMatch=1", {}, failed),
        ("", {"If-None-Match": etag}, failed),
        ("ifMetagenerationMatch=1", {"If-Match": etag}, 204 if method == "DELETE" else 200),
    ):
        assert http.request(method, f"{path}?{query}", headers=headers).status_code == status


def test_the_xml_api_has_them_as_headers(http, bucket, there):
    path = f"/{bucket.name}/there"
    generation = str(there.generation)
    for headers, status in (
        ({"x-goog-if-generation-match": "1"}, 412),
        ({"x-goog-if-metageneration-match": "1"}, 412),
        ({"If-Match": "other"}, 412),
        ({"x-goog-if-generation-match": generation}, 200),
    ):
        assert http.get(path, headers=headers).status_code == status
    unchanged = http.get(path, headers={"If-None-Match": there.etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == f'"{there.etag}"'
    assert http.put(path, data=b"x", headers={"If-None-Match": "*"}).status_code == 412
    assert http.delete(path, headers={"If-Match": "other"}).status_code == 412
    assert bucket.get_blob("there").generation == there.generation


def test_an_etag_changes_with_the_metadata(http, bucket, there):
    before = http.get(OBJECT.format(bucket=bucket.name)).headers["ETag"]
    assert before == there.etag
    there.patch()
    assert http.get(OBJECT.format(bucket=bucket.name)).headers["ETag"] == there.etag != before
