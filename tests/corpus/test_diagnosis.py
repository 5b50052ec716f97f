"""What failed servers leave; diagnosis/cases.yaml has the pitfall that each is."""

import io
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from warmbook.__main__ import main
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.doctor.pods.events import BLIND_SIGNS, LATE_SIGNS, SIGNS
from warmbook.doctor.pods.lines import FATAL
from warmbook.logs import streams
from warmbook.logs.bytes import as_utf8

HERE = Path(__file__).with_name("diagnosis")
LOGS = Path(__file__).with_name("logs")
CASES = yaml.safe_load((HERE / "cases.yaml").read_text("utf-8"))


@pytest.fixture
def told(tmp_path, capsys):
    """Return a function: content and option in, the pitfalls of each Pod and the status out."""

    def ask(content, option, *more):
        file = tmp_path / "saved"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = main(["diagnose", option, str(file), "--format", "json", *more])
        out = capsys.readouterr().out
        pods = json.loads(out)["pods"] if out else []
        return {one["pod"]: [found["pitfall"] for found in one["found"]] for one in pods}, status

    return ask


@pytest.mark.parametrize("case", CASES["logs"], ids=lambda case: case["pitfall"] or "none")
def test_a_log_is_named(case, told):
    found, status = told(case["log"], "--log")
    assert found.get("", [])[:1] == [case["pitfall"]][: bool(case["pitfall"])]
    assert status == (1 if case["pitfall"] else 2)


@pytest.mark.parametrize("case", CASES["quoted"], ids=lambda case: case["says"])
def test_an_unknown_failure_gets_no_name_and_is_quoted(case, tmp_path, capsys):
    file = tmp_path / "saved"
    file.write_text(case["log"], "utf-8")
    assert main(["diagnose", "--log", str(file), "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["pods"]
    assert told["found"] == []
    assert case["says"] in told["exception"]


def listed(events, kind="Pod", name="demo-6c9-abc"):
    """Return events as `kubectl get events -o json` prints them."""
    items = [
        {
            "kind": "Event",
            "reason": reason,
            "message": message,
            "lastTimestamp": f"2026-11-28T12:05:{second:02d}Z",
            "involvedObject": {"kind": kind, "name": name},
        }
        for second, event in enumerate(events)
        for reason, message in event.items()
    ]
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": items})


@pytest.mark.parametrize("case", CASES["events"], ids=lambda case: case["pitfall"] or "none")
def test_events_are_named(case, told):
    found, status = told(listed(case["events"]), "--events")
    assert found["demo-6c9-abc"][:1] == [case["pitfall"]][: bool(case["pitfall"])]
    assert status == bool(case["pitfall"])


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["pitfall"])
def test_a_deployment_that_gets_no_pod_is_named(case, told):
    said = {"type": "ReplicaFailure", "status": "True", "message": case["message"]}
    deployment = {"kind": "Deployment", "status": {"conditions": [said]}}
    assert told(json.dumps(deployment), "--events") == ({"": [case["pitfall"]]}, 1)


def test_every_line_and_sign_that_is_looked_for_has_a_case():
    named = {case["pitfall"] for part in CASES.values() for case in part if "pitfall" in case}
    known = {*FATAL, *(sign.pitfall for sign in (*SIGNS, *LATE_SIGNS, *BLIND_SIGNS))}
    assert named <= {"", *CATALOGUE}
    assert known - named == set()


def alternatives(expression):
    """Return the parts of an expression between its outermost bars."""
    parts, depth = [""], 0
    for one in re.findall(r"\\.|\[(?:\\.|[^\]])*\]|.", expression):
        depth += {"(": 1, ")": -1}.get(one, 0)
        if one == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += one
    return parts


@pytest.mark.parametrize("name", FATAL)
def test_each_alternative_of_a_line_has_a_case(name):
    logs = [case["log"] for case in CASES["logs"] if case["pitfall"] == name]
    for part in alternatives(FATAL[name]):
        assert any(re.search(part, log, re.MULTILINE) for log in logs), part


def test_an_expression_is_parted_at_its_outermost_bars():
    assert alternatives(r"a(?:b|c)|[|)]d|e\|f") == ["a(?:b|c)", "[|)]d", r"e\|f"]


def test_statuses_of_a_description_are_read_by_the_containers_name(told):
    found, status = told((HERE / "describe-pod.txt").read_bytes(), "--events")
    assert (found, status) == ({"demo-6c9-abc": ["host-oom"]}, 1)


def test_a_table_of_events_is_split_by_pod(told):
    content = (HERE / "events-table.txt").read_bytes()
    found, status = told(content, "--events")
    assert found["demo-6c9-abc"][0] == "volume-other-zone"
    assert found["demo-6c9-xyz"] == []
    assert status == 1
    assert told(content, "--events", "demo-6c9-xyz") == ({"demo-6c9-xyz": []}, 0)


def test_a_successful_start_has_no_diagnosis(told):
    assert told((LOGS / "17-oomkilled-then-again.log").read_bytes(), "--log") == ({"": []}, 0)


def test_what_has_no_name_is_quoted_from_its_first_exception(capsys):
    assert main(["diagnose", "--log", str(LOGS / "52-no-name-for-it.log")]) == 1
    out = capsys.readouterr().out
    assert "the moon is in the wrong quarter" in out
    assert "EngineCoreProc(" in out
    assert "root cause" not in out and "initialization failed" not in out


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"{", b"[" * 5000, b"\xff\xfe\0", b"---\n- *a"]
)
@pytest.mark.parametrize("option", ["--log", "--events"])
def test_files_without_evidence_are_refused_without_a_traceback(content, option, told):
    assert told(content, option) == ({}, 2)


@pytest.mark.parametrize("option", ["--log", "--events"])
def test_a_folder_is_no_file(option, tmp_path, capsys):
    assert main(["diagnose", option, str(tmp_path)]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_standard_input_is_a_log_or_events(monkeypatch, capsys):
    for content in (
        b"RuntimeError: No CUDA GPUs are available\n",
        listed(CASES["events"][0]["events"]).encode(),
    ):
        piped = io.TextIOWrapper(io.BytesIO(content))
        monkeypatch.setattr("sys.stdin", piped)
        assert main(["diagnose", "-"]) == 1
    assert "gpu-not-visible" in capsys.readouterr().out


@pytest.mark.parametrize("steering", ["\x1b]0;x\x07", "\x9b31m", "\u202e", "\r"])
def test_control_characters_in_a_log_do_not_reach_the_terminal(steering, tmp_path, capsys):
    file = tmp_path / "log"
    file.write_text(f"ValueError: {steering} odd {steering}\n", "utf-8")
    assert main(["diagnose", "--log", str(file)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and not set(steering) & set(out.replace("\n", "")) - set("0;x31m]")


@given(st.binary(max_size=400))
def test_any_bytes_are_read_as_some_streams(content):
    for stream in streams(as_utf8(content)):
        assert isinstance(stream.data, bytes)
