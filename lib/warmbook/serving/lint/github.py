"""A report as commands of a GitHub workflow, which shows them beside the lines.

Source: GitHub, "Workflow commands for GitHub Actions"; actions/toolkit, command.ts, for what is
escaped.
"""

from __future__ import annotations

from .report import Report
from .sarif import message

_LEVELS = {"error": "error", "warning": "warning"}


def workflow_commands(report: Report) -> str:
    """Return one command for each finding, and for what was not read."""
    lines = [
        _command(_LEVELS.get(one.severity, "notice"), one.file, one.line, one.name, message(one))
        for one in report.findings
    ]
    lines += [
        _command("error", one.file, one.line, "not read", f"{one.reason} → {one.remedy}")
        for one in report.unread
    ]
    return "\n".join(lines)


def _command(level: str, file: str, line: int, title: str, text: str) -> str:
    place = f"file={_property(file)},line={max(1, line)},title={_property(title)}"
    return f"::{level} {place}::{_data(text)}"


def _data(text: str) -> str:
    """Return text that ends no command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
