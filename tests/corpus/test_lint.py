"""Manifests as people have them, tests/corpus/lint, each with its right answer in answers.yaml.

A line for each: the exit status, then errors and warnings with their lines, and what is passed over
or not read. Adding a case is adding a file and a line.
"""

from pathlib import Path

import pytest
import yaml

from warmbook.__main__ import main
from warmbook.serving.lint import examine

FOLDER = Path(__file__).parent / "lint"
ANSWERS = yaml.safe_load((FOLDER / "answers.yaml").read_text())
CASES = sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "answers.yaml")


def answer(file):
    """Return what lint says of a case, in the words of answers.yaml."""
    report = examine((FOLDER / file).read_text(), file)
    found = [f"{f.severity} {f.name} {f.line}" for f in report.findings if f.severity != "info"]
    found += ["server"] * (len(report.servers) > 0 and not found)
    found += ["skipped"] * (not report.servers and len(report.skipped) > 0)
    return [report.status(), *found, *(f"unread {one.line}" for one in report.unread)]


def test_each_case_has_an_answer():
    assert list(ANSWERS) == CASES


@pytest.mark.parametrize("file", CASES)
def test_each_manifest_gets_the_expected_findings(file):
    assert answer(file) == ANSWERS[file]


@pytest.mark.parametrize("file", CASES)
def test_what_is_not_known_is_a_remark_and_what_is_found_has_its_place(file):
    report = examine((FOLDER / file).read_text(), file)
    lines = len((FOLDER / file).read_text().splitlines())
    for finding in report.findings:
        assert 1 <= finding.line <= lines
        assert (finding.file, bool(finding.server)) == (file, True)
        if finding.name in ("not checked", "version unknown"):
            assert finding.severity == "info"


def test_unrendered_manifests_are_refused_with_the_command_that_renders_them(capsys):
    for file, command in (
        ("33-production-stack-values.yaml", "helm template"),
        ("52-helm-template.yaml", "helm template"),
        ("53-kustomize-patch.yaml", "kubectl kustomize"),
        ("54-kustomization.yaml", "kubectl kustomize"),
    ):
        assert main(["lint", str(FOLDER / file)]) == 2
        assert command in capsys.readouterr().err


def test_no_reason_names_a_liveness_probe_that_is_not_there(capsys):
    assert main(["lint", str(FOLDER / "32-no-liveness-no-startup.yaml")]) == 0
    assert "liveness probe" not in capsys.readouterr().out
