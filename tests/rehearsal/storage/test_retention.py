"""Holds and retention: what must be kept is neither deleted nor replaced."""

from __future__ import annotations

import datetime
import time

import pytest
from google.api_core import exceptions as refused

FAR = "2100-01-01T00:00:00Z"


@pytest.fixture
def retaining(client, bucket):
    """A bucket whose objects can be retained one by one."""
    return client.create_bucket(f"{bucket.name}-one", enable_object_retention=True)


def retained(http, bucket, mode, until=FAR):
    bucket.blob("x").upload_from_string("first")
    path = f"/storage/v1/b/{bucket.name}/o/x"
    answer = http.patch(path, json={"retention": {"mode": mode, "retainUntilTime": until}})
    assert answer.status_code == 200, answer.text
    return path


@pytest.mark.parametrize("hold", ["temporary_hold", "event_based_hold"])
@pytest.mark.parametrize("versioning", [False, True], ids=["plain", "versioned"])
def test_what_is_held_is_neither_deleted_nor_replaced(bucket, hold, versioning):
    bucket.versioning_enabled = versioning
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("first")
    setattr(blob, hold, True)
    blob.patch()
    for act in (blob.delete, lambda: bucket.blob("x").upload_from_string("second")):
        with pytest.raises(refused.Forbidden) as error:
            act()
        assert "objectUnderActiveHold" in f"{error.value} {error.value.errors}"
    assert bucket.blob("x").download_as_bytes() == b"first"
    setattr(blob, hold, False)
    blob.patch()
    blob.delete()
    assert bucket.get_blob("x") is None


def test_a_held_object_is_not_moved_and_a_copy_is_not_held(http, bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("first")
    blob.temporary_hold = True
    blob.patch()
    path = f"/storage/v1/b/{bucket.name}/o/x"
    assert http.post(f"{path}/moveTo/o/y").status_code == 403
    assert bucket.get_blob("y") is None
    assert not bucket.copy_blob(blob, bucket, "z").temporary_hold


def test_new_objects_begin_with_the_buckets_hold(bucket):
    bucket.default_event_based_hold = True
    bucket.patch()
    bucket.blob("x").upload_from_string("first")
    assert bucket.get_blob("x").event_based_hold
    with pytest.raises(refused.Forbidden):
        bucket.blob("x").delete()


def test_a_period_begins_with_the_object_or_with_its_release(bucket):
    bucket.retention_period = 3600
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("first")
    hour = datetime.timedelta(hours=1)
    assert bucket.get_blob("x").retention_expiration_time - blob.time_created == hour
    with pytest.raises(refused.Forbidden) as error:
        blob.delete()
    assert error.value.errors[0]["reason"] == "retentionPolicyNotMet"
    blob.event_based_hold = True
    blob.patch()
    assert blob.retention_expiration_time is None
    blob.event_based_hold = False
    blob.patch()
    assert blob.retention_expiration_time - blob.updated == hour
    bucket.retention_period = None
    bucket.patch()
    blob.delete()


def test_a_period_ends(bucket):
    bucket.retention_period = 2
    bucket.patch()
    bucket.blob("x").upload_from_string("first")
    with pytest.raises(refused.Forbidden):
        bucket.blob("x").delete()
    time.sleep(2.1)
    bucket.blob("x").delete()


def test_a_locked_policy_can_only_be_prolonged(client, bucket):
    bucket.retention_period = 10
    bucket.patch()
    since = bucket.retention_policy_effective_time
    bucket.lock_retention_policy()
    for period_s in (None, 9):
        less = client.get_bucket(bucket.name)
        less.retention_period = period_s
        with pytest.raises(refused.Forbidden):
            less.patch()
    fresh = client.get_bucket(bucket.name)
    assert (fresh.retention_period, fresh.retention_policy_locked) == (10, True)
    assert fresh.retention_policy_effective_time == since
    fresh.retention_period = 11
    fresh.patch()
    assert (fresh.retention_period, fresh.retention_policy_locked) == (11, True)


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?ifMetagenerationMatch=99", 412)])
def test_a_lock_must_name_the_metageneration(http, bucket, query, status):
    bucket.retention_period = 10
    bucket.patch()
    answer = http.post(f"/storage/v1/b/{bucket.name}/lockRetentionPolicy{query}")
    assert answer.status_code == status
    assert "isLocked" not in http.get(f"/storage/v1/b/{bucket.name}").json()["retentionPolicy"]


def test_a_bucket_without_a_policy_has_none_to_lock(http, bucket):
    path = f"/storage/v1/b/{bucket.name}/lockRetentionPolicy?ifMetagenerationMatch=1"
    assert http.post(path).status_code == 400


def test_an_unlocked_retention_is_shortened_only_on_request(http, retaining):
    path = retained(http, retaining, "Unlocked")
    assert http.delete(path).status_code == 403
    assert http.get(path).json()["retentionExpirationTime"] == "2100-01-01T00:00:00.000Z"
    assert http.patch(path, json={"retention": None}).status_code == 403
    override = f"{path}?overrideUnlockedRetention=true"
    answer = http.patch(override, json={"retention": None})
    assert (answer.status_code, "retention" in answer.json()) == (200, False)
    assert http.delete(path).status_code == 204


def test_a_locked_retention_is_only_prolonged(http, retaining):
    path = retained(http, retaining, "Locked") + "?overrideUnlockedRetention=true"
    sooner = {"mode": "Locked", "retainUntilTime": "2099-01-01T00:00:00Z"}
    for less in (None, sooner, {"mode": "Unlocked", "retainUntilTime": FAR}):
        assert http.patch(path, json={"retention": less}).status_code == 403
    later = {"mode": "Locked", "retainUntilTime": "2101-01-01T00:00:00Z"}
    assert http.patch(path, json={"retention": later}).status_code == 200


def test_objects_are_retained_only_in_a_bucket_made_for_that(http, bucket, retaining):
    asked = {"retention": {"mode": "Unlocked", "retainUntilTime": FAR}}
    for where, status in ((bucket, 400), (retaining, 200)):
        where.blob("x").upload_from_string("first")
        path = f"/storage/v1/b/{where.name}/o/x"
        assert http.patch(path, json=asked).status_code == status


def test_times_are_returned_in_utc(http, retaining):
    path = retained(http, retaining, "Unlocked", "2100-01-01T02:00:00+02:00")
    told = http.get(path).json()["retention"]
    assert told == {"mode": "Unlocked", "retainUntilTime": "2100-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    "document",
    [
        {"temporaryHold": 1},
        {"retention": {"mode": "Locked"}},
        {"retention": {"mode": "x", "retainUntilTime": FAR}},
        {"retention": {"mode": "Locked", "retainUntilTime": "soon"}},
        {"retention": {"mode": "Locked", "retainUntilTime": "0001-01-01T00:00:00+02:00"}},
        {"retention": {"mode": "Locked", "retainUntilTime": "0900-01-01T00:00:00Z"}},
        {"retention": 3},
    ],
)
def test_what_is_no_hold_and_no_retention_is_refused(http, retaining, document):
    retaining.blob("x").upload_from_string("first")
    path = f"/storage/v1/b/{retaining.name}/o/x"
    assert http.patch(path, json=document).status_code == 400
