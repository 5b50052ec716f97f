"""Logs as people save them; answers.yaml has what must be said of each."""

import json
from pathlib import Path

import pytest
import yaml

from warmbook.__main__ import main

LOGS = Path(__file__).with_name("logs")
ANSWERS = yaml.safe_load((LOGS / "answers.yaml").read_text("utf-8"))
STATUS = {"up": 0, "failed": 1, "unfinished": 1, "none": 2}


def answer(name):
    """Return the answer for a file, with what it shares with another."""
    own = ANSWERS[name]
    return {**answer(own["like"]), **own} if "like" in own else own


def told(capsys, *arguments):
    status = main(["timeline", "--format", "json", *map(str, arguments)])
    out = capsys.readouterr().out
    return (json.loads(out)["pods"] if out else []), status


def test_every_log_has_its_answer():
    assert {path.name for path in LOGS.iterdir()} - {"answers.yaml"} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_each_log_gives_the_expected_timeline(name, capsys):
    expected = answer(name)
    pods, status = told(capsys, "--log", LOGS / name)
    assert status == STATUS[expected["state"]]
    assert [pod["pod"] for pod in pods] == expected.get("pods", [pod["pod"] for pod in pods[:1]])
    for pod in pods:
        assert_told(pod, expected)


def assert_told(pod, expected):
    outcome = pod["outcome"]
    assert outcome["state"] == expected["state"]
    assert [one["pitfall"] for one in outcome["found"]][:1] == [
        expected[key] for key in ("pitfall",) if key in expected
    ]
    assert expected.get("exception", "") in outcome["exception"]
    assert "root cause" not in outcome["exception"]
    if "seconds" in expected:
        assert pod["seconds"] == pytest.approx(expected["seconds"], abs=1)
    if "weights_s" in expected:
        assert pod["stream"]["seconds"] == pytest.approx(expected["weights_s"], abs=0.01)
    if "gib" in expected:
        assert pod["stream"]["bytes"] / 2**30 == pytest.approx(expected["gib"], rel=0.01)
    if "loading_s" in expected:
        assert pod["loading_s"] == pytest.approx(expected["loading_s"], abs=0.001)
    if "phase" in expected:
        assert expected["phase"] in [phase["name"] for phase in pod["phases"]]


def test_the_same_start_in_any_form_has_the_same_phases(capsys):
    def lengths(name):
        pods, _ = told(capsys, "--log", LOGS / name)
        return [
            {p["name"]: pytest.approx(p["seconds"], abs=0.6) for p in pod["phases"]} for pod in pods
        ]

    (plain,) = lengths("00-plain.log")
    alike = [name for name, one in ANSWERS.items() if one.get("like") == "00-plain.log"]
    assert len(alike) > 20
    for name in alike:
        for one in lengths(name):
            assert one.keys() == plain.keys(), name
            assert all(one[phase].expected == plain[phase] for phase in plain), name


@pytest.mark.parametrize(("number", "state"), [(1, "failed"), (2, "unfinished")])
def test_one_of_several_starts_can_be_asked_for(number, state, capsys):
    log = LOGS / "48-failed-then-again-cut-off.log"
    pods, status = told(capsys, "--log", log, "--start", number)
    assert (pods[0]["outcome"]["state"], status) == (state, 1)


def test_a_start_that_is_not_there_is_refused(capsys):
    assert told(capsys, "--log", LOGS / "00-plain.log", "--start", 2) == ([], 2)


def test_one_of_several_pods_can_be_asked_for(capsys):
    pods, _ = told(capsys, "demo-6c9-xyz", "--log", LOGS / "45-two-pods.log")
    assert [pod["pod"] for pod in pods] == ["demo-6c9-xyz"]


@pytest.mark.parametrize(
    "name", [n for n in ANSWERS if answer(n)["state"] in ("failed", "unfinished")]
)
def test_no_start_that_failed_has_the_sign_of_one_that_succeeded(name, capsys):
    assert main(["timeline", "--log", str(LOGS / name)]) == 1
    assert "✔" not in capsys.readouterr().out
