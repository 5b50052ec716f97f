"""A hold of the faults begins and ends with its context, and with its connection."""

import time

import pytest

from warmbook.book.gym import FaultsServer
from warmbook.errors import UnreachableError


def holds(rehearsal):
    return rehearsal.call(lambda: rehearsal.inner._staging._holds)


def test_faults_are_held_until_the_release(server, rehearsal):
    with server.hold() as hold:
        assert holds(rehearsal) == 1
        hold.release()
        assert holds(rehearsal) == 0
    assert holds(rehearsal) == 0


def test_an_error_of_the_guide_ends_the_hold(server, rehearsal):
    with pytest.raises(KeyboardInterrupt), server.hold():
        raise KeyboardInterrupt
    end = time.monotonic() + 10
    while holds(rehearsal) and time.monotonic() < end:
        time.sleep(0.01)
    assert holds(rehearsal) == 0


def test_holds_may_overlap(server, rehearsal):
    with server.hold() as first, server.hold():
        assert holds(rehearsal) == 2
        first.release()
        assert holds(rehearsal) == 1
    assert holds(rehearsal) == 0


def test_a_rehearsal_that_ends_meanwhile_is_a_clear_error(server, rehearsal):
    with pytest.raises(UnreachableError), server.hold():
        rehearsal.stop()
    with pytest.raises(UnreachableError), server.hold():
        pass


def test_a_wrong_token_is_no_hold(server, rehearsal):
    with pytest.raises(UnreachableError), FaultsServer(server.url, "wrong").hold():
        pass
    assert holds(rehearsal) == 0
