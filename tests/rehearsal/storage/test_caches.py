from __future__ import annotations

import time

import pytest
from google.api_core.exceptions import Forbidden


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


@pytest.fixture(scope="module")
def quick_caches(quick_http):
    asked = {"name": "quick", "location": "us-central1"}
    assert quick_http.post("/storage/v1/b?project=demo-proj", json=asked).status_code == 200
    return "/storage/v1/b/quick/anywhereCaches"


def await_state(http, path, state):
    """Ask until the cache is in `state`; None stands for gone."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if http.get(path).json().get("state") == state:
            return
    raise AssertionError(f"the cache never got to {state}")


def test_a_cache_runs_after_a_while_and_is_gone_an_hour_after_it_was_disabled(
    quick_http, quick_caches
):
    asked, path = {"zone": "us-central1-a"}, quick_caches + "/us-central1-a"
    operation = quick_http.post(quick_caches, json=asked).json()
    await_state(quick_http, path, "running")
    done = quick_http.get("/storage/v1/b/quick/operations/" + operation["name"].rpartition("/")[2])
    assert done.json()["response"]["state"] == "running"
    assert quick_http.post(path + "/disable").json()["state"] == "disabled"
    await_state(quick_http, path, None)
    assert quick_http.get(path).status_code == 404
    assert quick_http.post(quick_caches, json=asked).status_code == 200


def test_a_running_cache_can_be_paused_resumed_disabled_and_changed(quick_http, quick_caches):
    path = quick_caches + "/us-central1-b"
    quick_http.post(quick_caches, json={"zone": "us-central1-b"})
    await_state(quick_http, path, "running")
    for verb, state in (
        ("pause", "paused"),
        ("resume", "running"),
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("resume", "running"),
    ):
        assert quick_http.post(f"{path}/{verb}").json()["state"] == state
    asked = {"ttl": "7200s", "ingestOnWrite": True}
    operation = quick_http.patch(path, json=asked).json()
    assert (operation["done"], operation["response"]["ttl"]) == (True, "7200s")
    assert quick_http.get(path).json()["ingestOnWrite"] is True


def test_a_cache_that_does_not_run_yet_can_not_be_paused(http, bucket):
    create(http, bucket)
    answer = http.post(of(bucket) + "/us-central1-a/pause")
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "failedPrecondition"


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
    with pytest.raises(Forbidden, match=r"storage\.anywhereCaches\.create"):
        pod._connection.api_request(
            "POST", f"/b/{bucket.name}/anywhereCaches", data={"zone": "us-central1-a"}
        )
