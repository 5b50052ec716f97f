import pytest

from warmbook import gpus
from warmbook.gpus import GIB, machine
from warmbook.load_time import limit_name, load_time


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
    few = load_time(1350 * 2**20, g2, connections=8, per_stream_mib_s=135)
    assert (few.binds, few.least_s) == ("streams", pytest.approx(1.25))


def test_google_measured_no_load_far_above_the_nic():
    for load in gpus.measured():
        least_s = load_time(round(load.weights_gib * GIB), machine(load.machine)).least_s
        assert 0.9 < load.seconds / least_s < 1.4


def test_a_limit_whose_rate_is_an_estimate_says_so():
    assert limit_name("nic", machine("g2-standard-16")) == "32 Gbps (g2-standard-16)"
    assert "estimate" in limit_name("nic", machine("g4-standard-48"))
    assert "estimate" in limit_name("region", machine("g2-standard-16"))
