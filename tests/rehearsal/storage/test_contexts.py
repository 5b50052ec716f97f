"""Object contexts: what is attached, changed and removed, and listings by them."""

from __future__ import annotations

import pytest


def put(http, bucket, name, custom=None):
    blob = bucket.blob(name)
    blob.upload_from_string("x")
    if custom is not None:
        answer = http.patch(f"/storage/v1/b/{bucket.name}/o/{name}", json=of(custom))
        assert answer.status_code == 200, answer.text
    return f"/storage/v1/b/{bucket.name}/o/{name}"


def of(custom):
    return {"contexts": {"custom": {key: told and {"value": told} for key, told in custom.items()}}}


def values(http, url):
    custom = http.get(url).json().get("contexts", {}).get("custom", {})
    return {key: payload["value"] for key, payload in custom.items()}


def listed(http, bucket, text):
    answer = http.get(f"/storage/v1/b/{bucket.name}/o", params={"filter": text})
    return [item["name"] for item in answer.json().get("items", [])]


@pytest.mark.parametrize("gone", [None, {"custom": None}, {"custom": {"team": None}}])
def test_a_patch_merges_by_key_and_keeps_the_time_of_creation(http, bucket, gone):
    url = put(http, bucket, "a", {"team": "blue", "stage": "test"})
    before = http.get(url).json()["contexts"]["custom"]
    http.patch(url, json=of({"team": "red", "stage": None}))
    assert values(http, url) == {"team": "red"}
    after = http.get(url).json()["contexts"]["custom"]["team"]
    assert after["createTime"] == before["team"]["createTime"]
    assert after["updateTime"] >= before["team"]["updateTime"]
    http.patch(url, json={"contexts": gone})
    assert "contexts" not in http.get(url).json()


def test_a_copy_keeps_the_contexts_unless_it_names_others(http, bucket):
    url = put(http, bucket, "a", {"team": "blue"})
    assert http.post(f"{url}/copyTo/b/{bucket.name}/o/same").status_code == 200
    other = http.post(f"{url}/copyTo/b/{bucket.name}/o/other", json=of({"stage": "test"}))
    assert other.status_code == 200
    assert values(http, f"/storage/v1/b/{bucket.name}/o/same") == {"team": "blue"}
    assert values(http, f"/storage/v1/b/{bucket.name}/o/other") == {"stage": "test"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('contexts."team"="blue"', ["blue"]),
        ('contexts."team":*', ["blue", "red"]),
        ('-contexts."team"="blue"', ["none", "red"]),
        ('-contexts."team":*', ["none"]),
    ],
)
def test_a_listing_is_filtered_by_contexts(http, bucket, text, names):
    put(http, bucket, "blue", {"team": "blue"})
    put(http, bucket, "red", {"team": "red"})
    put(http, bucket, "none")
    assert listed(http, bucket, text) == names


@pytest.mark.parametrize("custom", [1, {"a": 1}, {"a": {"value": 1}}, [], "a"])
def test_contexts_of_another_kind_are_refused(http, bucket, custom):
    url = put(http, bucket, "a")
    assert http.patch(url, json={"contexts": {"custom": custom}}).status_code == 400
    assert http.get(url).json()["metageneration"] == "1"


def test_a_filter_that_is_none_is_refused(http, bucket):
    answer = http.get(f"/storage/v1/b/{bucket.name}/o", params={"filter": "size > 3"})
    assert answer.status_code == 400
