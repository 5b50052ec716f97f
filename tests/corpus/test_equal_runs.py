"""Records of real runs, equal ones and slowed ones: the first pass a threshold, the others don't.

tests/corpus/runs was made by `python tools/equal_runs.py record tests/corpus/runs` on 2 cores that
had other work beside them, in rehearsals with the quick engine. The slowed runs pulled the server's
image slowly, which no record names, and had fewer streams (`concurrency` 1).
"""

import itertools
from pathlib import Path

import pytest

from warmbook.__main__ import main
from warmbook.measure.runs.comparison.compare import Comparison
from warmbook.measure.runs.comparison.conditions import changes
from warmbook.measure.runs.comparison.noise import ENOUGH
from warmbook.measure.runs.comparison.threshold import parsed
from warmbook.measure.runs.comparison.verdicts import judge
from warmbook.measure.runs.record import read

RUNS = Path(__file__).parent / "runs"
EQUAL = sorted(RUNS.glob("equal-*"))
SLOWED = sorted(RUNS.glob("slowed-*"))
FAIL_IF = ("--fail-if", "cold_start > +20%", "--fail-if", "stream_rate < -20%")


def test_there_are_twenty_equal_runs_that_differ_in_nothing_but_time():
    records = list(map(read, EQUAL))
    base, *others = records
    assert len(records) == 20
    assert len(SLOWED) >= 2
    assert len({record.id for record in records}) == 20
    assert not any(changes(base, other) for other in others)
    for slowed in map(read, SLOWED):
        assert [str(one) for one in changes(base, slowed)] == ["concurrency 0 → 1"]


@pytest.mark.parametrize("place", range(len(EQUAL)))
def test_an_equal_run_passes_when_compared_with_the_one_before(place, capsys):
    assert main(["compare", str(EQUAL[place - 1]), str(EQUAL[place]), *FAIL_IF]) == 0


@pytest.mark.parametrize("run", SLOWED, ids=lambda run: run.name)
def test_a_slowed_run_fails(run, capsys):
    assert main(["compare", str(EQUAL[0]), str(run), *FAIL_IF]) == 1


def states(base, run, *thresholds, more_bases=()):
    """Return the state of each threshold, for a run and one or more runs of the base."""
    comparison = Comparison((("base", base), ("run", run)), tuple(more_bases))
    return [one.state for one in judge(comparison, list(map(parsed, thresholds)))]


def test_whichever_equal_run_is_the_base_no_figure_of_another_is_beyond_the_noise():
    records = list(map(read, EQUAL))
    for base, run in itertools.permutations(records, 2):
        comparison = Comparison((("base", base), ("run", run)))
        assert not [figure.key for figure in comparison.figures() if figure.changed]


def test_whichever_equal_run_is_the_base_a_slowed_one_is_beyond_it():
    for base, run in itertools.product(map(read, EQUAL), map(read, SLOWED)):
        assert states(base, run, "cold_start > +20%") == ["exceeded"]


def test_several_runs_of_the_base_find_the_slower_cold_start_and_pass_equal_ones():
    base, *records = map(read, EQUAL)
    more_bases, others = records[: 2 * ENOUGH], records[2 * ENOUGH :]
    for run in others:
        assert states(base, run, "cold_start > +20%", more_bases=more_bases) == ["within"]
    for run in map(read, SLOWED):
        assert states(base, run, "cold_start > +20%", more_bases=more_bases) == ["exceeded"]
