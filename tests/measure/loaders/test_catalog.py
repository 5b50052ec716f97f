from itertools import combinations
from typing import get_args

import pytest

from warmbook.measure.loaders.catalog import (
    DOWNLOAD,
    FUSE,
    TUNABLES,
    Runs,
    fastest,
    knee,
    loaders,
    recommended,
)
from warmbook.settings import Settings

FAST = Runs("fast", (9.0, 1.0, 1.1, 1.2, 1.1))
SLOW = Runs("slow", (9.0, 2.0, 2.1, 2.2, 2.1))
NEAR = Runs("near", (9.0, 1.15, 1.3, 1.2, 1.4))


def test_the_first_run_is_apart():
    assert (FAST.first_s, FAST.later) == (9.0, (1.0, 1.1, 1.2, 1.1))
    assert (FAST.least_s, FAST.median_s, FAST.most_s) == (1.0, 1.1, 1.2)
    assert Runs("once", (3.0,)).median_s == 3.0


def test_a_loader_is_recommended_only_if_each_of_its_runs_was_faster():
    assert recommended([SLOW, FAST]) is FAST
    assert fastest([FAST, NEAR, SLOW]) is FAST
    assert recommended([FAST, NEAR, SLOW]) is None
    assert recommended([FAST]) is None


def test_too_few_runs_recommend_nothing():
    few = Runs("few", (1.0, 1.0, 1.0, 1.0))
    assert recommended([few, SLOW]) is None
    assert knee([few]) is None


@pytest.mark.parametrize(("count", "times"), [(1, 2), (2, 6), (3, 20), (4, 70), (5, 252)])
def test_odds_by_chance_count_the_orders_with_all_runs_of_one_first(count, times):
    """Of the places that one loader's runs may have among both loaders', one is: all in front."""
    runs = Runs("any", (9.0, *[1.0] * count))
    orders = [*combinations(range(2 * count), count)]
    assert runs.odds(runs) == len(orders) == times


def test_of_unequal_numbers_of_runs_each_counts():
    assert Runs("a", (9.0, 1.0, 1.0)).odds(Runs("b", (9.0, 1.0, 1.0, 1.0))) == 10


@pytest.mark.parametrize(
    ("medians", "name"), [((8, 4, 2, 1, 1.05), "8"), ((1, 1, 1), "1"), ((4, 2, 1), "4")]
)
def test_the_knee_is_the_first_that_nothing_beats_clearly(medians, name):
    rising = [
        Runs(str(2**at), tuple(median * share for share in (3, 0.97, 1, 1.03, 1)))
        for at, median in enumerate(medians)
    ]
    assert knee(rising).name == name


def test_the_reference_is_first_and_each_loader_is_there_where_it_can_be(settings):
    names = [one.name for one in loaders(settings, mounts=False)]
    assert names[0] == DOWNLOAD
    assert FUSE not in names
    assert "distributed" not in names
    assert names[-1] == "tensorizer"
    two = settings.model_copy(update={"tensor_parallel_size": 2, "gpu_count": 2})
    found = {one.name: one for one in loaders(two, mounts=True)}
    assert found["distributed"].config == {"distributed": True}
    assert "tensorizer" not in found
    assert found[FUSE].folder == "/gcs/models/my-llama"


def test_a_tunable_is_the_streamers_own_variable():
    (four,) = TUNABLES["concurrency"].loaders(["4"])
    assert four.environ == {"RUNAI_STREAMER_CONCURRENCY": "4"}
    assert not four.load_format
    assert [one.environ for one in TUNABLES["grpc"].loaders()] == [
        {"RUNAI_STREAMER_GCS_USE_GRPC": "0"},
        {"RUNAI_STREAMER_GCS_USE_GRPC": "1"},
    ]


def test_what_the_streamer_does_by_itself_is_among_the_values_tried():
    usual = {"concurrency": "8", "chunk": str(8 * 2**20), "memory_limit": str(40 * 10**9)}
    assert all(value in TUNABLES[name].values.values() for name, value in usual.items())
    assert set(TUNABLES) == set(get_args(Settings.model_fields["compare_tunable"].annotation))
