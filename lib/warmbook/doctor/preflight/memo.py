"""Questions to the cloud, asked side by side, each once, with an answer or a reason for none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from time import monotonic
from typing import Any, TypeVar

from ...cloud.clients import Clients
from ...cloud.errors import explained
from ...cloud.retry import patience
from ...errors import UnreachableError, WarmbookError
from ...settings import Settings
from ...texts import say

T = TypeVar("T")

DEADLINE_S = 15
"""Seconds after which a question counts as not answered."""

PATIENCE_S = 3
"""Seconds for which a service that refuses for a while, or does not answer, is asked again."""

MOST_AT_ONCE = 64
"""More than there are checks and questions, so that none waits for a thread."""


class Unanswered(Exception):  # noqa: N818
    """No answer, for lack of another `question`'s answer, or by the `error` of its own."""

    def __init__(self, question: Callable[[Memo], Any], error: WarmbookError | None) -> None:
        super().__init__(question.__name__)
        self.question, self.error = question, error


class Memo:
    """The answers so far: call it with a question, and wait for what that returns."""

    def __init__(self, settings: Settings, clients: Clients, before: str) -> None:
        self.settings, self.clients, self.before = settings, clients, before
        self._end = monotonic() + DEADLINE_S
        self._lock, self._answers = threading.Lock(), dict[Any, Future[Any]]()
        self.pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="warmbook-doctor")

    def due(self, notebook: str) -> bool:
        """Say whether what this notebook makes should be there by now."""
        return notebook < self.before

    def __call__(self, question: Callable[[Memo], T]) -> T:
        """Return the answer to a question; whoever asks first sends it.

        Raises:
            Unanswered: There is none, or not in time.
        """
        with self._lock:
            if question not in self._answers:
                self._answers[question] = self.pool.submit(self._ask, question)
            future = self._answers[question]
        try:
            answer: T = future.result(max(0.0, self._end - monotonic()))
        except TooLate:
            raise Unanswered(question, _too_late()) from None
        return answer

    def _ask(self, question: Callable[[Memo], T]) -> T:
        try:
            with explained(), patience(PATIENCE_S):
                return question(self)
        except WarmbookError as error:
            raise Unanswered(question, error) from error


def _too_late() -> UnreachableError:
    return UnreachableError(
        say("No response within {seconds} s.", seconds=DEADLINE_S),
        remedy=say("Check the network and any proxy, then try again."),
        pitfall="unreachable",
    )
