"""What `warmbook run` prints while it goes on: lines for people, or events as lines of JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ...terminal import redraw, show
from ...texts import say
from .. import origin
from ..follower import Follower, Waiting
from .run_summary import place, summary
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...measure.runs.schema import Check
    from ..execution import Done
    from ..run import Run

EVERY_S = 10.0
"""How often a wait that does not change is told again, in seconds."""


class _Pace:
    """Lets a wait pass when its state changes, and every EVERY_S."""

    def __init__(self) -> None:
        self._last: tuple[str, str] = ("", "")
        self._at = 0.0

    def lets_pass(self, waiting: Waiting) -> bool:
        now, state = time.monotonic(), (waiting.what, waiting.state)
        if state == self._last and now - self._at <= EVERY_S:
            return False
        self._last, self._at = state, now
        return True


class TextFollower(Follower):
    """Prints a line for each notebook and, on a terminal, a moving one for what goes on."""

    def __init__(self) -> None:
        self._moving, self._pace = sys.stdout.isatty(), _Pace()

    def run_started(self, run: Run) -> None:
        """Say where an earlier run was moved."""
        super().run_started(run)
        if run.earlier:
            told = say("The earlier run in this folder was moved to {folder}", folder=run.earlier)
            show_wrapped(f"  {told}")

    def notebook_started(self, notebook: str) -> None:
        """Draw the notebook's name."""
        if self._moving:
            redraw(f"  … {notebook}")

    def waits(self, notebook: str, waiting: Waiting) -> None:
        """Draw the wait, or print it where it has changed."""
        del notebook
        if self._moving:
            redraw(f"    {waiting.line[:110]}")
        elif self._pace.lets_pass(waiting):
            show(f"    {waiting.line}")

    def notebook_ended(self, done: Done) -> None:
        """Print how the notebook ended, and its error."""
        mark = "✔" if done.status == "passed" else "✗"
        if self._moving:
            redraw("")
        show(f"  {mark} {done.name:<14} {done.seconds:6.1f} s")
        if done.error:
            told = "\n".join(f"      {line}" for line in done.error.splitlines())
            show(told, sys.stderr if done.status == "interrupted" else sys.stdout)

    def run_ended(self, run: Run) -> None:
        """Print the summary; after Ctrl-C only where the files are, on standard error."""
        if run.outcome == "interrupted":
            show_wrapped(place(run), sys.stderr)
        else:
            show_wrapped(summary(run))


class JsonFollower(Follower):
    """Prints one JSON object a line; docs/commands.md lists the events and their keys."""

    def __init__(self) -> None:
        self._pace = _Pace()

    def run_started(self, run: Run) -> None:
        """Print the event run-started."""
        super().run_started(run)
        _event(
            "run-started",
            id=run.origin["id"],
            target=run.target,
            folder=str(run.folder),
            earlier=str(run.earlier) if run.earlier else None,
            notebooks=[done.name for done in run.notebooks],
        )

    def notebook_started(self, notebook: str) -> None:
        """Print the event notebook-started."""
        _event("notebook-started", notebook=notebook)

    def waits(self, notebook: str, waiting: Waiting) -> None:
        """Print the event progress, where it has changed."""
        if self._pace.lets_pass(waiting):
            told = {"what": waiting.what, "state": waiting.state, "elapsed_s": waiting.elapsed_s}
            _event("progress", notebook=notebook, **told)

    def checked(self, notebook: str, check: Check) -> None:
        """Print the event check."""
        _event("check", notebook=notebook, claim=check.claim, passed=check.passed)

    def notebook_ended(self, done: Done) -> None:
        """Print the event notebook-ended."""
        told = {"status": done.status, "seconds": done.seconds, "error": done.error}
        _event("notebook-ended", notebook=done.name, **told)

    def run_ended(self, run: Run) -> None:
        """Print the event run-ended."""
        seconds = round(sum(done.seconds for done in run.notebooks), 3)
        _event("run-ended", status=run.outcome, seconds=seconds, record=str(run.file))


def _event(name: str, **told: Any) -> None:
    show(json.dumps({"event": name, "at": origin.now(), **told}))
