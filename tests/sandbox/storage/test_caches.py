from __future__ import annotations

import time

import pytest
from warmbook_sandbox.pace import Pace


def of(bucket):
    return f"/storage/v1/b/{bucket.name}/anywhereCaches"


def create(http, bucket, zone="us-central1-a", **more):
    return http.post(of(bucket), json={"zone": zone, **more})


def test_a_cache_is_created_by_an_operation(http, bucket):
    operation = create(http, bucket, ttl="21600s", admissionPolicy="ADMIT_ON_SECOND_MISS").json()
    assert operation["name"].startswith(f"projects/_/buckets/{bucket.name}/operations/")
    assert operation["done"] is False
    path = operation["name"].replace("projects/_/buckets", "/storage/v1/b")
    assert http.get(path).json() == operation
    assert http.get(path.rpartition("/")[0]).json()["operations"] == [operation]
    cache = http.get(of(bucket) + "/us-central1-a").json()
    assert (cache["state"], cache["ttl"]) == ("creating", "21600s")
    assert cache["admissionPolicy"] == "admit-on-second-miss"
    assert http.get(of(bucket)).json()["items"] == [cache]


def test_a_cache_lives_as_long_as_the_cloud_would_have_it(serve):
    storage = serve(Pace(minute_s=0.005)).storage
    storage.create_bucket("paced", "us-central1")
    storage.create_cache("paced", "us-central1-a")
    storage.disable_cache("paced", await_state(storage, "running").zone)
    assert storage.resume_cache("paced", "us-central1-a").state == "running"
    storage.disable_cache("paced", "us-central1-a")
    await_state(storage, None)
    assert storage.create_cache("paced", "us-central1-a").ttl_s == 86_400


def await_state(storage, state):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        cache = next(iter(storage.list_caches("paced")), None)
        if (cache and cache.state) == state:
            return cache
    raise AssertionError(f"the cache never got to {state}")


def test_it_can_be_paused_resumed_disabled_and_changed(http, server, bucket):
    create(http, bucket)
    path = of(bucket) + "/us-central1-a"
    answer = http.post(path + "/pause")
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (
        400,
        "failedPrecondition",
    )
    # a cache that runs: what ten cloud minutes would make of it
    caches = server.storage.caches
    from dataclasses import replace

    server.call(caches._put, replace(caches.get(bucket.name, "us-central1-a"), due_s=0.0))
    for verb, state in (
        ("pause", "paused"),
        ("resume", "running"),
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("resume", "running"),
    ):
        assert http.post(f"{path}/{verb}").json()["state"] == state
    operation = http.patch(path, json={"ttl": "7200s", "ingestOnWrite": True}).json()
    assert operation["done"] is True
    assert operation["response"]["ttl"] == "7200s"
    assert http.get(path).json()["ingestOnWrite"] is True


@pytest.mark.parametrize(
    "asked",
    [
        {"zone": "europe-west4-a"},
        {"zone": "us-central1-z"},
        {"zone": ""},
        {"zone": 3},
        {"zone": "us-central1-a", "ttl": "1s"},
        {"zone": "us-central1-a", "ttl": "1 day"},
        {"zone": "us-central1-a", "ttl": "604801s"},
        {"zone": "us-central1-a", "admissionPolicy": "admit-never"},
        {"zone": "us-central1-a", "ingestOnWrite": "yes"},
    ],
)
def test_what_the_bucket_cannot_have_is_refused_with_400(http, bucket, asked):
    assert http.post(of(bucket), json=asked).status_code == 400
    assert http.get(of(bucket)).json()["items"] == []


def test_a_zone_has_one_cache_of_a_bucket(http, bucket):
    assert create(http, bucket).status_code == 200
    assert create(http, bucket).status_code == 409
    assert create(http, bucket, "us-central1-b").status_code == 200


def test_a_bucket_of_many_regions_takes_any_of_their_zones(http, client):
    wide = client.create_bucket("wide", location="US")
    assert create(http, wide, "us-east1-b").status_code == 200
    assert create(http, wide, "europe-west4-b").status_code == 400
    pair = client.create_bucket("pair", location="NAM4")
    assert create(http, pair, "us-central1-b").status_code == 200


def test_an_absent_cache_is_404(http, bucket):
    path = of(bucket) + "/us-central1-a"
    for method, more in (("GET", ""), ("PATCH", ""), ("POST", "/disable"), ("POST", "/resume")):
        assert http.request(method, path + more, json={}).status_code == 404
    assert http.get(f"/storage/v1/b/{bucket.name}/operations/x").status_code == 404


def test_a_pod_needs_the_permission(bucket, pod):
    from google.api_core.exceptions import Forbidden

    with pytest.raises(Forbidden, match=r"storage\.anywhereCaches\.create"):
        pod._connection.api_request(
            "POST", f"/b/{bucket.name}/anywhereCaches", data={"zone": "us-central1-a"}
        )
