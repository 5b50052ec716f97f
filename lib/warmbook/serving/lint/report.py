"""What came out: findings with their places, servers, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ...model.faults import Finding

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class LintFinding(Finding):
    """A finding at a line of a file, about one of its servers.

    error: the server will not start, or not with this model; warning: it may not, or with a
    surprise; info: a remark, and what could not be checked. `line_hash` tells its line again where
    the file has changed elsewhere.
    """

    line: int = 0
    file: str = ""
    server: str = ""
    line_hash: str = ""


@dataclass(frozen=True)
class Looked:
    """A server that was looked at; `version` is "" where it is not known."""

    file: str
    line: int
    name: str
    engine: str
    version: str


@dataclass(frozen=True)
class Passed:
    """What was passed over: a container, a document or a file, and why."""

    file: str
    line: int
    name: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    """What lint found in some files."""

    findings: list[LintFinding] = field(default_factory=list)
    servers: list[Looked] = field(default_factory=list)
    skipped: list[Passed] = field(default_factory=list)
    unread: list[Passed] = field(default_factory=list)
    documents: int = 0

    @property
    def starts(self) -> bool:
        """Whether nothing was found that stops a server."""
        return not any(one.severity == "error" for one in self.findings)

    def status(self, fail_on: str = "error") -> int:
        """Return the exit status: 1 for what is as bad as `fail_on`, 2 where it could not look."""
        worst = _ORDER[fail_on]
        if any(_ORDER.get(one.severity, 2) <= worst for one in self.findings):
            return 1
        return 2 if self.unread or not (self.servers or self.skipped) else 0

    def record(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "starts": self.starts,
            "documents": self.documents,
            **{
                name: [asdict(one) for one in getattr(self, name)]
                for name in ("findings", "servers", "skipped", "unread")
            },
        }


def worst_first(findings: Iterable[LintFinding]) -> list[LintFinding]:
    """Return the findings in order: errors, warnings, remarks; each by its place."""
    return sorted(findings, key=lambda one: (_ORDER.get(one.severity, 2), one.file, one.line))


def together(reports: Iterable[Report]) -> Report:
    """Return one report of several."""
    whole = Report()
    count = 0
    for one in reports:
        for name in ("findings", "servers", "skipped", "unread"):
            getattr(whole, name).extend(getattr(one, name))
        count += one.documents
    return Report(worst_first(whole.findings), whole.servers, whole.skipped, whole.unread, count)
