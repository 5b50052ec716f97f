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


def fields(page, kind):
    """Return the listed things of one kind, each as a dict, and the page's own fields."""
    root = ElementTree.fromstring(page.content)
    of = {child.tag.rpartition("}")[2]: child.text for child in root}
    return [
        {entry.tag.rpartition("}")[2]: entry.text for entry in child}
        for child in root
        if child.tag.endswith("}" + kind)
    ], of


def test_uploads_are_listed_page_by_page(http, bucket):
    begun = sorted(
        (name, re.search("<UploadId>(.*)</UploadId>", answer.text)[1])
        for name in ("a", "d/x&y", "d/x&y", "d/z", "e")
        for answer in [http.post(f"/{bucket.name}/{name.replace('&', '%26')}?uploads")]
    )
    found, marker, pages = [], "", 0
    while True:
        page = http.get(f"/{bucket.name}?uploads&prefix=d/&max-uploads=1{marker}")
        uploads, of = fields(page, "Upload")
        found += [(one["Key"], one["UploadId"]) for one in uploads]
        pages += 1
        assert all(one["Initiated"].endswith("Z") for one in uploads)
        if of["IsTruncated"] == "false":
            break
        key = of["NextKeyMarker"].replace("&", "%26")
        marker = f"&key-marker={key}&upload-id-marker={of['NextUploadIdMarker']}"
    assert pages == 3 and "NextKeyMarker" not in of
    assert found == [one for one in begun if one[0].startswith("d/")]
    after, _ = fields(http.get(f"/{bucket.name}?uploads&key-marker=d/x%26y"), "Upload")
    assert [one["Key"] for one in after] == ["d/z", "e"]
    every, _ = fields(http.get(f"/{bucket.name}?uploads&upload-id-marker=zzz"), "Upload")
    assert len(every) == 5
    assert http.get(f"/{bucket.name}?uploads&max-uploads=x").status_code == 400


def test_parts_are_listed_page_by_page(http, bucket):
    upload_id = begin(http, bucket)
    tags = {
        number: put_part(http, bucket, upload_id, number, b"x" * number) for number in (1, 4, 9)
    }
    path = f"/{bucket.name}/big?uploadId={upload_id}"
    first, of = fields(http.get(f"{path}&max-parts=2"), "Part")
    assert (of["IsTruncated"], of["NextPartNumberMarker"], of["MaxParts"]) == ("true", "4", "2")
    second, of = fields(http.get(f"{path}&max-parts=2&part-number-marker=4"), "Part")
    assert of["IsTruncated"] == "false" and "NextPartNumberMarker" not in of
    assert {
        int(one["PartNumber"]): (one["ETag"], int(one["Size"])) for one in (*first, *second)
    } == {number: (tag, number) for number, tag in tags.items()}
    assert all(one["LastModified"].endswith("Z") for one in (*first, *second))
    assert http.get(f"{path}&part-number-marker=x").status_code == 400


def test_a_completed_upload_returns_its_checksum(http, bucket):
    upload_id = begin(http, bucket)
    answer = complete(http, bucket, upload_id, (1, put_part(http, bucket, upload_id, 1, b"whole")))
    blob = bucket.get_blob("big")
    assert answer.headers["x-goog-hash"] == f"crc32c={blob.crc32c}"
    assert answer.headers["x-goog-generation"] == str(blob.generation)


def test_a_part_with_a_wrong_checksum_is_refused(http, bucket):
    upload_id = begin(http, bucket)
    path = f"/{bucket.name}/big?partNumber=1&uploadId={upload_id}"
    answer = http.put(path, data=b"x", headers={"x-goog-hash": "crc32c=AAAAAA=="})
    assert answer.status_code == 400 and "<Code>BadDigest</Code>" in answer.text
    assert fields(http.get(f"/{bucket.name}/big?uploadId={upload_id}"), "Part")[0] == []
