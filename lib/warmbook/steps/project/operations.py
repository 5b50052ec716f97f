"""Operations of Google's that go on after the answer."""

from __future__ import annotations

from typing import Any

from ...display.progress import Report, polled, wait_until
from ...errors import ResourceFailedError
from ...texts import say


def finished(operation: Any, what: str, meanwhile: str, report: Report | None) -> None:
    """Wait for a long-running operation of Google's.

    Raises:
        ResourceFailedError: It ended with an error.
    """

    def failed(done: bool) -> Exception | None:
        if done and (error := operation.operation.error).code:
            return ResourceFailedError(
                error.message, remedy=say("Read the message, then try again.")
            )
        return None

    wait_until(
        polled(operation.done),
        what=what,
        state=lambda done: say("done") if done else say("in progress"),
        ready=lambda done: bool(done) and not failed(done),
        failed=failed,
        timeout_s=600,
        meanwhile=meanwhile,
        report=report,
    )
