"""The container image of docs/ci: what it copies is enough, and its user is not root."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from .examples import FOLDER, ROOT, loaded

DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def _all(instruction):
    return re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.M)


@pytest.mark.slow
def test_the_copied_files_make_a_complete_package(tmp_path):
    for line in _all("COPY(?! --from)"):
        *sources, target = line.split()
        assert target in ("./", "docs/", *sources)
        for source in sources:
            _copy(ROOT / source, tmp_path / source)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        *("warmbook/__main__.py", "warmbook/notebooks/en/01_settings.ipynb"),
        *("warmbook/docs/troubleshooting.md", "warmbook/locale/es/LC_MESSAGES/warmbook.mo"),
    } <= names


def _copy(source, target):
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def test_the_user_is_not_root_and_matches_the_cron_job():
    (cron_job,) = (one for one in loaded("cronjob.yaml") if one["kind"] == "CronJob")
    pod_spec = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    user = pod_spec["securityContext"]["runAsUser"]
    assert user > 0 and _all("USER") == [str(user)]
    assert f"useradd --uid {user} " in DOCKERFILE


def test_bases_have_a_version_and_packages_their_digests():
    bases = {line.partition(" AS ")[0] for line in _all("FROM")}
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", base) for base in bases)
    assert "pip install --no-cache-dir --require-hashes -r requirements.txt" in DOCKERFILE
    assert not _all("ADD") and not _all("ARG")
