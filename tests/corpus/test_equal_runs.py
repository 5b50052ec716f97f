"""Records of real runs, equal ones and slowed ones: the first pass a threshold, the others don't.

The folders in tests/corpus/runs were made by `python tools/equal_runs.py record FOLDER` on 2 cores,
in rehearsals with the quick engine: `quiet` on a machine that did nothing else, `busy` on one with
other work, before records had its load. The slowed runs pulled the server's image slowly, which no
record names, and had fewer streams (`concurrency` 1). Those in `quiet` took 1.7 times as long as
equal ones, those in `busy` several times as long.
"""

import itertools
from pathlib import Path

import pytest

from warmbook.__main__ import main
from warmbook.measure.runs.comparison.compare import Comparison
from warmbook.measure.runs.comparison.conditions import changes
from warmbook.measure.runs.comparison.noise import BUSY, ENOUGH
from warmbook.measure.runs.comparison.threshold import parsed
from warmbook.measure.runs.comparison.verdicts import judge
from warmbook.measure.runs.record import read

MACHINES = ("quiet", "busy")
FAIL_IF = ("--fail-if", "cold_start > +20%", "--fail-if", "stream_rate < -20%")


def folders(machine, kind):
    return sorted((Path(__file__).parent / "runs" / machine).glob(f"{kind}-*"))


@pytest.fixture(params=MACHINES)
def machine(request):
    return request.param


@pytest.fixture
def equal(machine):
    return [read(folder) for folder in folders(machine, "equal")]


@pytest.fixture
def slowed(machine):
    return [read(folder) for folder in folders(machine, "slowed")]


def test_there_are_twenty_equal_runs_that_differ_in_nothing_but_time(equal, slowed):
    base, *others = equal
    assert len({record.id for record in equal}) == len(equal) == 20
    assert len(slowed) >= 2
    assert not any(changes(base, other) for other in others)
    for run in slowed:
        assert [str(one) for one in changes(base, run)] == ["concurrency 0 → 1"]


def test_the_quiet_runs_have_the_load_of_a_quiet_machine():
    for folder in (*folders("quiet", "equal"), *folders("quiet", "slowed")):
        assert 0 < read(folder).cpu_load < BUSY


@pytest.mark.parametrize("place", range(20))
def test_an_equal_run_passes_when_compared_with_the_one_before(machine, place, capsys):
    runs = list(map(str, folders(machine, "equal")))
    assert main(["compare", runs[place - 1], runs[place], *FAIL_IF]) == 0


def test_a_slowed_run_fails(machine, capsys):
    base = str(folders(machine, "equal")[0])
    for run in folders(machine, "slowed"):
        assert main(["compare", base, str(run), *FAIL_IF]) == 1


def states(base, run, *thresholds, more_bases=()):
    """Return the state of each threshold, for a run and one or more runs of the base."""
    comparison = Comparison((("base", base), ("run", run)), tuple(more_bases))
    return [one.state for one in judge(comparison, list(map(parsed, thresholds)))]


def test_whichever_equal_run_is_the_base_no_figure_of_another_is_beyond_the_noise(equal):
    for base, run in itertools.permutations(equal, 2):
        comparison = Comparison((("base", base), ("run", run)))
        assert not [figure.key for figure in comparison.figures() if figure.changed]


def test_whichever_equal_run_is_the_base_a_slowed_one_is_beyond_it(equal, slowed):
    for base, run in itertools.product(equal, slowed):
        assert states(base, run, "cold_start > +20%") == ["exceeded"]


def test_several_runs_of_the_base_find_the_slower_cold_start_and_pass_equal_ones(equal, slowed):
    base, *records = equal
    more_bases, others = records[: 2 * ENOUGH], records[2 * ENOUGH :]
    for run in others:
        assert states(base, run, "cold_start > +20%", more_bases=more_bases) == ["within"]
    for run in slowed:
        assert states(base, run, "cold_start > +20%", more_bases=more_bases) == ["exceeded"]
