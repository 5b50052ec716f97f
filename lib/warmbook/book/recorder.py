"""What a person does in a kernel, for the record of their session.

A thread of its own writes it, so that no cell waits for a disk or for another kernel. What fails
here never fails a cell: a later cell says it once, and writes what could not be written.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ..cloud.clients import Clients
from ..errors import WarmbookError
from ..settings import Settings
from ..terminal import show
from ..texts import say
from ..workbook import WATCHERS, Workbook
from . import entries, kernel_notebook, origin
from .entries import Change, Told

ANSWERS_S = 5
"""How long an exercise waits for the answers in the record, in seconds."""


class Recorder:
    """Follows the cells of one kernel and keeps the record of its session."""

    def __init__(self, shell: Any) -> None:
        self._writer = ThreadPoolExecutor(1, "warmbook-record")
        self._pending: list[Change] = []
        self._begin: Callable[[], Path] | None = None
        self._account: Callable[[], str] = str
        self._file: Path | None = None
        self._trouble, self._said = "", False
        self._since, self._seconds = time.monotonic(), 0.0
        self._notebook = kernel_notebook.name_in(os.environ, shell.user_ns)
        shell.events.register("pre_run_cell", self._cell_began)
        shell.events.register("post_run_cell", self._cell_ended)
        WATCHERS.append(self._measured)

    def begin(self, settings: Settings, clients: Clients) -> None:
        """Begin the record of a session, or go on with it, for these settings."""
        with self._harmless():
            self._begin, self._file = partial(self._begun, home(clients), settings, clients), None
            self._account = partial(origin.account, settings, clients)
            self._pending.append(_change(_add_choices, settings, clients))

    def note(self, claim: str, *, passed: bool, before: str) -> None:
        """Record how a claim ended; `before` is its notebook's number where it tells one."""
        with self._harmless():
            self._notebook = kernel_notebook.corrected(self._notebook, before)
            self._pending.append(self._of_notebook(entries.add_check, claim, passed, origin.now()))

    def answer(self, answer: Told) -> None:
        """Record an answer to an exercise; it is committed while no cell runs."""
        with self._harmless():
            self._pending.append(_change(entries.add_answer, answer))
            self._writer.submit(self._write)

    def answers(self) -> Sequence[Told] | None:
        """Return the answers in the session's record, None where it can't be read now."""
        found: Sequence[Told] | None = None
        with self._harmless():
            found = self._writer.submit(self._answers).result(ANSWERS_S)
        return found

    def _answers(self) -> Sequence[Told] | None:
        from ..measure.runs.record import read

        self._write()
        if self._file is None or self._pending:
            return None
        answers: Sequence[Told] = read(self._file).dumped().get("answers", [])
        return answers

    def note_gym_round(self, one: Mapping[str, Any]) -> None:
        """Record a round of the gym as it is now."""
        with self._harmless():
            self._pending.append(_change(entries.add_gym_round, dict(one)))

    def _measured(self, name: str, measurement: Mapping[str, Any]) -> None:
        with self._harmless():
            # as JSON has it, and without halves of characters, as workbook.yaml keeps it
            text = json.dumps(measurement, ensure_ascii=False).encode(errors="replace")
            self._pending.append(_change(entries.add_measurement, name, json.loads(text)))

    def _cell_began(self, _: object = None) -> None:
        self._since = time.monotonic()

    def _cell_ended(self, result: object = None) -> None:
        with self._harmless():
            self._seconds += time.monotonic() - self._since
            if self._notebook:
                self._add_cell(result)
            self._writer.submit(self._write)
        self._say_once()

    def _add_cell(self, result: object) -> None:
        errors = (getattr(result, name, None) for name in ("error_before_exec", "error_in_exec"))
        ended = entries.ended_with(next(filter(None, errors), None))
        self._pending.append(
            self._of_notebook(entries.add_cell, self._seconds, ended, origin.now())
        )
        self._seconds = 0.0

    def _of_notebook(self, add: Callable[..., None], *values: object) -> Change:
        return _change(add, self._notebook, *values)

    def _begun(self, place: Path, settings: Settings, clients: Clients) -> Path:
        from . import session  # here and below: no cell waits for its imports

        first = {**origin.begun(settings, clients), "target": clients.target}
        return session.begin(place / session.FOLDER, first, self._notebook)

    def _write(self) -> None:
        """Write what is pending; what can't be written now is tried again after the next cell."""
        with self._harmless():
            if self._begin and not (self._file and self._file.exists()):
                self._file = self._begin()
            if self._file and self._pending:
                self._change(self._file, self._pending[:])  # a cell may add to it meanwhile

    def _change(self, file: Path, now: Sequence[Change]) -> None:
        from . import session

        account = _change(_add_account, self._account())  # known once a step has signed in
        try:
            session.change(file, [*now, account])
        except (OSError, WarmbookError):
            raise
        except Exception:  # would fail again
            del self._pending[: len(now)]
            raise
        del self._pending[: len(now)]

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Keep what goes wrong with the record from the reader's cells."""
        try:
            yield
        except Exception as error:
            self._trouble = getattr(error, "strerror", "") or str(error) or repr(error)

    def _say_once(self) -> None:
        if self._trouble and not self._said:
            self._said = True
            told = say("the record of your work can't be written: {reason}", reason=self._trouble)
            show(f"warmbook: {told}", sys.stderr)


def home(clients: Clients) -> Path:
    """Return the folder of workbook.yaml; in a rehearsal, whose own goes with it, its usual one."""
    if clients.rehearsal:
        return Path("..").resolve()
    return Workbook.open().path.parent


def _change(add: Callable[..., None], *values: object) -> Change:
    return lambda told: add(told, *values)


def _add_choices(told: Told, settings: Settings, clients: Clients) -> None:
    told["settings"] = settings.model_dump(mode="json")
    told["versions"].update(origin.versions())
    told["where"] = origin.where(settings, clients)
    told["commit"] = origin.commit()
    told["shaped"] = clients.network and clients.network.model_dump()


def _add_account(told: Told, account: str) -> None:
    told["account"] = account or told["account"]
