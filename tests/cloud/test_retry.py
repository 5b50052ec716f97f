import itertools

import pytest

from warmbook.cloud import retry
from warmbook.cloud.retry import FIRST_S, LONGEST_S, again

from ..doubles.clock import Clock


def asked(answers, **options):
    clock = Clock()
    send = iter(answers).__next__
    last = again(
        send,
        passing=lambda code: code in retry.TRANSIENT,
        clock=clock,
        sleep=clock.sleep,
        **options,
    )
    return last, clock.slept


def test_pauses_grow_up_to_the_longest_and_end_with_the_patience():
    last, slept = asked(itertools.repeat(503), patience_s=60)
    assert last == 503
    assert 60 - LONGEST_S <= sum(slept) <= 60
    assert FIRST_S / 2 <= slept[0] <= FIRST_S
    assert max(slept) <= LONGEST_S
    whole = [FIRST_S * 2**turn for turn in range(len(slept))]
    assert all(w / 2 <= s <= w for s, w in zip(slept, whole, strict=True) if w <= LONGEST_S)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_each_code_that_passes_is_asked_again(code):
    assert asked([code, code, 200])[0] == 200


@pytest.mark.parametrize("code", [200, 400, 401, 403, 404, 408, 409, 410, 412, 501])
def test_each_code_that_stays_is_not(code):
    assert asked([code]) == (code, [])


def test_an_answer_that_asks_for_a_pause_gets_it_within_bounds():
    _, slept = asked([503, 503, 200], asked_s=lambda _: 7.0)
    assert slept == [7.0, 7.0]
    _, slept = asked([503, 200], asked_s=lambda _: 3600.0)
    assert slept == [LONGEST_S]


def test_whoever_is_in_a_hurry_waits_less():
    with retry.patience(2):
        _, slept = asked(itertools.repeat(503), patience_s=60)
    assert sum(slept) <= 2
