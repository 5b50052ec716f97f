import pytest

from warmbook.measure.coldstart.own_start import own_start
from warmbook.measure.coldstart.phases import FIRST_ANSWER, SINCE
from warmbook.model.start_estimate import PARTS, OwnStart

LOAD = {"pod": "a", "bytes": 2**30, "seconds": 2.5, "gib_s": 0.4, "source": "streamer"}


def phases(**seconds):
    listed = [{"name": n, "start": 0.0, "seconds": s, "source": "log"} for n, s in seconds.items()]
    return {"phases": {"pod": "a", "phases": listed, "cost": None}}


def test_phases_are_summed_by_part_in_order():
    measured = {"server up": 3.0, "node ready": 60, "driver": 15.5, "small files": 2.0}
    found = own_start(phases(**measured, **{FIRST_ANSWER: 1.0, "weights streamed": 13.4}))
    assert [(part.name, part.low_s) for part in found.parts] == [
        ("node", 75.5),
        ("engine", 2.0),
        ("weights", 13.4),
        ("compile", 3.0),
        ("answer", 1.0),
    ]
    assert found.total_s == pytest.approx(94.9)
    assert "weights" not in [part.name for part in found.others]


def test_every_phase_that_there_is_belongs_to_a_part():
    found = own_start(phases(**dict.fromkeys(SINCE, 1.0)))
    assert sum(part.low_s for part in found.parts) == len(SINCE)
    assert {part.name for part in found.parts} == set(PARTS)
    assert own_start(phases(**{"of another version": 1.0})).parts[0].name == "unexplained"


def test_loads_are_those_that_took_time():
    loads = [LOAD, {**LOAD, "seconds": 0.0}]
    assert own_start({"stream": {"loads": loads}}).loads == ((2**30, 2.5),)


@pytest.mark.parametrize(
    "measurements",
    [{}, {"phases": None}, {"phases": {"phases": ["x"]}}, {"stream": {"loads": [{"pod": 1}]}}],
    ids=str,
)
def test_what_cannot_be_read_counts_as_absent(measurements):
    assert own_start(measurements) == OwnStart()
