"""The CronJob of docs/ci runs in a rehearsal: its Job, its Pod, and what it keeps in the bucket."""

from __future__ import annotations

import json
import shutil
import sys
from xml.etree import ElementTree

import pytest

from .examples import FOLDER

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")

IN_THE_REHEARSAL = """
import subprocess, sys, time
from pathlib import Path
from google.cloud import container_v1
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import project

settings = Settings.parse(merge())
clients = connect(settings)
project.enable_own_services(settings, clients, report=lambda progress: None)
project.enable_services(settings, clients, report=lambda progress: None)
manifest, out = Path(sys.argv[1]), Path(sys.argv[2])
parent = f"projects/{settings.project_id}/locations/{settings.location}"
ours = container_v1.Cluster(name="ci", autopilot=container_v1.Autopilot(enabled=True))
clients.clusters.create_cluster(parent=parent, cluster=ours)
while clients.clusters.get_cluster(name=f"{parent}/clusters/ci").status.name != "RUNNING":
    time.sleep(0.1)

bucket = settings.model_uri.removeprefix("gs://").partition("/")[0]
text = manifest.read_text()
for placeholder, here in (
    ("gs://BUCKET_NAME/gemma-2-9b-it", settings.model_uri),
    ("RECORDS_BUCKET", bucket),
    ("account: warmbook-ci@PROJECT_ID.iam.gserviceaccount.com", f"account: {settings.account}"),
    ("PROJECT_ID", settings.project_id),
    ('value: ""', 'value: "01"'),
):
    assert placeholder in text, placeholder
    text = text.replace(placeholder, here)
(out / "cronjob.yaml").write_text(text)


def kubectl(*words):
    command = ["kubectl", "--namespace", "warmbook-ci", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    with (out / "kubectl.txt").open("a") as told:
        print("$", *words, done.stdout, done.stderr, file=told)
    return done.stdout


kubectl("apply", "-f", str(out / "cronjob.yaml"))
kubectl("create", "job", "--from=cronjob/warmbook-nightly", "try")
kubectl("wait", "job/try", "--for=condition=Complete", "--timeout=200s")
for name, words in {
    "job.json": ("get", "job", "try", "-o", "json"),
    "log.txt": ("logs", "job/try"),
    "events.txt": ("get", "events"),
}.items():
    (out / name).write_text(kubectl(*words))
for blob in clients.storage.list_blobs(bucket, prefix="nightly/"):
    blob.download_to_filename(out / blob.name.rpartition("/")[2])
"""


def test_a_job_of_the_cron_job_runs_the_notebooks_and_keeps_the_record(door, tmp_path):
    night = tmp_path / "night"
    night.mkdir()
    script = door(sys.executable, "-c", IN_THE_REHEARSAL, str(FOLDER / "cronjob.yaml"), str(night))
    out, err = script.communicate(timeout=280)
    told = "".join(path.read_text() for path in night.glob("*.txt"))
    assert script.returncode == 0, out + err + told
    job = json.loads((night / "job.json").read_text())
    assert job["status"].get("succeeded") == 1, told
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("CronJob", "warmbook-nightly")
    assert job["spec"]["activeDeadlineSeconds"] == 10800
    record = json.loads((night / "run.json").read_text())
    passed = [one["name"] for one in record["notebooks"] if one["status"] == "passed"]
    assert passed == ["01_settings", "10_cleanup"]
    assert record["settings"]["cluster_name"] == "nightly-gemma"
    assert [*ElementTree.parse(night / "junit.xml").iter("testcase")]
    assert "Substituted" in (night / "events.txt").read_text()
