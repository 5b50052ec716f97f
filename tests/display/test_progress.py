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


def test_a_wait_ends_at_the_ready_state_and_reports_each_state():
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
def test_the_followed_iterator_is_closed_at_the_end(ends):
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


def test_a_timeout_reports_the_last_state():
    with pytest.raises(WaitTimeoutError, match="«PROVISIONING» after 1 min 00 s"):
        follow(iter(lambda: "PROVISIONING", None), timeout_s=60)


def test_short_waits_poll_every_half_second_and_long_ones_every_five():
    _, _, short = follow(["P"] * 12 + ["RUNNING"])
    assert max(short.slept) <= 0.5
    _, _, long = follow(["P"] * 60 + ["RUNNING"], timeout_s=10**6)
    assert max(long.slept) == 5.0


def test_an_interrupt_is_reported_as_a_stopped_wait():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(InterruptedWaitError, match="You stopped waiting for it"):
        wait_until(polled(interrupted), what="it", state=str, ready=bool, report=lambda _: None)


def test_progress_has_text_html_and_data_for_the_runner():
    moment = Progress("Cluster <x>", "PROVISIONING", 4.2, 1800)
    bundle = moment._repr_mimebundle_()
    assert bundle["text/plain"] == "… Cluster <x>: PROVISIONING (4.2 s)"
    assert "&lt;x&gt;" in bundle["text/html"]
    assert bundle[MIME]["elapsed_s"] == 4.2
