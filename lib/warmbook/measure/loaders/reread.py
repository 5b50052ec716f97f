"""Readers: the streamer alone, beside the server in its Pods, told when to read the weights.

They make no Pod and load no GPU: what they read goes through the nodes' own network into host
memory that the server's start has left free. One of them alone, then all at once, in turn.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import resources
from typing import Any

from ...cloud.clients import Clients
from ...display.progress import Report, wait_until
from ...errors import ResourceFailedError
from ...settings import Settings
from ...texts import say

START_S = 180
"""How long the streamer's import may take, and the round that is under way at the budget's end."""

LOOK_S = 0.2
"""How often a reader is listened to, in seconds."""


@dataclass(frozen=True)
class Rereads:
    """Seconds of each read in order; of those at once, of the slowest, all read the same bytes."""

    alone: tuple[float, ...] = ()
    together: tuple[float, ...] = ()
    size_bytes: int = 0
    complete: bool = False
    cut_short: bool = False

    @property
    def count(self) -> int:
        """How many were done."""
        return len(self.alone) + len(self.together)


class PodReader:
    """A process in a Pod that reads the weights each time it is told to."""

    def __init__(self, settings: Settings, clients: Clients, pod: str) -> None:
        self.pod = pod
        script = resources.files("warmbook").joinpath("data", "reader.py").read_text("utf-8")
        tuned = (
            [f"RUNAI_STREAMER_CONCURRENCY={settings.concurrency}"] if settings.concurrency else []
        )
        self._process = clients.kubernetes.start(
            pod, settings.namespace, ["env", *tuned, "python3", "-c", script, settings.model_uri]
        )
        self._words = ""

    def ask(self) -> None:
        """Have it read the weights once."""
        self._process.write_stdin("read\n")

    def message(self) -> dict[str, Any] | None:
        """Return its next message, None if none comes within LOOK_S.

        Raises:
            ResourceFailedError: It has ended.
        """
        line = self._process.readline_stdout(timeout=LOOK_S)
        self._words = (self._words + self._process.read_stderr(timeout=0))[-2000:]
        try:
            found = json.loads(line)
        except ValueError:  # a line of the streamer's own, or none yet
            found = None
        if isinstance(found, dict):
            return found
        if not self._process.is_open():
            raise self._ended()
        return None

    def _ended(self) -> ResourceFailedError:
        last = (self._words.strip() or "?").splitlines()[-1]
        return ResourceFailedError(
            say("The read in {pod} failed: {reason}", pod=self.pod, reason=last),
            remedy=say("Run this again; it needs as much host memory as a load does."),
        )

    def close(self) -> None:
        """Hang up; the process ends with its input."""
        self._process.close()


def read(
    settings: Settings,
    clients: Clients,
    pods: Sequence[str],
    *,
    budget_s: float,
    report: Report | None = None,
) -> Rereads:
    """Read the weights `compare_runs` times in the first Pod alone, and as often in all at once.

    No round begins after `budget_s` seconds. Of one Pod, only the reads alone are done.

    Raises:
        ResourceFailedError: A reader ended before its work was done.
    """
    rounds = settings.compare_runs
    wanted = rounds * (2 if len(pods) > 1 else 1)
    with ExitStack() as open_readers:
        readers = []
        for pod in pods:
            readers.append(reader := PodReader(settings, clients, pod))
            open_readers.callback(reader.close)
        return wait_until(
            _carried_out(readers, rounds, time.monotonic() + budget_s),
            what=say("The reads"),
            state=lambda done: _state(done, wanted),
            ready=lambda done: done.complete,
            fraction=lambda done: done.count / wanted,
            timeout_s=budget_s + START_S,
            meanwhile=say("The reads stop; the server keeps running."),
            report=report,
        )


def _state(done: Rereads, wanted: int) -> str:
    return say("{number} of {count} done", number=done.count, count=wanted)


def _carried_out(readers: Sequence[PodReader], rounds: int, end: float) -> Iterator[Rereads]:
    """Yield what is done so far, several times a second; the rounds begin in turn with either."""
    alone: list[float] = []
    together: list[float] = []
    size_bytes = 0
    yield from (Rereads() for _ in _answers(readers, []))
    for number in range(rounds):
        groups = [(readers[:1], alone), (readers, together)][: 2 if len(readers) > 1 else 1]
        if number and time.monotonic() > end:
            break
        for group, seconds in groups if number % 2 == 0 else groups[::-1]:
            messages: list[dict[str, Any]] = []
            for reader in group:
                reader.ask()
            for _ in _answers(group, messages):
                yield Rereads(tuple(alone), tuple(together), size_bytes)
            seconds.append(max(one["seconds"] for one in messages))
            size_bytes = messages[0]["bytes"]
    cut_short = len(alone) < rounds
    yield Rereads(tuple(alone), tuple(together), size_bytes, complete=True, cut_short=cut_short)


def _answers(readers: Sequence[PodReader], messages: list[dict[str, Any]]) -> Iterator[None]:
    """Wait until each of the readers has told something, into `messages`; yield while waiting."""
    waiting = list(readers)
    while waiting:
        for reader in tuple(waiting):
            if (message := reader.message()) is not None:
                messages.append(message)
                waiting.remove(reader)
            yield
