"""Cloud Monitoring's answer to who asks what the caches served, as plain REST calls."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .conftest import Sent

PATH = "/v3/projects/demo-project/timeSeries"
METRIC = 'metric.type = "storage.googleapis.com/anywhere_cache/sent_bytes_count"'
"""Witness: fsspec/gcsfs, tests/perf/subsystembenchmarks/dataloading/rapid_cache_hits.py."""
MOMENT = datetime(2026, 11, 24, 8, tzinfo=timezone.utc)


@pytest.fixture
def read(running: Any) -> Any:
    running.traffic.all = [
        Sent(MOMENT, "models", "us-central1-a", 100, True),
        Sent(MOMENT + timedelta(seconds=0.5), "models", "us-central1-a", 23, True),
        Sent(MOMENT + timedelta(seconds=9), "models", "us-central1-a", 7, False),
        Sent(MOMENT, "others", "us-central1-b", 5, False),
    ]
    return running


def asked(running: Any, text: str = METRIC, **more: str) -> Any:
    window = {
        "interval.startTime": (MOMENT - timedelta(hours=1)).isoformat(),
        "interval.endTime": (MOMENT + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
    }
    return running.get(PATH, **{"filter": text, **window, **more})


def test_each_zone_reports_bytes_from_its_cache_and_from_the_bucket(read: Any) -> None:
    text = f'{METRIC} AND resource.labels.bucket_name = "models"'
    found = asked(read, text).json()["timeSeries"]
    sums = {
        one["metric"]["labels"]["anywhere_cache_hit"]: [
            int(point["value"]["int64Value"]) for point in one["points"]
        ]
        for one in found
    }
    assert sums == {"true": [123], "false": [7]}
    assert {one["metric"]["labels"]["anywhere_cache_zone"] for one in found} == {"us-central1-a"}


def test_all_buckets_of_the_project_are_reported_unless_one_is_named(read: Any) -> None:
    buckets = {one["resource"]["labels"]["bucket_name"] for one in asked(read).json()["timeSeries"]}
    assert buckets == {"models", "others"}


def test_nothing_was_sent_in_another_hour(read: Any) -> None:
    later = (MOMENT + timedelta(minutes=1)).isoformat()
    assert "timeSeries" not in asked(read, **{"interval.startTime": later}).json()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"filter": 'metric.type = "storage.googleapis.com/api/request_count"'}, 404),
        ({"filter": METRIC.replace("cache/sent", "cache_sent")}, 404),  # PromQL's spelling
        ({"filter": 'resource.labels.bucket_name = "models"'}, 400),
        ({"filter": f"{METRIC} AND ((("}, 400),
        ({"interval.endTime": ""}, 400),
        ({"interval.startTime": "yesterday"}, 400),
    ],
)
def test_what_cannot_be_answered_is_refused(read: Any, change: dict[str, str], status: int) -> None:
    answer = asked(read, **{**change, "text": change.get("filter", METRIC)})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_callers_without_access_to_metrics_get_the_missing_permission(read: Any) -> None:
    read.allow("roles/storage.bucketViewer")
    refused = asked(read)
    assert refused.status_code == 403
    assert "monitoring.timeSeries.list" in refused.json()["error"]["message"]
    read.allow("roles/monitoring.viewer")
    assert asked(read).status_code == 200
