from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

PART = b"x" * 5 * 2**20


def begin(http, bucket):
    answer = http.post(f"/{bucket.name}/big?uploads")
    return re.search("<UploadId>(.*)</UploadId>", answer.text)[1]


def complete(http, bucket, upload_id, *parts):
    entries = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in parts
    )
    body = f"<CompleteMultipartUpload>{entries}</CompleteMultipartUpload>"
    return http.post(f"/{bucket.name}/big?uploadId={upload_id}", data=body)


def put_part(http, bucket, upload_id, number, content):
    path = f"/{bucket.name}/big?partNumber={number}&uploadId={upload_id}"
    return http.put(path, data=content).headers["ETag"]


def test_a_listing_names_objects_and_prefixes(http, bucket):
    for name in ("a&b", "d/1", "d/2"):
        bucket.blob(name).upload_from_string("x")
    for path in (f"/{bucket.name}?delimiter=/", f"/{bucket.name}/?delimiter=/&list-type=2"):
        root = ElementTree.fromstring(http.get(path).content)
        found = [element.text for element in root.iter() if element.tag.endswith("}Key")]
        assert found == ["a&b"]
        assert "d/" in [element.text for element in root.iter() if element.tag.endswith("}Prefix")]


def test_a_listing_goes_on_after_its_marker(http, bucket):
    for name in "abc":
        bucket.blob(name).upload_from_string("x")
    first = http.get(f"/{bucket.name}?max-keys=2").text
    assert "<IsTruncated>true</IsTruncated>" in first
    for more in ("marker=b", "continuation-token=" + re.search("Token>(.*?)<", first)[1]):
        second = http.get(f"/{bucket.name}?{more}").text
        assert re.findall("<Key>(.*?)</Key>", second) == ["c"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/no-such-bucket/x", 404, "NoSuchBucket"),
        ("/{bucket}/absent", 404, "NoSuchKey"),
        ("/{bucket}/x?uploadId=absent", 404, "NoSuchUpload"),
        ("/{bucket}?max-keys=x", 400, "InvalidArgument"),
        ("/{bucket}?continuation-token=%25", 400, "InvalidArgument"),
        ("/", 404, None),
    ],
)
def test_errors_are_xml(http, bucket, path, status, code):
    answer = http.get(path.format(bucket=bucket.name))
    assert answer.status_code == status
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "Error"
    if code:
        assert root.findtext("Code") == code


def test_headers_become_the_fields_of_the_object(http, bucket):
    headers = {
        "Content-Type": "text/x",
        "Cache-Control": "no-store",
        "x-goog-meta-Of": "x%C3%B1",
        "x-goog-if-generation-match": "0",
    }
    assert http.put(f"/{bucket.name}/x", data=b"x", headers=headers).status_code == 200
    blob = bucket.get_blob("x")
    assert (blob.content_type, blob.cache_control) == ("text/x", "no-store")
    assert blob.metadata == {"of": "xñ"}
    assert http.get(f"/{bucket.name}/x").headers["x-goog-meta-of"] == "x%C3%B1"
    assert http.put(f"/{bucket.name}/x", data=b"x", headers=headers).status_code == 412


def test_parts_may_come_in_any_order_and_twice(http, bucket):
    upload_id = begin(http, bucket)
    last = put_part(http, bucket, upload_id, 7, b"end")
    put_part(http, bucket, upload_id, 2, PART[:-1] + b"o")
    first = put_part(http, bucket, upload_id, 2, PART)
    listed = http.get(f"/{bucket.name}/big?uploadId={upload_id}").text
    assert re.findall("<PartNumber>(.*?)</PartNumber>", listed) == ["2", "7"]
    assert upload_id in http.get(f"/{bucket.name}?uploads").text
    assert complete(http, bucket, upload_id, (2, first), (7, last)).status_code == 200
    assert bucket.blob("big").download_as_bytes() == PART + b"end"
    assert complete(http, bucket, upload_id, (2, first)).status_code == 404


def test_only_parts_that_arrived_can_be_joined(http, bucket):
    upload_id = begin(http, bucket)
    tag = put_part(http, bucket, upload_id, 1, b"small")
    other = put_part(http, bucket, upload_id, 2, b"small too")
    for parts, code in (
        ([(1, '"0"')], "InvalidPart"),
        ([(3, tag)], "InvalidPart"),
        ([(2, other), (1, tag)], "InvalidPart"),
        ([], "InvalidPart"),
        ([("x", tag)], "InvalidArgument"),
        ([(1, tag), (2, other)], "BadRequest"),
    ):
        answer = complete(http, bucket, upload_id, *parts)
        assert answer.status_code == 400, parts
        assert f"<Code>{code}</Code>" in answer.text
    path = f"/{bucket.name}/big?uploadId={upload_id}"
    assert http.post(path, data="<not xml").status_code == 400
    assert bucket.get_blob("big") is None


def test_an_aborted_upload_is_gone(http, bucket):
    upload_id = begin(http, bucket)
    put_part(http, bucket, upload_id, 1, b"x")
    assert http.delete(f"/{bucket.name}/big?uploadId={upload_id}").status_code == 204
    path = f"/{bucket.name}/big?partNumber=1&uploadId={upload_id}"
    assert http.put(path, data=b"x").status_code == 404
    assert http.put(f"/{bucket.name}/big?partNumber=0&uploadId=x", data=b"").status_code == 404
