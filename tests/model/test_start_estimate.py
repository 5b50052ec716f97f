"""Estimates of a cold start against figures that were worked out by hand."""

import pytest

from warmbook.model.gpus import GIB, machine
from warmbook.model.load_estimate import load_time
from warmbook.model.start_estimate import (
    PARTS,
    Assumed,
    OwnStart,
    Part,
    longest_group,
    published,
    start_estimate,
)

G2 = machine("g2-standard-16")


def load(**assumed):
    given = {"weights_gib": 15, "gpus": 1, "nic_gbps": 32, "streams": 32, **assumed}
    return start_estimate(Assumed(**given), G2).load


@pytest.mark.parametrize(
    ("assumed", "binds", "least_s"),
    [
        ({}, "nic", 4.0265),  # 15 GiB are 128.849 Gbit: / 32
        ({"nic_gbps": 200}, "streams", 3.5556),  # 15360 MiB / (32 x 135)
        ({"streams": 8}, "streams", 14.2222),  # 15360 MiB / (8 x 135)
        # a request of 8 MiB takes 8 / 135 s = 59.26 ms and 100 ms more: 50.23 MiB/s
        ({"latency_ms": 100}, "streams", 9.5556),
        ({"replicas": 8}, "region", 5.1540),  # 8 x 128.849 / 200
        ({"replicas": 8, "region_gbps": 1000}, "nic", 4.0265),
        ({"replicas": 8, "cache": True}, "cache", 10.3079),  # 8 x 128.849 / 100
        ({"nic_gbps": 400, "streams": 256}, "region", 0.6442),  # 128.849 / 200
        ({"nic_gbps": 400, "streams": 256, "region_gbps": 1000}, "pcie", 0.6442),  # 16.1 GB / 25
    ],
    ids=str,
)
def test_the_load_is_held_up_by_the_narrowest_way(assumed, binds, least_s):
    found = load(**assumed)
    assert (found.binds, found.least_s) == (binds, pytest.approx(least_s, abs=0.0002))


def test_several_gpus_share_the_bus_and_a_cache_takes_the_quotas_place():
    assert load(gpus=4).limits["pcie"] == pytest.approx(load().limits["pcie"] / 4)
    assert "region" in load().limits and "cache" not in load().limits
    assert "cache" in load(cache=True).limits and "region" not in load(cache=True).limits


def test_at_the_machines_own_values_it_is_the_estimate_of_notebook_03():
    own = load_time(15 * GIB, G2, streams=32)
    assert load().limits == own.limits


def test_without_a_measurement_the_other_parts_are_googles():
    found = start_estimate(Assumed(15, 1, 32, 32), G2)
    assert [part.name for part in found.parts] == list(PARTS[:-1])
    # by hand: 60 + 2 + 60 + 78 + 1 and 180 + 10 + 90 + 162 + 22, with the load to 1.35 times it
    assert found.total.low_s == pytest.approx(201 + 4.0265, abs=0.001)
    assert found.total.high_s == pytest.approx(464 + 1.35 * 4.0265, abs=0.001)
    # Google measured 4.3 to 7.4 minutes from no replica to the first answer
    assert found.total.low_s < 4.3 * 60 and found.total.high_s > 7.4 * 60


def test_a_measured_start_gives_every_part_but_the_weights():
    own = OwnStart((Part("engine", 60, 60), Part("weights", 99, 99), Part("unexplained", 5, 5)))
    found = start_estimate(Assumed(15, 1, 32, 32), G2, own.others)
    assert [part.name for part in found.parts] == ["engine", "weights", "unexplained"]
    assert found.total.low_s == pytest.approx(65 + 4.0265, abs=0.001)
    assert own.total_s == 164


def test_each_published_part_has_its_source_and_date():
    from warmbook.settings.machines import data

    for row in data()["phases"]:
        assert row["source"].startswith("GoogleCloudPlatform/accelerated-platforms ")
        assert row["date"][:4] == "2026" and row["what"]
        assert 0 < row["low_s"] < row["high_s"]
    assert {part.name for part in published()} == set(PARTS) - {"weights", "unexplained"}


def test_with_streaming_the_engine_takes_longest():
    assert longest_group() == "vllm"
