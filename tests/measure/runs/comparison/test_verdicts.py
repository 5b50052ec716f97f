import pytest

from warmbook.measure.runs.comparison.compare import Comparison
from warmbook.measure.runs.comparison.threshold import parsed
from warmbook.measure.runs.comparison.verdicts import judge, overall
from warmbook.measure.runs.record import parse

from ..test_record import ANSWERED, WHOLE, data

STREAM = WHOLE["streams"][0]


def record(seconds=100.0, rate=1.0, **changes):
    """Return a record whose cold start takes so long, with a stream of that rate in GiB/s."""
    phases = [{"name": "weights streamed", "seconds": seconds, "source": "streamer"}]
    streams = [{**STREAM, "gib_s": rate}]
    return parse(data(**{"phases": phases, "streams": streams, **changes}))


def verdict(text, base, run, *, more_bases=(), allow_unlike=False):
    comparison = Comparison((("base", base), ("run", run)), more_bases)
    (found,) = judge(comparison, [parsed(text)], allow_unlike=allow_unlike)
    return found


@pytest.mark.parametrize(
    ("text", "run", "state"),
    [
        ("cold_start > +20%", record(300), "exceeded"),
        ("cold_start > +20%", record(101), "within"),
        ("cold_start > +20%", record(20), "within"),
        ("cold_start > +400%", record(300), "within"),
        ("cold_start > +0%", record(100.5), "within"),
        ("cold_start >= +0%", record(100.5), "exceeded"),
        ("stream_rate < -20%", record(rate=0.2), "exceeded"),
        ("stream_rate < -20%", record(rate=5.0), "within"),
        ("stream_rate < -20%", record(rate=0.99), "within"),
        ("cold_start > -10%", record(99), "exceeded"),  # no gain beyond the noise
        ("cold_start > -10%", record(2), "within"),
        ("cold_start > 90s", record(100), "exceeded"),
        ("cold_start > 100s", record(100.9), "within"),  # the clocks tell whole seconds
        ("cold_start >= 100s", record(99.5), "exceeded"),
        ("stream_rate < 1.5", record(), "exceeded"),
        ("stream_bytes > +0%", record(), "within"),
    ],
)
def test_a_difference_counts_from_where_chance_no_longer_explains_it(text, run, state):
    assert verdict(text, record(), run).state == state


def test_the_same_difference_counts_once_the_base_is_known_to_be_steady():
    text, run = "cold_start > +20%", record(130)
    assert verdict(text, record(), run).state == "within"
    steady = tuple(record(100 + number / 10) for number in range(6))
    assert verdict(text, record(), run, more_bases=steady).state == "exceeded"


def test_a_missing_figure_does_not_pass_and_the_run_without_it_is_named():
    answered = parse(data(phases=ANSWERED))
    for base, run, lacking in ((answered, record(), "run"), (record(), answered, "base")):
        found = verdict("first_answer > +20%", base, run)
        assert (found.state, found.passed) == ("missing", False)
        assert found.reason.startswith(lacking)
    assert verdict("phase.compile > +20%", record(), record()).state == "missing"
    assert verdict("first_answer > 90s", record(), answered).state == "within"


UNLIKE = {
    "target": {"target": "google-cloud"},
    "engine": {"engine": "vLLM"},
    "network": {"shaped": {"latency_ms": 1.0}},
    "model": {"settings": {**WHOLE["settings"], "model_uri": "gs://b/other"}},
    "weights": {"streams": [{**STREAM, "bytes": 2**31, "gib_s": 1.0}]},
}


@pytest.mark.parametrize("name", UNLIKE)
def test_an_unlike_pair_does_not_pass_unless_that_is_allowed(name):
    run = record(**UNLIKE[name])
    found = verdict("cold_start > +20%", record(), run)
    assert (found.state, found.passed) == ("unlike", False)
    assert found.reason
    assert verdict("cold_start > +20%", record(), run, allow_unlike=True).passed


def test_an_unlike_pair_beyond_its_threshold_is_reported_as_exceeded():
    run = record(500, **UNLIKE["network"])
    assert verdict("cold_start > +20%", record(), run).state == "exceeded"


def test_what_spoils_only_some_figures_leaves_the_others_to_be_judged():
    run = record(interactive=True)
    assert verdict("cold_start > +20%", record(), run).passed
    assert verdict("notebook.07_streaming > +20%", record(), run).state == "unlike"


def test_a_figure_that_was_zero_is_exceeded_by_any_increase_that_counts():
    def waited(seconds):
        phase = {"name": "driver", "seconds": seconds, "source": "log"}
        return record(phases=[phase, *WHOLE["phases"]])

    text = "phase.driver > +20%"
    assert verdict(text, waited(0), waited(30)).state == "exceeded"
    assert verdict(text, waited(0), waited(0.05)).state == "within"


def test_the_worst_verdict_is_that_of_all():
    within = verdict("cold_start > +20%", record(), record(101))
    over = verdict("cold_start > +20%", record(), record(900))
    missing = verdict("first_answer > +20%", record(), record())
    assert overall([within, over, missing], complete=True) == "exceeded"
    assert overall([within, missing], complete=True) == "not-judged"
    assert overall([within], complete=False) == "not-judged"
    assert overall([], complete=True) == "not-judged"
    assert overall([within, within], complete=True) == "within"
