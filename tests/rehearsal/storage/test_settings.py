"""Settings of a bucket: the defaults and times that the service adds."""

from __future__ import annotations

import pytest

OURS = "2001-01-01T00:00:00.000Z"
WEEK_S = 7 * 24 * 60 * 60


def patched(http, bucket, document):
    answer = http.patch(f"/storage/v1/b/{bucket.name}", json=document)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_autoclass_has_times_and_ends_at_nearline(http, bucket):
    on = patched(http, bucket, {"autoclass": {"enabled": True, "toggleTime": OURS}})["autoclass"]
    assert on["terminalStorageClass"] == "NEARLINE" and on["toggleTime"] != OURS
    archive = {"autoclass": {"terminalStorageClass": "ARCHIVE"}}
    after = patched(http, bucket, archive)["autoclass"]
    assert (after["toggleTime"], after["terminalStorageClass"]) == (on["toggleTime"], "ARCHIVE")
    changed, before = (one["terminalStorageClassUpdateTime"] for one in (after, on))
    assert changed > before
    off = patched(http, bucket, {"autoclass": {"enabled": False}})["autoclass"]
    assert set(off) == {"enabled", "toggleTime"} and off["toggleTime"] > on["toggleTime"]


@pytest.mark.parametrize(
    ("location", "default", "turbo"),
    [("us-central1", None, 400), ("US", "DEFAULT", 400), ("NAM4", "DEFAULT", 200)],
)
def test_turbo_replication_is_for_pairs_of_regions(http, client, bucket, location, default, turbo):
    made = client.create_bucket(f"{bucket.name}-rpo", location=location)
    assert made.rpo == default
    path = f"/storage/v1/b/{made.name}"
    assert http.patch(path, json={"rpo": "ASYNC_TURBO"}).status_code == turbo


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("softDeletePolicy", {"retentionDurationSeconds": WEEK_S}, WEEK_S + 1),
        ("retentionPolicy", {"retentionPeriod": "10"}, 11),
    ],
)
def test_a_policy_is_effective_since_it_was_last_changed(http, bucket, name, first, second):
    (field,) = first
    before = patched(http, bucket, {name: first})[name]
    assert before[field] == str(first[field])
    same = patched(http, bucket, {name: {**first, "effectiveTime": OURS}})[name]
    assert same == before
    after = patched(http, bucket, {name: {field: second}})[name]
    assert after["effectiveTime"] > before["effectiveTime"] and after[field] == str(second)
    assert name not in patched(http, bucket, {name: None})


def test_enforcement_is_effective_since_it_restricts(http, bucket):
    kinds = ("google", "customer")
    google, customer = (f"{kind}ManagedEncryptionEnforcementConfig" for kind in kinds)
    asked = {
        google: {"restrictionMode": "FullyRestricted"},
        customer: {"restrictionMode": "NotRestricted"},
    }
    told = patched(http, bucket, {"encryption": asked})["encryption"]
    assert told[customer] == asked[customer]
    since = told[google]["effectiveTime"]
    again = patched(http, bucket, {"encryption": {google: asked[google]}})["encryption"]
    assert again[google]["effectiveTime"] == since
    assert "encryption" not in patched(http, bucket, {"encryption": {google: None, customer: None}})


@pytest.mark.parametrize(
    "document",
    [
        {"autoclass": {"enabled": True, "terminalStorageClass": "STANDARD"}},
        {"rpo": "FAST"},
        {"ipFilter": {"mode": "Maybe"}},
        {"softDeletePolicy": {"retentionDurationSeconds": 3}},
        {"softDeletePolicy": {"retentionDurationSeconds": True}},
        {"retentionPolicy": {"retentionPeriod": "0"}},
        {"retentionPolicy": {"retentionPeriod": "-1"}},
        {"retentionPolicy": {}},
        {"encryption": {"googleManagedEncryptionEnforcementConfig": {"restrictionMode": "x"}}},
        {"encryption": {"googleManagedEncryptionEnforcementConfig": 3}},
    ],
)
def test_settings_that_there_are_not_are_refused(http, bucket, document):
    path = f"/storage/v1/b/{bucket.name}"
    assert http.patch(path, json=document).status_code == 400
    assert http.get(path).json()["metageneration"] == "1"
