"""The shell parts of the examples: checked by bash and shellcheck, and run with what is real here.

Stubs stand for what only a CI service has: `make setup` has been done, `gcloud storage cp` and
`curl` copy between folders, `gh` notes its arguments.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from google.auth import identity_pool

from ..measure.runs.test_record import WHOLE
from ..processes import DOOR
from .examples import shell_parts

PARTS = shell_parts()
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""How GitHub runs a step. Source: GitHub's workflow syntax, `jobs.<job_id>.steps[*].shell`."""

STUBS = {
    "make": '[ "$*" = setup ]',
    "gh": 'printf "%s\\n" "$@" > gh.txt',
    "gcloud": """[ "$1 $2" = "storage cp" ] || exit 1
shift 2; [ "$1" = --recursive ] && shift
from=${1/#gs:\\//$PWD/bucket} to=${2/#gs:\\//$PWD/bucket}
mkdir -p "$(dirname "$to")" && cp -r "$from" "$to" """,
    "curl": """while [ $# -gt 1 ]; do [ "$1" = --output ] && to=$2; shift; done
cp pipeline.json "$to" """,
}
PYTHON = """#!/bin/sh
if [ "$2" = warmbook_rehearsal ]; then
  shift 3
  exec "{python}" -c "$DOOR" "{image}" "{model}" "$@"
fi
exec "{python}" "$@"
"""


@pytest.fixture
def workspace(tmp_path, image_and_model):
    """A checkout after `make setup`: a Python whose rehearsal has the double for its engine."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "runs" / "ci").mkdir(parents=True)
    image, model = image_and_model
    text = PYTHON.format(python=sys.executable, image=image.folder, model=model.folder)
    _program(tmp_path / ".venv" / "bin" / "python", text)
    for name, body in STUBS.items():
        _program(tmp_path / "bin" / name, f"#!/usr/bin/env bash\n{body}\n")
    return tmp_path


def _program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def run(workspace):
    """Run a shell part, by its name or as a text, as the CI service does; return what it did."""

    def run(part, **environ):
        environ = {
            **os.environ,
            "DOOR": DOOR,
            "PATH": f"{workspace / 'bin'}:{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(workspace / "summary.md"),
            **environ,
        }
        return subprocess.run(
            [*SHELL, PARTS.get(part, part)],
            cwd=workspace,
            env=environ,
            capture_output=True,
            text=True,
            timeout=280,
        )

    return run


def _record(path, cold_start_s, **changes):
    """Write the record of a run with a cold start of that length."""
    phases = [{"name": "weights streamed", "seconds": cold_start_s, "source": "streamer"}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**WHOLE, "phases": phases, **changes}))


@pytest.mark.parametrize("part", PARTS)
def test_bash_parses_each_shell_part(part):
    done = subprocess.run(["bash", "-n"], input=PARTS[part], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("part", PARTS)
def test_shellcheck_finds_nothing(part):
    if not (shellcheck := shutil.which("shellcheck", path=_paths())):
        pytest.skip("shellcheck is not installed")
    command = [shellcheck, "--shell=bash", "--severity=style", "-"]
    done = subprocess.run(command, input=PARTS[part], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def _paths():
    return f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # noqa: PTH120 - of PATH


def test_a_pull_request_s_notebooks_run_in_a_rehearsal(run, workspace):
    done = run("github/rehearsal.yml Run the notebooks in a rehearsal", ONLY="01")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((workspace / "runs/ci/run.json").read_text())
    names = [one["name"] for one in record["notebooks"] if one["status"] == "passed"]
    assert names == ["01_settings", "10_cleanup"] and record["left"] == []
    cases = ElementTree.parse(workspace / "runs/junit.xml").iter("testcase")
    assert any("01_settings" in str(case.attrib) for case in cases)


@pytest.mark.parametrize(("cold_start_s", "status"), [(40.0, 0), (80.0, 1)])
def test_a_slower_cold_start_fails_the_comparison(run, workspace, cold_start_s, status):
    _record(workspace / "base/run.json", 40.0, id="a")
    _record(workspace / "runs/ci/run.json", cold_start_s, id="b")
    done = run("github/rehearsal.yml Compare with the default branch")
    assert done.returncode == status, done.stderr
    comment = (workspace / "runs/comment.md").read_text()
    assert "|" in comment and comment == (workspace / "summary.md").read_text()


def test_without_a_record_of_the_default_branch_nothing_fails(run, workspace):
    _record(workspace / "runs/ci/run.json", 40.0)
    assert run("github/rehearsal.yml Compare with the default branch").returncode == 0
    assert (workspace / "runs/comment.md").stat().st_size
    assert run("github/rehearsal.yml Copy the record").returncode == 0
    assert (workspace / "base/run.json").exists()


def test_the_comment_is_the_file(run, workspace):
    (workspace / "runs/comment.md").write_text("| a |\n")
    environ = {"NUMBER": "7", "GITHUB_REPOSITORY": "o/r", "GH_TOKEN": ""}
    assert run("github/rehearsal.yml Comment on the pull request", **environ).returncode == 0
    words = (workspace / "gh.txt").read_text().split()
    assert words[:3] == ["pr", "comment", "7"] and words[-1] == "runs/comment.md"


def test_a_night_is_compared_with_the_last_one_and_kept(run, workspace):
    nights = {"RECORDS": "gs://records/nightly/m"}
    _record(workspace / "runs/ci/run.json", 40.0, id="first")
    assert run("github/nightly.yml Compare with the last record", **nights).returncode == 0
    assert run("github/nightly.yml Keep the record", **nights).returncode == 0
    kept = workspace / "bucket/records/nightly/m"
    assert len([*kept.iterdir()]) == 2 and (kept / "run.json").exists()
    _record(workspace / "runs/ci/run.json", 90.0, id="second")
    assert run("github/nightly.yml Compare with the last record", **nights).returncode == 1


def test_a_merge_request_is_compared_with_the_default_branch(run, workspace):
    _record(workspace / "pipeline.json", 40.0, id="a")
    _record(workspace / "runs/ci/run.json", 80.0, id="b")
    compared = PARTS["gitlab-ci.yml rehearsal script"].partition("base=")
    part = "".join(compared[1:])
    names = ("CI_API_V4_URL", "CI_PROJECT_ID", "CI_DEFAULT_BRANCH", "CI_JOB_TOKEN")
    done = run(part, **dict.fromkeys(names, "x"))
    assert done.returncode == 1, done.stderr
    assert "|" in (workspace / "runs/comment.md").read_text()


def test_gitlab_s_credentials_are_read_by_google_s_library(run, workspace):
    made = str(workspace / "credentials.json")
    environ = {
        "GOOGLE_TOKEN": "header.payload.signature",
        "CI_PROJECT_DIR": str(workspace),
        "GOOGLE_APPLICATION_CREDENTIALS": made,
        "WIF_PROVIDER": "projects/1/locations/global/workloadIdentityPools/p/providers/w",
        "SERVICE_ACCOUNT": "ci@p.iam.gserviceaccount.com",
    }
    done = run("gitlab-ci.yml nightly before_script", **environ)
    assert done.returncode == 0, done.stderr
    credentials = identity_pool.Credentials.from_file(made)
    assert credentials.service_account_email == environ["SERVICE_ACCOUNT"]
    assert credentials.retrieve_subject_token(None) == environ["GOOGLE_TOKEN"]
    assert os.stat(made).st_mode & 0o077 == 0  # noqa: PTH116


@pytest.mark.parametrize("status", [0, 3])
def test_cloud_build_cleans_up_and_keeps_the_record_before_it_fails(run, workspace, status):
    told = f'#!/bin/sh\necho "$@" >> told.txt\ncase "$*" in *always-clean*) exit {status};; esac\n'
    _program(workspace / ".venv/bin/python", told)
    build = {"_ONLY": "", "_RECORDS": "records", "_MODEL": "m", "BUILD_ID": "b"}
    ids = ("install", "run", "delete-what-is-left", "keep-the-record")
    assert [run(f"cloudbuild.yaml {name}", **build).returncode for name in ids] == [0] * 4
    assert run("cloudbuild.yaml status", **build).returncode == status
    assert "--only 10" in (workspace / "told.txt").read_text()
    assert (workspace / "bucket/records/cloud-build/m/b/status").exists()
