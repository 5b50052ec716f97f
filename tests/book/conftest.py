"""A run whose notebooks are played, in the place of kernels."""

import os
import signal

import pytest

from warmbook.book import execution_order
from warmbook.workbook import Workbook


@pytest.fixture
def play(rehearsal, monkeypatch):
    """Let each notebook end as its number says, else pass; return those that ran, with limits.

    `twice` is Ctrl-C pressed twice, `terminated` SIGTERM. `meanwhile` is called in each.
    """

    def played(meanwhile=lambda: None, **ends):
        ran = []

        def execute(book, copy, given, kernels, follower, done, deadline):
            number = book.name[:2]
            ran.append((number, deadline.limit_s))
            copy.write_text(number)
            end = ends.get(f"_{number}", "passed")
            done.status = "interrupted" if end in ("twice", "terminated") else end
            done.error = "" if end == "passed" else f"{end} in {number}"
            meanwhile()
            if end == "terminated":
                os.kill(os.getpid(), signal.SIGTERM)
            if end == "twice":
                raise KeyboardInterrupt
            if number == "10":
                left = {"created": ["cluster c"], "left": []}
                Workbook(copy.parent / "workbook.yaml").record("cleanup", left)

        monkeypatch.setattr(execution_order, "execute", execute)
        return ran

    return played
