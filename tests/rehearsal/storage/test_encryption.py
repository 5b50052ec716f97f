from __future__ import annotations

import os

import pytest
from google.api_core import exceptions as refused

KEY = os.urandom(32)


def test_a_customer_supplied_key_is_refused_by_name_and_nothing_is_stored(bucket):
    with pytest.raises(refused.BadRequest, match=r"(?i)x-goog-encryption-"):
        bucket.blob("x", encryption_key=KEY).upload_from_string("secret")
    with pytest.raises(refused.BadRequest):
        bucket.blob("y", encryption_key=KEY, chunk_size=2**18).upload_from_string(b"x" * 2**19)
    assert list(bucket.list_blobs()) == []


def test_an_object_cannot_be_read_or_copied_with_a_key(bucket):
    bucket.blob("x").upload_from_string("plain")
    keyed = bucket.blob("x", encryption_key=KEY)
    with pytest.raises(refused.BadRequest) as error:
        keyed.reload()
    assert error.value.errors[0]["reason"] == "invalid"
    for use in (
        keyed.download_as_bytes,
        lambda: bucket.blob("y").rewrite(keyed),
        lambda: bucket.blob("y", encryption_key=KEY).rewrite(bucket.blob("x")),
    ):
        with pytest.raises(refused.BadRequest):
            use()
    assert [blob.name for blob in bucket.list_blobs()] == ["x"]


def test_a_cloud_kms_key_is_refused_too(bucket):
    with pytest.raises(refused.BadRequest, match="kmsKeyName"):
        bucket.blob("x", kms_key_name="projects/p/keys/k").upload_from_string("secret")
    assert bucket.get_blob("x") is None


def test_the_xml_api_refuses_them_in_its_own_form(http, bucket):
    headers = {"x-goog-encryption-algorithm": "AES256", "x-goog-encryption-key": "a2V5"}
    answer = http.put(f"/{bucket.name}/x", data=b"secret", headers=headers)
    assert answer.status_code == 400
    assert "<Code>InvalidArgument</Code>" in answer.text
    assert bucket.get_blob("x") is None
