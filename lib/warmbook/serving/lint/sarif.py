"""A report as SARIF 2.1.0, which code hosts show beside the lines.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF
support for code scanning", for what it requires of rules and results.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from ...terminal import one_line
from .descriptions import Description, descriptions
from .report import LintFinding, Passed, Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning"}


def sarif(report: Report) -> dict[str, Any]:
    """Return the report as a SARIF log of one run."""
    told = descriptions()
    names = list(told)
    rules = [_rule(name, one) for name, one in told.items()]
    driver = {"name": "warmbook", "semanticVersion": version("warmbook"), "rules": rules}
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


def _rule(name: str, description: Description) -> dict[str, Any]:
    return {
        "id": rule_id(name),
        "name": name,
        "shortDescription": {"text": description.short},
        "fullDescription": {"text": description.full},
        "help": {"text": f"{description.short} {description.full}"},
        "defaultConfiguration": {"level": _LEVELS.get(description.severity, "note")},
    }


def _result(finding: LintFinding, names: list[str]) -> dict[str, Any]:
    return {
        "ruleId": rule_id(finding.name),
        "ruleIndex": names.index(finding.name),
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": message(finding)},
        "locations": [_location(finding.file, finding.line)],
        "partialFingerprints": {"primaryLocationLineHash": finding.line_hash},
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
    # the first letter of the line stands for it: how long it is does not matter to who shows it
    place = max(1, line)
    region = {"startLine": place, "startColumn": 1, "endLine": place, "endColumn": 2}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
