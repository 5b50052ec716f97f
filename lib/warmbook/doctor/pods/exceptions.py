"""The first exception of a server that ended, for failures that have no name here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .suspects import Line, around, suspects

LONGEST_QUOTE = 300
EXCEPTION = re.compile(
    r"(?<![\w'\"`/])(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*(?:Error(?:_\w+)?|Exception|Refused|Timeout|Failure)"
    r"|Forbidden|NotFound|Unauthorized|BadRequest|TooManyRequests|PreconditionFailed"
    r"|ServiceUnavailable|InternalServerError)(?::\s|$)"
    r"|(?<![\w'\"`/])(?:[a-z_]\w*\.)+(?:errors|exc|exceptions)\.[A-Z]\w*(?::\s|$)"
    r"|\bgaierror(?::\s|$)|Value error, |: error: |^Error: |\b[Ff]atal (?:Python )?error: "
    r"|panicked at|terminate called after|\b(?:nvcc|ptxas) fatal"
)
"""How Python, pydantic, argparse, C++ and compilers name what ended a program."""
ECHOES = re.compile(
    r"Engine core initialization failed|See (?:root cause|stack trace) above|EngineDeadError"
    r"|WorkerProc initialization failed|Failed core proc|EngineCore failed to start"
    r"|KeyboardInterrupt|CancelledError|BrokenPipeError|ChildFailedError|SystemExit"
    r"|validation errors? for |background process\. See"
    r"|Received sigquit from a child process|scheduler is dead|^EOFError$"
)
"""What repeats that something failed before, without saying what.

Source: vLLM's v1/engine/core.py and utils.py, v1/executor/multiproc_executor.py; SGLang's
entrypoints/engine.py.
"""
START_FAILED = re.compile(
    r"Engine core initialization failed|EngineCore failed to start|Failed core proc"
    r"|WorkerProc initialization failed|Received sigquit from a child process|scheduler is dead"
)
"""Those that say that a start failed."""
_LEVEL = re.compile(
    r"\b(INFO|WARNING|DEBUG|ERROR|CRITICAL)(?: (?=\d\d-\d\d |[\w.]+\.py:\d)|:(?=[\w.]+:))"
    r"|Warning: "
    r"|Ignore import error when loading |Exception ignored in"
)
"""How vLLM, SGLang and Python mark a line; SGLang imports all models and tells which it can't:
https://github.com/sgl-project/sglang/issues/9561."""


def first_exception(log: bytes, lines: Iterable[Line] | None = None) -> str:
    """Return the first exception of a log with the lines around it, "" where there is none.

    `lines` are its suspects, where they are known already.
    """
    for line in suspects(log) if lines is None else lines:
        if _tells(line):
            return _short(around(log, line.place, before=2, after=1))
    return ""


def last_echo(lines: Sequence[Line]) -> str:
    """Return the last suspect that says that a start failed, "" where an exception says why."""
    if any(map(_tells, lines)):
        return ""
    echoes = (line.text.strip() for line in reversed(lines) if START_FAILED.search(line.text))
    return next(echoes, "")[:LONGEST_QUOTE]


def _tells(line: Line) -> bool:
    found = EXCEPTION.search(line.text)
    if found is None or ECHOES.search(line.text):
        return False
    return not is_remark(line.text[: found.start()])


def is_remark(before: str) -> bool:
    """Say whether what stands behind this text is but a remark of vLLM's or Python's."""
    levels = _LEVEL.findall(before)
    return bool(levels) and levels[-1] not in ("ERROR", "CRITICAL")


def _short(quote: str) -> str:
    """Return the lines, each cut, without those that only repeat that something failed."""
    lines = [line for line in quote.split("\n") if line.strip() and not ECHOES.search(line)]
    return "\n".join(map(_cut, lines))


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}…"
