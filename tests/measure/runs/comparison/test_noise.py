import random
from statistics import NormalDist

import pytest

from warmbook.measure.runs.comparison import noise

SEED = 20261129


def explained(*of, quiet=True):
    return noise.explained(*of, quiet=quiet)


@pytest.mark.parametrize("quiet", [True, False])
def test_one_run_of_the_base_takes_the_measured_tolerance_and_the_grain(quiet):
    share = noise.tolerance("ready", quiet=quiet)
    assert explained("ready", (100.0,), 1.0, quiet=quiet) == 1 + 100 * share
    assert explained("stream.bytes", (100.0,), 0, quiet=quiet) == 0


@pytest.mark.parametrize("start", noise.TOLERANCES)
def test_a_quiet_machine_explains_less(start):
    assert 0 < noise.tolerance(start, quiet=True) < noise.tolerance(start, quiet=False)


def test_few_runs_of_the_base_only_widen_the_tolerance():
    usual = explained("stream.seconds", (10.0,), 0.1)
    assert explained("stream.seconds", (10.0, 10.0), 0.1) == usual
    assert explained("stream.seconds", (4.0, 20.0), 0.1) == pytest.approx(16.1)


@pytest.mark.parametrize("quiet", [True, False])
def test_enough_runs_of_the_base_decide_by_their_own_spread(quiet):
    alike = (10.0, 10.1, 9.9, 10.0, 10.05)
    assert explained("stream.seconds", alike, 0.1, quiet=quiet) < 0.8
    assert len(alike) == noise.ENOUGH


def test_of_a_thousand_equal_runs_about_one_lies_above_the_noise_and_one_below():
    rng, beyond = random.Random(SEED), 0
    for _ in range(4000):
        *bases, value = (rng.gauss(100, 5) for _ in range(9))
        middle = sorted(bases)[3:5]
        apart = abs(value - sum(middle) / 2)
        beyond += apart > explained("ready", bases, 0)
    assert 2 <= beyond <= 24


def test_the_quantiles_fall_towards_the_normal_distributions():
    quantiles = [noise.quantile(count) for count in range(noise.ENOUGH, 500)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] > NormalDist().inv_cdf(0.999)


def test_the_spread_of_one_value_is_not_known():
    assert noise.spread((1.0,)) is None
    assert noise.spread((1.0, 3.0)).share == pytest.approx(2**0.5 / 2)
