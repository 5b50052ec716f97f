from datetime import datetime, timezone

import pytest

from warmbook.cloud import anywhere_cache
from warmbook.errors import MissingError
from warmbook.steps import cache


@pytest.mark.guide("G27 G29 G30")
def test_the_cache_is_created_once_in_the_zone_of_the_pods(chosen, clients, quiet, up_to):
    up_to("server")
    zones = cache.zones(chosen, clients)
    assert zones.wanted == zones.pods != ()
    first = cache.create(chosen, clients, **quiet)
    again = cache.create(chosen, clients, **quiet)
    assert (first.created, again.created) == (zones.wanted, ())
    assert [c.state for c in cache.describe(chosen, clients).caches] == ["running"]


@pytest.mark.guide("G28")
def test_each_zone_of_the_region_gets_one_if_asked(chosen, clients, quiet, up_to):
    up_to("server")
    everywhere = chosen.model_copy(update={"cache_scope": "region"})
    made = cache.create(everywhere, clients, **quiet)
    assert len(made.caches) > 2


@pytest.mark.guide("G28")
def test_a_chosen_zone_needs_no_pod(chosen, clients, up_to):
    up_to("identity")
    held = chosen.model_copy(update={"zone": "us-central1-b"})
    assert cache.zones(held, clients).wanted == ("us-central1-b",)


def test_without_a_pod_the_zone_is_unknown(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="zone for a cache"):
        cache.create(chosen, clients)


def test_a_metric_without_data_counts_as_no_reads(chosen, clients, quiet, monkeypatch):
    monkeypatch.setattr(anywhere_cache, "HITS", "storage.googleapis.com/never_written")
    told = cache.hits(chosen, clients, since=datetime.now(timezone.utc), **quiet)
    assert (told.zones, told.declined) == ((), "")
    assert told.hit_percent is None
    assert "no reads yet" in repr(told)


def test_missing_access_to_metrics_is_reported_and_is_no_error(chosen, clients, quiet, rehearsal):
    rehearsal.call(
        lambda: rehearsal.inner.cloud.project.services.discard("monitoring.googleapis.com")
    )
    told = cache.hits(chosen, clients, since=datetime.now(timezone.utc), **quiet)
    assert "Cloud Monitoring API" in told.declined


def test_the_hits_of_all_zones_are_one_share_by_bytes():
    zones = (anywhere_cache.Traffic("a", 300, 100), anywhere_cache.Traffic("b", 0, 600))
    assert cache.Hits(zones).hit_percent == 30
