import pytest

from warmbook.model import gpus
from warmbook.model.gpus import GIB, machine
from warmbook.model.load_estimate import connections, limit_name, load_time


@pytest.mark.parametrize(
    ("gib", "name", "least_s"),
    [
        (14.96, "g2-standard-16", 4.0),
        (131.4, "a2-highgpu-8g", 11.3),
        (58.99, "g4-standard-48", 10.1),
    ],
)
def test_the_least_time_is_that_of_the_nic(gib, name, least_s):
    found = load_time(round(gib * GIB), machine(name))
    assert found.least_s == pytest.approx(least_s, abs=0.05)
    assert found.binds == "nic"
    assert found.estimated is name.startswith("g4")
    assert found.guide_s == pytest.approx(gib / 1.1)


def test_the_limit_that_binds_is_named():
    g2 = machine("g2-standard-16")
    assert load_time(GIB, g2, replicas=64).binds == "region"
    assert load_time(GIB, g2, replicas=6).binds == "nic"
    few = load_time(1350 * 2**20, g2, streams=8)
    assert (few.binds, few.least_s) == ("streams", pytest.approx(1.25))
    assert "streams" not in load_time(GIB, g2).limits


@pytest.mark.parametrize(
    ("vcpus", "clients", "per_client", "count"),
    [
        (16, 0, 0, 32),
        # more clients share the same connections, until each has one of its own
        (16, 32, 0, 32),
        (16, 64, 0, 64),
        (2, 0, 0, 8),
        (12, 5, 0, 20),
        (16, 8, 16, 128),
    ],
)
def test_the_streamer_opens_two_connections_a_vcpu_but_one_for_each_client(
    vcpus, clients, per_client, count
):
    assert connections(vcpus, clients, per_client) == count


def test_the_streamers_defaults_hold_up_no_machine_but_the_smallest():
    held = [
        one.name
        for one in gpus.machines()
        if one.vcpus and load_time(GIB, one, streams=connections(one.vcpus)).binds == "streams"
    ]
    assert held == ["g2-standard-4"]


def test_the_bus_of_one_gpu_holds_up_nothing_and_several_share_the_bytes():
    one, eight = machine("g2-standard-16"), machine("g2-standard-96")
    assert load_time(25 * 10**9, one).limits["pcie"] == pytest.approx(1)
    assert load_time(25 * 10**9, eight).limits["pcie"] == pytest.approx(1 / 8)
    for each in gpus.machines_for("nvidia-l4"):
        found = load_time(GIB, each)
        assert found.limits["pcie"] < found.limits["nic"]
    assert "pcie" not in load_time(GIB, machine("a3-highgpu-1g")).limits


def test_google_measured_no_load_far_above_the_nic():
    for load in gpus.measured():
        least_s = load_time(round(load.weights_gib * GIB), machine(load.machine)).least_s
        assert 0.9 < load.seconds / least_s < 1.4


def test_a_limit_with_an_estimated_rate_is_marked():
    assert limit_name("nic", machine("g2-standard-16")) == "32 Gbps (g2-standard-16)"
    assert "estimate" in limit_name("nic", machine("g4-standard-48"))
    for name in ("region", "streams", "pcie"):
        assert "estimate" in limit_name(name, machine("g2-standard-16"))
