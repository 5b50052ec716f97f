import contextlib

import pytest

from warmbook.display.progress import MIME, Progress, polled, wait_until
from warmbook.errors import InterruptedWaitError, ResourceFailedError, WaitTimeoutError

from ..doubles.clock import Clock


def follow(states, **kwargs):
    told = []
    clock = Clock()
    seen = polled(iter(states).__next__, clock=clock, sleep=clock.sleep)
    result = wait_until(
        seen,
        what="it",
        state=str,
        ready=lambda s: s == "RUNNING",
        report=told.append,
        clock=clock,
        **kwargs,
    )
    return result, told, clock


def test_it_ends_at_the_ready_state_and_tells_each_moment():
    result, told, _ = follow(["PROVISIONING", "PROVISIONING", "RUNNING"])
    assert result == "RUNNING"
    assert [(p.state, p.done) for p in told] == [
        ("PROVISIONING", False),
        ("PROVISIONING", False),
        ("RUNNING", True),
    ]


def test_a_failure_ends_the_wait_at_once():
    def failed(state):
        return ResourceFailedError("no", remedy="yes") if state == "ERROR" else None

    with pytest.raises(ResourceFailedError):
        follow(["PROVISIONING", "ERROR"], failed=failed)


@pytest.mark.parametrize("ends", [None, ResourceFailedError("no", remedy="yes")])
def test_what_is_followed_is_closed_in_the_end(ends):
    closed = []

    def watched():
        try:
            while True:
                yield "PROVISIONING"
        finally:
            closed.append(True)

    followed = watched()
    with contextlib.suppress(ResourceFailedError):
        wait_until(
            followed,
            what="it",
            state=str,
            ready=lambda _: ends is None,
            failed=lambda _: ends,
            report=lambda _: None,
        )
    assert closed == [True]


def test_a_wait_without_end_ends_and_says_what_was_seen_last():
    with pytest.raises(WaitTimeoutError, match="«PROVISIONING» after 1 min 00 s"):
        follow(iter(lambda: "PROVISIONING", None), timeout_s=60)


def test_a_short_wait_is_noticed_within_half_a_second_and_a_long_one_within_five():
    _, _, short = follow(["P"] * 12 + ["RUNNING"])
    assert max(short.slept) <= 0.5
    _, _, long = follow(["P"] * 60 + ["RUNNING"], timeout_s=10**6)
    assert max(long.slept) == 5.0


def test_an_interrupt_becomes_a_sentence():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(InterruptedWaitError, match="You stopped waiting for it"):
        wait_until(polled(interrupted), what="it", state=str, ready=bool, report=lambda _: None)


def test_progress_shows_itself_as_text_html_and_for_the_runner():
    moment = Progress("Cluster <x>", "PROVISIONING", 4.2, 1800)
    bundle = moment._repr_mimebundle_()
    assert bundle["text/plain"] == "… Cluster <x>: PROVISIONING (4.2 s)"
    assert "&lt;x&gt;" in bundle["text/html"]
    assert bundle[MIME]["elapsed_s"] == 4.2
