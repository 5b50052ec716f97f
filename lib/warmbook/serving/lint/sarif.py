"""A report as SARIF 2.1.0, which code hosts show beside the lines.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ...terminal import one_line
from .report import LintFinding, Passed, Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning"}


def sarif(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF log of one run."""
    names = sorted({one.name for one in report.findings})
    driver = {"name": "warmbook", "rules": [{"id": rule_id(name)} for name in names]}
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": not report.unread,
                "toolExecutionNotifications": [_notification(one) for one in report.unread],
            }
        ],
        "results": [_result(one, names) for one in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def rule_id(name: str) -> str:
    """Return a finding's name as one word."""
    return name.replace(" ", "-")


def message(finding: LintFinding) -> str:
    """Return what a finding says, on one line."""
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return one_line(f"{finding.what}: {finding.happens}{remedy}")


def _result(finding: LintFinding, names: list[str]) -> dict[str, Any]:
    return {
        "ruleId": rule_id(finding.name),
        "ruleIndex": names.index(finding.name),
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": message(finding)},
        "locations": [_location(finding.file, finding.line)],
    }


def _notification(passed: Passed) -> dict[str, Any]:
    text = one_line(f"{passed.reason} → {passed.remedy}")
    return {
        "level": "error",
        "message": {"text": text},
        "locations": [_location(passed.file, passed.line)],
    }


def _location(file: str, line: int) -> dict[str, Any]:
    uri = quote(file.replace("\\", "/"), errors="replace")
    region = {"startLine": max(1, line)}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
