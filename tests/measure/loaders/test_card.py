"""Cards of times: what is said beside the figures."""

from warmbook.cloud.rehearsal import Network
from warmbook.measure.loaders.card import spread
from warmbook.measure.loaders.catalog import Runs
from warmbook.steps.compare import Tuned

RUNS = Runs("8", (9.0, 1.0, 1.1, 1.2, 1.3))


def test_the_spread_sets_the_first_run_apart():
    assert spread(RUNS) == "median 1.1 s, from 1.0 s to 1.3 s in 4 runs; the first 9.0 s"


def test_no_time_of_a_rehearsal_goes_without_its_label():
    shaped = Network(latency_ms=30)
    card = Tuned((RUNS,), "concurrency", rehearsal=True, cut_short=True, network=shaped)
    told = card.note()
    assert told.startswith(card.sentence())
    assert "budget" in told
    assert "not of Google Cloud" in told
    assert shaped.label in told
    assert Tuned((RUNS,), "concurrency").note() == card.sentence()


def test_the_runs_are_drawn():
    assert Tuned((RUNS,), "concurrency").plot().png.startswith(b"\x89PNG")
