"""The examples follow the published schemas, and read no variable that nobody sets."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from .examples import FOLDER, GITHUB, loaded

SCHEMAS = {
    **dict.fromkeys(GITHUB, "github-workflows"),
    "gitlab-ci.yml": "gitlab-ci",
    "cloudbuild.yaml": "cloudbuild",
}
"""Published by SchemaStore and by GitLab; check-jsonschema carries them."""


def _accepted(path, schema):
    """Tell whether check-jsonschema accepts a file, and what it says."""
    check = pytest.importorskip("check_jsonschema.cli", reason="check-jsonschema needs Python 3.11")
    options = ["--builtin-schema", f"vendor.{schema}"]
    if schema == "gitlab-ci":
        options += ["--data-transform", "gitlab-ci"]
    done = CliRunner().invoke(check.main, [*options, str(path)])
    return done.exit_code == 0, done.output


@pytest.mark.parametrize("file", SCHEMAS)
def test_each_example_follows_its_schema(file):
    accepted, told = _accepted(FOLDER / file, SCHEMAS[file])
    assert accepted, told


@pytest.mark.parametrize("file", ["github/nightly.yml", "gitlab-ci.yml", "cloudbuild.yaml"])
def test_a_misspelt_key_is_refused(tmp_path, file):
    text = (FOLDER / file).read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(re.sub(r"^( +)(script|run|steps):", r"\1wrong:", text, flags=re.M))
    accepted, _ = _accepted(wrong, SCHEMAS[file])
    assert not accepted


@pytest.mark.parametrize("file", GITHUB)
def test_each_job_of_a_workflow_declares_permissions_and_a_timeout(file):
    workflow = loaded(file)[0]
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] and job["timeout-minutes"]
    assert "secrets." not in (FOLDER / file).read_text()


@pytest.mark.parametrize("file", GITHUB)
def test_no_expression_stands_in_a_shell_part(file):
    for job in loaded(file)[0]["jobs"].values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


_SCRIPTS = ("SCRIPT", "AFTER_SCRIPT")


def test_a_job_on_google_cloud_ends_after_its_run_and_both_cleanups():
    two_hours_and_two_cleanups_min = 120 + 30 + 30
    nightly = loaded("github/nightly.yml")[0]["jobs"]["google-cloud"]
    build = loaded("cloudbuild.yaml")[0]
    (cron_job,) = (one for one in loaded("cronjob.yaml") if one["kind"] == "CronJob")
    limit_s = cron_job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert nightly["timeout-minutes"] > two_hours_and_two_cleanups_min
    assert int(build["timeout"].rstrip("s")) > 60 * two_hours_and_two_cleanups_min
    assert limit_s > 60 * (120 + 30)
    gitlab = loaded("gitlab-ci.yml")[0]["nightly"]
    script, after = (gitlab["variables"][f"RUNNER_{name}_TIMEOUT"] for name in _SCRIPTS)
    assert (gitlab["timeout"], script, after) == ("4 hours", "3h", "35m")


def test_the_dev_container_uses_this_repository_s_commands():
    found = json.loads((FOLDER / "devcontainer.json").read_text())
    assert found["updateContentCommand"] == "make setup"
    assert found["mounts"][0].split(",")[1] == "target=/home/vscode/.cache/warmbook"
