"""What became of a start that a log tells of: up, failed, unfinished, or no start at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...doctor.pods import Diagnosis
from ...doctor.pods.exceptions import first_exception
from ...doctor.pods.logs import told_by
from ...doctor.pods.suspects import suspects
from .log_events import StartLog

State = Literal["up", "failed", "unfinished", "none"]

_UP = ("up", "healthy", "answered")
_DEATH = re.compile(
    rb"EngineDeadError|Engine core died|EngineCore encountered a fatal error|died unexpectedly"
    rb"|Segfault encountered|AsyncEngineDeadError|^\S{0,80} ?Killed\r?$",
    re.MULTILINE,
)
"""What a server that was up writes when it ends. Source: vLLM's v1/engine/core.py, core_client.py,
PyTorch's signal handler, the shell."""
_LAST_BYTES = 1 << 20
"""Where it is looked for: at the end."""


@dataclass(frozen=True)
class Outcome:
    """How a start ended: what `causes` its log names, or the `exception` where it names none.

    `ended` is whether a server that was up has ended since; its causes are of that end. `loading`
    is whether an unfinished log ends while the weights are loaded.
    """

    state: State
    causes: Sequence[Diagnosis] = ()
    exception: str = ""
    ended: bool = False
    loading: bool = False

    @property
    def told(self) -> bool:
        """Whether the log says why something failed."""
        return bool(self.causes or self.exception)


def outcome(log: StartLog, text: bytes) -> Outcome:
    """Return what became of the start that `log` tells of; `text` is the whole log."""
    ours = [mark for mark in log.marks if mark.life == log.life]
    begin = min((mark.place for mark in ours), default=0) if log.life else 0
    end = min((mark.place for mark in log.marks if mark.life > log.life), default=len(text))
    up = next((mark.place for mark in ours if mark.kind in _UP), None)
    if up is not None:
        after = text[max(up, end - _LAST_BYTES) : end]
        return _failed("up", after, ended=True) if _DEATH.search(after) else Outcome("up")
    found = _failed("failed", text[begin:end])
    if found.told or not ours:
        return found if found.told else Outcome("none")
    if log.all("warm"):  # the engine is through, and only the server's own lines are missing
        return Outcome("up")
    loading = bool(log.all("load")) and not log.all("loaded")
    return Outcome("unfinished", loading=loading)


def _failed(state: State, text: bytes, *, ended: bool = False) -> Outcome:
    lines = suspects(text)
    causes = told_by(lines)
    return Outcome(state, causes, "" if causes else first_exception(text, lines), ended)
