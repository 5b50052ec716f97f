"""Which way a log runs."""

from hypothesis import given
from hypothesis import strategies as st

from warmbook.logs.order import oldest_first

WORDS = st.text(st.characters(codec="ascii", exclude_categories=("Cc", "Nd")), max_size=12)


def timed(words):
    return [f"2026-11-29T09:{n // 60:02d}:{n % 60:02d}Z {word}" for n, word in enumerate(words)]


def text(lines):
    return "".join(f"{line}\n" for line in lines).encode()


@given(st.lists(WORDS, min_size=2, max_size=300))
def test_the_newest_first_is_turned_and_the_oldest_first_stays(words):
    lines = timed(words)
    assert oldest_first(text(lines)) == text(lines)
    assert oldest_first(text(lines[::-1])) == text(lines)


def test_a_traceback_stays_behind_its_line_where_the_others_have_times():
    turned = text([*timed(["a", "b", "c", "d"])[:1:-1], "Traceback", *timed(["a", "b"])[::-1]])
    assert oldest_first(turned) == text(
        [*timed(["a", "b"]), *timed(["a", "b", "c", "d"])[2:3], "Traceback", *timed("abcd")[3:]]
    )


def test_a_restart_or_new_year_is_no_reason_to_turn():
    lines = [f"INFO 12-31 23:59:{n:02d} a" for n in range(50, 60)]
    lines += [f"INFO 01-01 00:00:{n:02d} a" for n in range(10)]
    assert oldest_first(text(lines)) == text(lines)


@given(st.binary(max_size=400))
def test_no_line_of_any_bytes_is_lost(content):
    kept = oldest_first(content)
    assert sorted(kept.rstrip(b"\n").split(b"\n")) == sorted(content.rstrip(b"\n").split(b"\n"))
