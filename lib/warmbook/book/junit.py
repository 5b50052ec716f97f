"""A run's record as JUnit XML, which CI systems show: a suite for each notebook.

A suite has a case for each claim of its notebook, and one for the notebook itself. The elements
are those of Jenkins' schema, which pytest writes too (`junit_family=xunit2`).
Source: jenkinsci/xunit-plugin, junit-10.xsd; GitLab, "Unit test reports".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from junitparser import Error, Failure, Skipped
from junitparser.junitparser import FinalResult
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from ..measure.runs.schema import Notebook, Record
from ..terminal import INSTEAD
from .kernel_notebook import claims

WHOLE = "runs to its end"
"""The name of the case that is the notebook itself."""

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't hold, not even escaped. Source: W3C, XML 1.0, "Char"."""


def document(record: Record) -> bytes:
    """Return the record as JUnit XML in UTF-8."""
    root = JUnitXml("warmbook")
    began = _moment(record.began)
    for notebook in record.notebooks:
        suite = _suite(notebook, record)
        if began and notebook.status != "not-run":
            suite.timestamp = began.strftime("%Y-%m-%dT%H:%M:%S")
            began += timedelta(seconds=notebook.seconds)
        root.append(suite)
    root.update_statistics()
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + root.tostring() + b"\n"


def _moment(text: str) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ") if text else None


def _suite(notebook: Notebook, record: Record) -> TestSuite:
    suite = TestSuite(notebook.name)
    for name, value in _properties(record):
        suite.add_property(name, _text(value))
    for name, seconds, result in _cases(notebook):
        case = TestCase(_text(name), notebook.name, seconds)
        if result is not None:
            case.result = [result]
        suite.append(case)
    return suite


def _properties(record: Record) -> Iterator[tuple[str, str]]:
    where = record.where
    yield "run", record.id
    yield "target", record.target
    yield "project", where.project if where else ""
    yield "location", where.location if where else ""
    yield "engine", record.engine
    yield "commit", record.commit
    for name, version in record.versions.items():
        yield f"version {name}", version


def _cases(notebook: Notebook) -> Iterator[tuple[str, float, FinalResult | None]]:
    """Yield name, seconds and result of each case; what passed has no result.

    The time of the checks is in that of their notebook.
    """
    yield WHOLE, notebook.seconds, _ended(notebook)
    checked = {check.claim: check for check in notebook.checks}
    for claim in dict.fromkeys((*checked, *claims(notebook.name))):
        if claim not in checked:
            yield claim, 0.0, Skipped("not checked")
        elif checked[claim].passed:
            yield claim, 0.0, None
        else:
            yield claim, 0.0, _stopped(Failure, notebook)


def _ended(notebook: Notebook) -> FinalResult | None:
    match notebook.status:
        case "passed":
            return None
        case "not-run":
            return Skipped("not run")
        case "failed":
            return _stopped(Failure, notebook)
    return _stopped(Error, notebook)


def _stopped(kind: type[Failure] | type[Error], notebook: Notebook) -> FinalResult:
    """Return the notebook's error: its first line as the message, the whole as text."""
    error = _text(notebook.error or notebook.status)
    result = kind(error.partition("\n")[0], notebook.status)
    result.text = error
    return result


def _text(text: str) -> str:
    return _NO_XML.sub(INSTEAD, text)
