from datetime import datetime, timezone

import pytest

from warmbook.errors import MissingError, ResourceFailedError
from warmbook.measure.loaders import reread
from warmbook.measure.loaders.catalog import Runs
from warmbook.model.gpus import machines
from warmbook.model.load_estimate import CACHE_GBPS, REGION_GBPS, crowded
from warmbook.serving import pods
from warmbook.steps import cache, scaling


@pytest.fixture
def three(chosen):
    return chosen.model_copy(update={"replicas": 3, "compare_runs": 5})


@pytest.mark.guide("G27")
def test_one_alone_and_all_at_once_before_a_cache_and_with_one(three, clients, quiet, up_to):
    up_to("streaming")
    assert scaling.scale(three, clients, **quiet).ready == 3
    before = scaling.read(three, clients, **quiet)
    assert (before.pods, before.cached, before.compares) == (3, False, False)
    assert len(before.alone.seconds) == len(before.together.seconds) == 5
    cache.create(three, clients, **quiet)
    after = scaling.read(three, clients, before=before, **quiet)
    assert after.compares
    assert [at_once for _, at_once in after.groups] == [1, 3, 1, 3]
    assert "cache" in after.sentence()
    assert before.cache_effect is None
    (zone,) = cache.hits(three, clients, since=after.begun, **quiet).zones
    loads = 5 + 3 * 5
    assert zone.hit_bytes + zone.missed_bytes == loads * 15000
    assert zone.missed_bytes == 15000  # the first read fills it


@pytest.mark.parametrize(
    ("seconds", "effect"),
    [((9.0, 1.0, 1.0, 1.0, 1.0), "faster"), ((9.0, 1.0, 1.0, 1.0, 3.0), "same")],
)
def test_a_cache_has_an_effect_if_each_read_with_it_was_faster(seconds, effect):
    begun = datetime.now(timezone.utc)
    without = scaling.Reads(1, Runs("one", (9.0, 2.0, 2.0, 2.0, 2.0)), None, 1, False, begun)
    with_it = scaling.Reads(1, Runs("one", seconds), None, 1, True, begun, before=without)
    assert with_it.cache_effect == effect


def test_reads_before_the_cache_ran_are_no_hits(three, clients, quiet, up_to):
    up_to("streaming")
    before = scaling.read(three, clients, **quiet)
    (zone,) = cache.hits(three, clients, since=before.begun, **quiet).zones
    assert (zone.hit_bytes, zone.missed_bytes) == (0, 5 * 15000)
    again = scaling.read(three, clients, before=before, **quiet)
    assert "No cache is running" in again.sentence()


def test_one_pod_alone_gives_no_comparison(chosen, clients, quiet, up_to):
    up_to("streaming")
    alone = scaling.read(chosen, clients, **quiet)
    assert alone.together is None
    assert "raise «replicas»" in alone.sentence()


def test_without_a_ready_pod_no_reads_start(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="ready"):
        scaling.read(chosen, clients)


def test_a_reader_that_exits_is_reported_with_the_reason(chosen, clients, quiet, up_to):
    up_to("streaming")
    elsewhere = chosen.model_copy(update={"model_uri": f"{chosen.model_uri}-not-there"})
    with pytest.raises(ResourceFailedError, match="KeyError: 'items'"):
        scaling.read(elsewhere, clients, **quiet)


def test_no_round_begins_after_the_budget(chosen, clients, quiet, up_to):
    up_to("streaming")
    (pod,) = pods.now(chosen, clients)
    spent = reread.read(chosen, clients, [pod.name], budget_s=0, **quiet)
    assert (len(spent.alone), spent.cut_short) == (1, True)


def test_a_shared_limit_binds_from_a_computed_number_of_machines():
    by_name = {machine.name: machine for machine in machines()}
    g2 = by_name["g2-standard-16"]  # 32 Gbps
    assert (crowded(g2, REGION_GBPS), crowded(g2, CACHE_GBPS)) == (7, 4)
    assert crowded(by_name["g2-standard-96"], CACHE_GBPS) == 2
