"""The lines of a log that may tell of a failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.pods.suspects import (
    MORE_WORDS,
    MOST_LETTERS,
    MOST_LINES,
    NEAR,
    WORDS,
    Line,
    around,
    suspects,
)

PLAIN = st.text(st.characters(codec="ascii", exclude_characters="\n\r"), max_size=30)
TOLD = st.sampled_from([f"ValueError: {n}" for n in range(5)] + ["Killed", "access denied"])
LINES = st.lists(PLAIN | TOLD, max_size=30)


@given(LINES)
def test_each_suspect_is_the_line_at_its_place_in_order(lines):
    log = "\n".join(lines).encode()
    found = suspects(log)
    assert [one.place for one in found] == sorted({one.place for one in found})
    for one in found:
        assert one.text == log[one.place :].split(b"\n")[0].decode()
        assert one.place == 0 or log[one.place - 1 : one.place] == b"\n"


@given(LINES)
def test_every_line_with_a_word_is_a_suspect_and_no_other(lines):
    words = [word.decode() for word in (*WORDS, *MORE_WORDS)]
    found = [one.text for one in suspects("\n".join(lines).encode())]
    assert found == [line for line in lines if any(word in line for word in words)]


@given(st.binary(max_size=500))
def test_any_bytes_have_suspects_within_them(log):
    for one in suspects(b"Error" + log):
        assert 0 <= one.place <= len(log) + 5
        assert isinstance(around(log, min(one.place, len(log)), before=2, after=1), str)


def test_of_a_very_long_line_the_part_around_the_word_is_taken():
    log = b"x" * 5000 + b"ValueError: y" + b"z" * 5000
    (one,) = suspects(log)
    assert "ValueError: y" in one.text
    assert len(one.text) <= 2 * MOST_LETTERS + len("Error")


def test_of_a_flood_the_first_and_the_last_lines_are_taken():
    count = 3 * MOST_LINES + 10
    found = suspects("\n".join(f"rror {n}" for n in range(count)).encode())
    assert found[0] == Line(0, "rror 0")
    assert found[-1].text == f"rror {count - 1}"
    assert len(found) < count


@pytest.mark.parametrize(("place", "found"), [(0, 1), (2 * NEAR, 0), (4 * NEAR - 200, 1)])
def test_more_words_are_looked_for_near_both_ends_only(place, found):
    log = bytearray(b"." * 63 + b"\n") * (4 * NEAR // 64)
    log[place : place + 8] = b" Killed "
    assert len(suspects(bytes(log))) == found


@given(st.lists(PLAIN.filter(bool), min_size=5, max_size=9), st.integers(2, 3))
def test_around_gives_the_line_with_its_neighbours(lines, number):
    log = "\n".join(lines).encode()
    place = len("\n".join(lines[:number])) + 1
    assert around(log, place, before=2, after=1) == "\n".join(lines[number - 2 : number + 2])
