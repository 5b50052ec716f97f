"""`warmbook doctor` where project or model is not chosen yet."""

import json

import pytest

from warmbook.__main__ import main
from warmbook.doctor.preflight.run import CHECKS
from warmbook.settings.gaps import PLACEHOLDERS, parse_with_gaps

SPARE = [value for value in (*PLACEHOLDERS.values(), "no-bucket")]


@pytest.fixture
def told(clients, monkeypatch, tmp_path, capsys):
    """Run the doctor with these choices and no others; return its lines, status and text."""
    monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "none.yaml"))
    for name in PLACEHOLDERS:
        monkeypatch.delenv(f"WARMBOOK_{name.upper()}", raising=False)

    def run(**given):
        words = [word for name, value in given.items() for word in ("-p", name, value)]
        status = main(["doctor", "--before", "04", "--format", "json", *words])
        text = capsys.readouterr().out
        lines = {one["name"]: one for one in json.loads(text)["checkups"]}
        assert not [word for word in SPARE if word in text]
        return lines, status

    return run


def test_without_a_project_the_machine_and_the_credentials_are_checked(told):
    lines, status = told()
    assert status == 1
    assert {"Libraries", "Credentials"} <= lines.keys()
    assert lines["Settings"]["what"] == "not chosen yet: project_id, model_uri"
    ((names, left),) = [item for item in lines.items() if "not checked: choose" in item[1]["what"]]
    assert left["what"] == "not checked: choose project_id, model_uri"
    assert len(names.split(", ")) == len(CHECKS) - 2


def test_without_a_model_the_project_is_still_checked(told, chosen):
    lines, status = told(project_id=chosen.project_id)
    assert status == 1
    assert lines["Project"]["state"] == "ok" and "GPU quota" in lines
    (names,) = [name for name, one in lines.items() if "not checked: choose" in one["what"]]
    assert names.startswith("Bucket, Model, ")
    assert "Bucket" not in lines


def test_invalid_settings_are_still_refused(told, capsys):
    assert main(["doctor", "-p", "location", "mars"]) == 2
    assert main(["doctor", "--probe"]) == 2
    assert "project_id" in capsys.readouterr().err


def test_only_what_is_required_and_not_chosen_is_a_gap():
    settings, missing = parse_with_gaps({"project_id": "my-project", "model_uri": ""})
    assert (settings.project_id, missing) == ("my-project", ("model_uri",))
    whole = {"project_id": "my-project", "model_uri": "gs://bucket/m"}
    assert parse_with_gaps(whole)[1] == ()


def test_a_probe_that_cannot_run_does_not_hide_the_checks(chosen, clients, capsys):
    given = [f"{name}={getattr(chosen, name)}" for name in PLACEHOLDERS]
    words = [word for one in given for word in ("-p", *one.split("=", 1))]
    assert main(["doctor", "--probe", "--format", "json", *words]) == 1  # there is no cluster
    told = capsys.readouterr()
    assert "Credentials" in [one["name"] for one in json.loads(told.out)["checkups"]]
    assert "warmbook: " in told.err
