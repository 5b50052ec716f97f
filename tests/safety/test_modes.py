"""What a run and a rehearsal write is for their own user: files 0600, folders 0700."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from warmbook.book import runner

from ..machine import slowness
from ..modes import open_to_others
from ..processes import DOOR, TO_THE_SERVER

WALK = f"""{TO_THE_SERVER}
import json, os, sys, pathlib
from warmbook.steps import streaming
state = pathlib.Path(os.environ["KUBECONFIG"]).parent
open("mine", "w").close()
clients.storage.bucket(settings.bucket_name).blob("more").upload_from_string(b"x" * 10**6)
streaming.wait_available(settings, clients, **quiet)
sys.path.insert(0, sys.argv[1])
from tests.modes import open_to_others
paths = [path.name for path in state.rglob("*")]
print(json.dumps([paths, list(open_to_others(state))]))
"""


@pytest.fixture(autouse=True)
def readers_umask():
    """The one that most systems have; some hide it by a stricter one."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_files_open_to_others_are_found(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "private").touch(mode=0o600)
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert list(open_to_others(tmp_path)) == []
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "open.log").touch()
    assert [text.split()[0].rpartition("/")[2] for text in open_to_others(tmp_path)] == [
        "open",
        "open",
        "open.log",
    ]


def test_a_run_folder_is_its_owners(rehearsal, tmp_path):
    out = tmp_path / "runs" / "first"
    result = runner.run(runner.books("en")[:2], {}, out)
    assert result.passed
    assert {path.name for path in out.iterdir()} == {
        ".lock",
        "01_settings.ipynb",
        "02_project.ipynb",
        "run.json",
        "workbook.yaml",
    }
    assert list(open_to_others(tmp_path / "runs")) == []
    assert os.umask(0o022) == 0o022  # the process's own is as it was


def test_notebooks_that_replace_open_ones_are_readable_by_their_owner_only(rehearsal, tmp_path):
    out = tmp_path / "run"
    out.mkdir(mode=0o700)
    (out / "01_settings.ipynb").touch(mode=0o644)
    assert runner.run(runner.books("en")[:1], {}, out).passed
    assert list(open_to_others(out)) == []


@pytest.mark.timeout(200)
def test_the_state_of_a_rehearsal_is_private_and_a_commands_files_keep_their_modes(
    image_and_model, tmp_path
):
    image, model = image_and_model
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [
            *(sys.executable, "-c", DOOR, str(image.folder), str(model.folder)),
            *(sys.executable, "-c", WALK, root),
        ],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60 * slowness(),
    )
    assert done.returncode == 0, done.stderr
    paths, found = json.loads(done.stdout.splitlines()[-1])
    assert {"kubeconfig", "token", "0.log", "storage", "server.sock"} <= set(paths)
    # an emptyDir is open as in Kubernetes, inside of a folder that is not
    assert [text.split()[0].split("/")[-2] for text in found] == ["volumes"] * len(found)
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o644
