"""Whatever a client sends, it is the client's error: 4xx, never 500."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.sampled_from(
    [
        *("name", "location", "bindings", "members", "role", "etag", "version", "zone", "ttl"),
        *("metadata", "contentType", "crc32c", "md5Hash", "storageClass", "labels", "generation"),
        *("iamConfiguration", "uniformBucketLevelAccess", "enabled", "hierarchicalNamespace"),
        *("customPlacementConfig", "dataLocations", "condition", "admissionPolicy"),
        *("sourceObjects", "destination", "objectPreconditions", "ifGenerationMatch"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
TARGETS = [
    ("POST", "/storage/v1/b?project=demo-proj"),
    ("PATCH", "/storage/v1/b/{bucket}"),
    ("PUT", "/storage/v1/b/{bucket}"),
    ("PUT", "/storage/v1/b/{bucket}/iam"),
    ("POST", "/storage/v1/b/{bucket}/anywhereCaches"),
    ("PATCH", "/storage/v1/b/{bucket}/o/there"),
    ("PUT", "/storage/v1/b/{bucket}/o/there"),
    ("POST", "/storage/v1/b/{bucket}/o/new/compose"),
    ("POST", "/storage/v1/b/{bucket}/o/there/rewriteTo/b/{bucket}/o/new"),
    ("POST", "/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=new"),
]


@pytest.fixture(scope="module")
def occupied(shared_bucket):
    shared_bucket.blob("there").upload_from_string("x")
    return shared_bucket.name


@pytest.mark.parametrize(("method", "path"), TARGETS)
@given(document=JSON)
def test_a_json_body_of_any_shape_is_no_server_error(http, occupied, method, path, document):
    answer = http.request(method, path.format(bucket=occupied), data=json.dumps(document))
    assert answer.status_code < 500, answer.text
    assert http.get(f"/{occupied}/there").status_code == 200


@pytest.mark.parametrize(("method", "path"), TARGETS)
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"[]", b'"x"'])
def test_a_body_that_is_no_json_object_is_400(http, occupied, method, path, body):
    answer = http.request(method, path.format(bucket=occupied), data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["domain"] == "global"


def test_a_document_without_end_is_413(http, occupied):
    answer = http.patch(f"/storage/v1/b/{occupied}", data=b" " * (9 * 2**20))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "pageToken=%25%25",
        "pageToken=////",
        "pageToken=é",
        "maxResults=-1",
        "maxResults=many",
        "maxResults=²",
        "matchGlob=[z-a]",
        "matchGlob={a",
        "matchGlob=a}",
        "matchGlob=[a",
        "matchGlob=a]",
        "matchGlob=[]",
        "matchGlob=[!]",
        "matchGlob=*&delimiter=-",
    ],
)
def test_a_malformed_list_query_is_400(http, occupied, query):
    assert http.get(f"/storage/v1/b/{occupied}/o?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "generation=x",
        "ifGenerationMatch=-1",
        "ifMetagenerationNotMatch=1e3",
        "generation=" + "9" * 99,
    ],
)
def test_a_malformed_number_is_400(http, occupied, query):
    assert http.get(f"/storage/v1/b/{occupied}/o/there?{query}").status_code == 400


@given(
    path=st.text("abo/%2F.?&=+ é\x00", max_size=12),
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"]),
)
def test_no_path_is_a_server_error(http, path, method):
    assert http.request(method, "/" + path).status_code < 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/storage/v1/nothing", 404),
        ("GET", "/storage/v1/b/x/nothing", 404),
        ("POST", "/storage/v1/b/x/o/there", 405),
        ("GET", "/upload/storage/v1/b/x/o", 405),
        ("GET", "/batch/storage/v1", 404),
    ],
)
def test_unsupported_requests_get_a_json_error(http, method, path, status):
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize("kind", ["", "uploadType=", "uploadType=telepathy"])
def test_an_unknown_way_to_upload_is_400(http, occupied, kind):
    assert http.post(f"/upload/storage/v1/b/{occupied}/o?name=x&{kind}").status_code == 400


def test_a_post_can_stand_for_another_method(http, occupied):
    path = f"/storage/v1/b/{occupied}/o/there"
    changed = http.post(
        path, json={"metadata": {"k": "v"}}, headers={"X-HTTP-Method-Override": "PATCH"}
    )
    assert changed.json()["metadata"] == {"k": "v"}
    listed = http.post(
        f"/storage/v1/b/{occupied}/o",
        data={"prefix": "th", "delimiter": "/"},
        headers={"X-HTTP-Method-Override": "GET"},
    )
    assert [item["name"] for item in listed.json()["items"]] == ["there"]
    assert http.post(path, headers={"X-HTTP-Method-Override": "FLY"}).status_code == 405
