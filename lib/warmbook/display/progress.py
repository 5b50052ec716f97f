"""Long waits, told the same way in JupyterLab, in papermill and in a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from IPython.display import display

from ..errors import InterruptedWaitError, WaitTimeoutError
from ..terminal import printable
from ..texts import say
from ..units import duration
from .card import AMBER, GREEN, GREY, escape

T = TypeVar("T")

MIME = "application/vnd.warmbook.progress+json"
"""Marks an output as progress, for whoever shows a run from outside the notebook."""


@dataclass(frozen=True)
class Progress:
    """One moment of a wait: for what, its state, seconds spent, seconds allowed."""

    what: str
    state: str
    elapsed_s: float
    timeout_s: float
    done: bool = False
    fraction: float | None = None
    """How much is done, 0 to 1; None where nobody knows."""

    def __repr__(self) -> str:
        mark = "✔" if self.done else "…"
        share = "" if self.fraction is None or self.done else f" {self.fraction:.0%}"
        return printable(f"{mark} {self.what}: {self.state}{share} ({duration(self.elapsed_s)})")

    def _repr_html_(self) -> str:
        share = 1.0 if self.done else self.fraction
        width = 100 * (self.elapsed_s / self.timeout_s if share is None else share)
        colour = GREEN if self.done else AMBER if share is None else GREY
        return (
            f'<div style="max-width:56em">{escape(repr(self))}<div style="height:4px;'
            f'background:rgba(128,128,128,.25);border-radius:2px;margin:3px 0">'
            f'<div style="height:4px;width:{min(100.0, width):.1f}%;background:{colour};'
            f'border-radius:2px"></div></div></div>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        marked = {"what": self.what, "state": self.state, "elapsed_s": round(self.elapsed_s, 3)}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: marked}


Report = Callable[[Progress], None]


def live(*, every_s: float = 0.25, clock: Callable[[], float] = time.monotonic) -> Report:
    """Return a reporter that redraws one output in place, at most every `every_s` seconds.

    It is no widget, so the last line stays readable in an executed notebook.
    """
    handle = None
    drawn: tuple[float, str] = (float("-inf"), "")

    def report(progress: Progress) -> None:
        nonlocal handle, drawn
        told = f"{progress.state}{progress.done}"
        if not progress.done and told == drawn[1] and clock() - drawn[0] < every_s:
            return
        drawn = (clock(), told)
        if handle is None:
            handle = display(progress, display_id=True)
        else:
            handle.update(progress)

    return report


def polled(
    query: Callable[[], T],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[T]:
    """Yield what `query` sees, again and again: soon at first, then every tenth of the wait.

    A wait of 3 s is noticed within 0.3 s, one of 5 minutes within 5 s: waits that are short
    here and long in the cloud both end in time, and no quota is worn out.
    """
    start = clock()
    while True:
        yield query()
        sleep(min(5.0, max(0.2, 0.1 * (clock() - start))))


def wait_until(
    seen: Iterable[T],
    *,
    what: str,
    state: Callable[[T], str],
    ready: Callable[[T], bool],
    failed: Callable[[T], Exception | None] = lambda _: None,
    fraction: Callable[[T], float | None] = lambda _: None,
    timeout_s: float = 1800,
    meanwhile: str = "",
    report: Report | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Follow what is `seen` until it is `ready`; return the last thing seen.

    `seen` yields at each change, and at least every few seconds so that the clock moves.
    `meanwhile` says what goes on in the cloud while nobody waits for it. A generator is closed in
    the end, and with it the watch that it follows.

    Raises:
        WaitTimeoutError: `timeout_s` seconds passed first; it may still become ready.
        InterruptedWaitError: The reader stopped the wait.
        Exception: What `failed` returned: waiting longer would not help.
    """
    report, start, now = report or live(), clock(), ""
    try:
        for thing in seen:
            now, elapsed = state(thing), clock() - start
            done = ready(thing)
            report(Progress(what, now, elapsed, timeout_s, done, fraction(thing)))
            if done:
                return thing
            if error := failed(thing):
                raise error
            if elapsed >= timeout_s:
                break
    except KeyboardInterrupt:
        raise InterruptedWaitError(
            say("You stopped waiting for {what} (last state: {state}).", what=what, state=now),
            remedy=" ".join(
                (
                    meanwhile or say("It continues without you."),
                    say("Run this again to wait for it."),
                )
            ),
        ) from None
    finally:
        if isinstance(seen, Generator):  # the failure's traceback would keep a watch open
            seen.close()
    waited = duration(timeout_s)
    raise WaitTimeoutError(
        say("{what}: still «{state}» after {time}.", what=what, state=now, time=waited),
        remedy=say("Run this again to wait longer."),
    )
