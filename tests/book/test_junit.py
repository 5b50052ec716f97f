"""A record as JUnit XML, held against the rules of Jenkins' schema and read by its parsers."""

import json
import xml.etree.ElementTree as ET

import pytest
from junitparser import JUnitXml

from warmbook.book.junit import document
from warmbook.book.kernel_notebook import claims
from warmbook.measure.runs.record import parse

from ..measure.runs.test_record import WHOLE

RULES = {
    # element: (children in any number, attributes that it must have, attributes that it may have)
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"properties", "testcase"},
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": ({"skipped", "error", "failure"}, {"name"}, {"time", "classname", "group"}),
    "skipped": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
    "failure": (set(), set(), {"type", "message"}),
}
"""Source: jenkinsci/xunit-plugin, junit-10.xsd, as far as a run needs it."""

AT = "2026-11-29T14:11:05Z"
FAILED = "CheckError: Check failed: the cluster is RUNNING.\n  → \x1b[1mwait\x00 & run <again>"


def record(*notebooks):
    told = {**json.loads(json.dumps(WHOLE)), "began": AT, "notebooks": list(notebooks)}
    return parse(json.dumps(told).encode())


def notebook(name, status, seconds=0.0, error="", held=(), not_held=()):
    checks = [
        {"claim": claim, "passed": claim in held, "at": AT, "failures": int(claim in not_held)}
        for claim in (*held, *not_held)
    ]
    return {"name": name, "status": status, "seconds": seconds, "error": error, "checks": checks}


@pytest.fixture
def told():
    first, second, *_ = claims("04_cluster")
    return document(
        record(
            notebook("02_project", "passed", 61.5, held=claims("02_project")),
            notebook("04_cluster", "failed", 30.25, FAILED, held=[first], not_held=[second]),
            notebook("05_identity", "not-run"),
            notebook("06_server", "timed-out", 8, "The time limit was reached.\nYou …"),
            notebook("mine", "interrupted", 1),
        )
    )


def valid(element):
    children, needed, allowed = RULES[element.tag]
    assert needed <= set(element.attrib) <= needed | allowed, element.tag
    assert {child.tag for child in element} <= children, element.tag
    for child in element:
        valid(child)


def test_the_document_is_as_jenkins_schema_has_it(told):
    valid(ET.fromstring(told))


def test_each_suite_counts_its_claims_and_the_notebook_itself(told):
    suites = list(JUnitXml.fromstring(told))
    assert [suite.name for suite in suites] == [
        *("02_project", "04_cluster", "05_identity", "06_server", "mine")
    ]
    for suite in suites:
        assert suite.tests == 1 + len(claims(suite.name))
    counts = [(suite.failures, suite.errors, suite.skipped) for suite in suites]
    unchecked = [len(claims(name)) for name in ("04_cluster", "05_identity", "06_server")]
    assert counts == [
        (0, 0, 0),
        (2, 0, unchecked[0] - 2),
        (0, 0, 1 + unchecked[1]),
        (0, 1, unchecked[2]),
        (0, 1, 0),
    ]
    assert [suite.time for suite in suites] == [61.5, 30.25, 0, 8, 1]
    assert [suite.timestamp for suite in suites][:4] == [
        *("2026-11-29T14:11:05", "2026-11-29T14:12:06", None, "2026-11-29T14:12:36")
    ]


def test_a_failure_has_its_message_without_characters_invalid_in_xml(told):
    cases = {case.name: case for case in list(JUnitXml.fromstring(told))[1]}
    (result,) = cases[claims("04_cluster")[1]].result
    assert result.message == "CheckError: Check failed: the cluster is RUNNING."
    assert result.text.endswith("  → ·[1mwait· & run <again>")
    assert cases[claims("04_cluster")[0]].is_passed


def test_a_suite_has_target_and_versions_as_properties(told):
    suite = next(iter(JUnitXml.fromstring(told)))
    properties = {one.name: one.value for one in suite.properties()}
    assert properties["target"] == WHOLE["target"]
    for name, version in WHOLE["versions"].items():
        assert properties[f"version {name}"] == version
