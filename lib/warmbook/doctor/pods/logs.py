"""What the log of a server that ended tells: each line that has a known cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ...cloud.objects import at, items, text
from ...serving.containers import server_container
from .evidence import Diagnosis, Evidence
from .exceptions import LONGEST_QUOTE, is_remark, last_echo
from .lines import BESIDE, FATAL, PASSES
from .suspects import Line, suspects

_FATAL = {name: re.compile(pattern, re.MULTILINE) for name, pattern in FATAL.items()}
_BESIDE = {name: re.compile(pattern, re.MULTILINE) for name, pattern in BESIDE.items()}
_ANYWAY = set(_BESIDE.values())
"""What is remarks themselves."""
_UPPERCASE = re.compile(r"(GS|Gs|gS)://")


def causes(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what the logs give as the cause, the plainest first."""
    for one in told_by(_lines(evidence)):
        if one.pitfall == "gcs-support-missing" and "sglang" in _image(evidence):
            yield Diagnosis("sglang-extra", one.quote, hopeless=True)
        yield one


def hints(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what the logs and the arguments of a server that ended hint at."""
    if evidence.ended:
        for word in _words(evidence):
            if _UPPERCASE.search(word):
                yield Diagnosis("scheme-uppercase", word[:LONGEST_QUOTE], hopeless=True)
    for name, quote in _matches(_BESIDE, _lines(evidence)):
        if name != "success-line-lies" or evidence.ended:
            yield Diagnosis(name, quote)


def told_by(lines: Sequence[Line]) -> list[Diagnosis]:
    """Return what the suspects of a log give as the cause, the plainest first, each once.

    A log that says only that the start failed lacks the lines that say why.
    """
    found = [Diagnosis(n, quote, n not in PASSES) for n, quote in _matches(_FATAL, lines)]
    if not found and (echo := last_echo(lines)):
        return [Diagnosis("cause-not-in-log", echo)]
    return found


def _lines(evidence: Evidence) -> list[Line]:
    logs = (log for log in (evidence.previous, evidence.log) if log)
    return [line for log in logs for line in suspects(log.encode("utf-8", "replace"))]


def _matches(
    patterns: dict[str, re.Pattern[str]], found: Sequence[Line]
) -> Iterator[tuple[str, str]]:
    text = "\n".join(line.text for line in found)
    quoted: set[str] = set()
    for name, pattern in patterns.items():
        if pattern.search(text) and (quote := _quote(pattern, found)) not in ("", *quoted):
            quoted.add(quote)  # one line has one cause, the plainest
            yield name, quote


def _quote(pattern: re.Pattern[str], lines: Iterable[Line]) -> str:
    """Return the first line with the pattern that is no mere remark, cut if it is very long."""
    for line in lines:
        found = pattern.search(line.text)
        if found and (pattern in _ANYWAY or not is_remark(line.text[: found.start()])):
            whole = line.text.strip()
            return whole if len(whole) <= LONGEST_QUOTE else _cut(line.text, found.start())
    return ""


def _cut(line: str, start: int) -> str:
    return line[start : start + LONGEST_QUOTE]


def _container(evidence: Evidence) -> object:
    return server_container(at(evidence.pod, "spec"))


def _image(evidence: Evidence) -> str:
    return text(at(_container(evidence), "image"))


def _words(evidence: Evidence) -> list[str]:
    return [text(word) for word in items(at(_container(evidence), "args"))]
