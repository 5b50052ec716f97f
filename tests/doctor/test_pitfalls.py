import ast
import re
from pathlib import Path

import pytest

from warmbook.doctor.pitfalls import CATALOGUE, SUBJECTS, pitfall
from warmbook.doctor.pods.logs import BESIDE, FATAL
from warmbook.serving.lint import lint
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.unstaged import UNSTAGED

ROOT = Path(__file__).parents[2]
NAME = "[a-z]+(-[a-z]+)+|unreachable"


def named_in_code():
    """Yield each name that the code gives to an error, a finding, a checkup or a diagnosis."""
    for file in (ROOT / "lib").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            given = [k.value for k in node.keywords if k.arg == "pitfall"]
            if getattr(node.func, "id", "") == "Diagnosis":
                given += node.args[:1]
            for value in given:
                texts = (n.value for n in ast.walk(value) if isinstance(n, ast.Constant))
                yield from (t for t in texts if isinstance(t, str) and re.fullmatch(NAME, t))


def test_every_name_that_the_code_gives_is_in_the_catalogue():
    named = {*named_in_code(), *FATAL, *BESIDE, *(fault.pitfall for fault in FAULTS.values())}
    assert len(named) > 50
    assert not named - CATALOGUE.keys()


def test_each_pitfall_has_a_fault_or_a_reason_why_it_has_none():
    staged = {fault.pitfall for fault in FAULTS.values()}
    assert not staged & UNSTAGED.keys()
    assert staged | UNSTAGED.keys() == CATALOGUE.keys()


def test_no_name_is_given_twice():
    assert len(CATALOGUE) == sum(map(len, SUBJECTS.values()))


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_pitfall_is_complete(name):
    one = pitfall(name)
    assert re.fullmatch(NAME, one.name)
    assert one.source
    for text in (one.symptom, one.cause, one.remedy):
        assert text and text == text.strip() and text[-1] in ".?" and "{" not in text


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError):
        pitfall("no-such-pitfall")


def test_the_document_has_a_section_for_each():
    headings = re.findall(
        r"^### (\S+)$", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.MULTILINE
    )
    assert headings == list(CATALOGUE)


SERVER = """
kind: Pod
spec: {{containers: [{{image: "vllm/vllm-openai:v0.32.0", args: [{argument}]}}]}}
"""


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("--disable-log-requests", "flag-removed"),
        ('"--model=gs://my-bucket/m", --load-format=runai_streamer_sharded', "sharded-on-gs"),
        ('"--model=gs://my-bucket/m", --load-format=dummy', "load-format"),
        ('"--model=GS://my-bucket/m"', "scheme-uppercase"),
        ("{a: b}", "argument-is-a-map"),
    ],
)
def test_findings_of_lint_name_their_pitfall(argument, name):
    found = lint(SERVER.format(argument=argument))
    assert name in [one.pitfall for one in found if one.severity == "error"]
