"""Acts on many seats at the same time."""

import threading
from pathlib import Path

import pytest

from warmbook.book.classroom.at_once import AtOnce, processors
from warmbook.book.classroom.seats import seat
from warmbook.errors import MissingError, UnreachableError

from ...processes import until

SEATS = [seat(Path("class"), f"{number:02d}") for number in range(6)]


def names(acts):
    return [one.name for one in acts.seats if one.name in acts.done]


def test_at_most_so_many_acts_are_under_way_at_once():
    meeting, most, under_way, lock = threading.Barrier(3), [0], [0], threading.Lock()

    def act(one):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        meeting.wait(30)  # three must be here
        with lock:
            under_way[0] -= 1
        return one.name

    acts = AtOnce(SEATS, act, 3)
    assert sorted(acts.as_they_end(60)) == [one.name for one in SEATS]
    assert most == [3]


def test_what_fails_on_a_seat_is_its_own():
    def act(one):
        if one.name == "02":
            raise MissingError("no", remedy="none")
        return one.name

    acts = AtOnce(SEATS, act, 2)
    assert sum(isinstance(came, MissingError) for came in acts.as_they_end(60)) == 1
    assert isinstance(acts.done["02"], MissingError) and len(names(acts)) == 6


def test_seats_that_do_not_end_in_time_do_not_answer():
    released = threading.Event()
    ticks = []

    def act(one):
        if one.name in ("01", "04"):
            released.wait(60)
        return one.name

    acts = AtOnce(SEATS, act, len(SEATS))
    until(lambda: acts._ended.qsize() == 4)
    came = list(acts.as_they_end(0.1, lambda: ticks.append(1)))
    released.set()
    assert len(came) == 6 and ticks
    late = {name for name, one in acts.done.items() if isinstance(one, UnreachableError)}
    assert late == {"01", "04"}


def test_after_a_stop_no_act_begins():
    first, released = threading.Event(), threading.Event()

    def act(one):
        first.set()
        released.wait(60)
        return one.name

    acts = AtOnce(SEATS, act, 1)
    assert first.wait(30)
    acts.stop()
    released.set()
    assert acts.begun == {"00"} and acts.done == {}


def test_a_mistake_in_an_act_is_raised():
    def act(one):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(AtOnce(SEATS, act, 1).as_they_end(60))


def test_nothing_is_done_on_no_seat():
    assert list(AtOnce([], lambda one: one.name, 4).as_they_end(60)) == []


def test_this_process_has_a_processor():
    assert processors() >= 1
