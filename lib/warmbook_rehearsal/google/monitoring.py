"""Cloud Monitoring as far as caches go: how many bytes each zone read, from its cache or not.

Source: Monitoring API v3, projects.timeSeries.list; metric and labels as fsspec/gcsfs asks the
service for them (tests/perf/subsystembenchmarks/dataloading/rapid_cache_hits.py), and Google's
reference architecture for fast vLLM start-up ("Check that replicas read from the caches").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from ..access import Caller
from ..timestamps import parse_time
from .compute_filter import fits
from .errors import GoogleError, invalid
from .hosts import Sent, Traffic
from .projects import Project, Projects

SERVICE = "monitoring.googleapis.com"
METRIC = "storage.googleapis.com/anywhere_cache/sent_bytes_count"
Json = dict[str, Any]


class Monitoring:
    """The time series of one set of projects; a point holds what was sent within a second."""

    def __init__(self, projects: Projects, traffic: Traffic) -> None:
        self._projects, self._traffic = projects, traffic

    def time_series(self, query: dict[str, str], caller: Caller) -> Json:
        """Answer projects.timeSeries.list.

        Raises:
            GoogleError: 400, there is no end of the interval, or a filter that can't be read;
                403, the caller may not; 404, a metric that is not known here.
        """
        permission = "monitoring.timeSeries.list"
        project = self._projects.open(query["project"], caller, permission, SERVICE)
        asked = query.get("filter", "")
        until = _moment(query, "interval.endTime")
        since = _moment(query, "interval.startTime", usual=until)
        sent = self._traffic.sent(since, until)
        if not fits({"metric": {"type": METRIC}}, _of_metric(asked)):
            raise GoogleError(
                "NOT_FOUND",
                "The metric referenced by the provided filter is unknown. Check the metric name "
                "and labels.",
            )
        found = [one for one in _series(project, sent) if fits(one, asked)]
        return {"timeSeries": found, "unit": "By"} if found else {"unit": "By"}


def _of_metric(asked: str) -> str:
    """Return the clause about the metric's type; without one there is nothing to look for."""
    clauses = [one for one in asked.split(" AND ") if one.strip().startswith("metric.type")]
    if not clauses:
        raise invalid("Field filter had an invalid value: it must name a metric.type.")
    return clauses[0]


def _series(project: Project, sent: Iterable[Sent]) -> Iterator[Json]:
    points: dict[tuple[str, str, bool], Counter[int]] = {}
    for one in sent:
        seconds = points.setdefault((one.bucket, one.zone, one.from_cache), Counter())
        seconds[int(one.moment.timestamp())] += one.size_bytes
    for (bucket, zone, hit), seconds in points.items():
        labels = {
            "anywhere_cache_zone": zone,
            "anywhere_cache_hit": str(hit).lower(),
            "method": "ReadObject",
        }
        yield {
            "metric": {"type": METRIC, "labels": labels},
            "resource": {
                "type": "gcs_bucket",
                "labels": {"bucket_name": bucket, "project_id": project.id},
            },
            "metricKind": "DELTA",
            "valueType": "INT64",
            "points": [_point(second, seconds[second]) for second in sorted(seconds, reverse=True)],
        }


def _point(second: int, size_bytes: int) -> Json:
    interval = {"startTime": _written(second), "endTime": _written(second + 1)}
    return {"interval": interval, "value": {"int64Value": str(size_bytes)}}


def _written(second: int) -> str:
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(query: dict[str, str], field: str, *, usual: datetime | None = None) -> datetime:
    written = query.get(field)
    if not written and usual:
        return usual
    try:
        return parse_time(written or "")
    except ValueError:
        raise invalid(f'Field {field} had an invalid value of "{written or ""}".') from None
