"""The Job of a comparison, its script, and what stays when it is cut off."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from warmbook.errors import InterruptedWaitError, ResourceFailedError, SettingsError
from warmbook.measure.loaders import job as loader_job
from warmbook.measure.loaders.catalog import FUSE_FOLDER, STREAMER, Loader, loaders
from warmbook.serving import guide_manifest
from warmbook.serving.guide_manifest import DEPLOYMENT

SCRIPT = Path(loader_job.__file__).parents[2] / "data" / "trial.py"
FAKES = Path(__file__).parents[2] / "doubles" / "packages"
READ = Loader("read", "", answers=0)


def planned(chosen, *wanted, budget_s=60, **more):
    plan = loader_job.planned(chosen, wanted, budget_s=budget_s)
    return {**plan, "disk_bytes": 2**40, **more}


def job(chosen, *wanted, **more):
    pod = guide_manifest.as_in_the_guide(chosen)["spec"]["template"]["spec"]
    return loader_job.manifest(chosen, pod, planned(chosen, *wanted, **more), 15 * 2**30)


def told(plan, rehearsal, packages=FAKES, **more):
    """Run the script as a Pod would; return its lines."""
    environ = {**os.environ, **rehearsal.environ, "PYTHONPATH": str(packages), **more}
    words = [sys.executable, str(SCRIPT), json.dumps(plan)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(loader_job._lines(done.stdout))


@pytest.fixture
def public(rehearsal, clients, chosen):
    """Let the script, which is no Pod here, read the bucket."""
    bucket = clients.storage.bucket(chosen.bucket_name)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    roles = ("roles/storage.bucketViewer", "roles/storage.objectViewer")
    policy.bindings += [{"role": role, "members": {"allUsers"}} for role in roles]
    policy.version = 3
    bucket.set_iam_policy(policy)
    return rehearsal


def test_the_job_is_the_servers_pod_with_a_script_in_its_place(settings):
    made = job(settings, READ)
    spec = made["spec"]["template"]["spec"]
    container = spec["containers"][0]
    deployed = guide_manifest.as_in_the_guide(settings)["spec"]["template"]["spec"]
    assert container["image"] == deployed["containers"][0]["image"]
    assert spec["nodeSelector"] == deployed["nodeSelector"]
    assert spec["serviceAccountName"] == settings.service_account
    assert not {"ports", "startupProbe", "readinessProbe"} & container.keys()
    assert container["resources"]["limits"]["ephemeral-storage"] == "10Gi"
    copied = Loader("copied", "safetensors", downloads=True)
    whole = job(settings, READ, copied)["spec"]["template"]["spec"]["containers"][0]
    assert whole["resources"]["limits"]["ephemeral-storage"] == "25Gi"
    assert made["spec"]["backoffLimit"] == 0
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]


def test_one_gpu_is_timed_in_one_process_several_in_theirs(settings):
    (variable,) = job(settings, READ)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable["name"] == "VLLM_ENABLE_V1_MULTIPROCESSING"
    two = settings.model_copy(update={"tensor_parallel_size": 2, "gpu_count": 2})
    assert "env" not in job(two, READ)["spec"]["template"]["spec"]["containers"][0]


def test_the_bucket_is_mounted_only_for_fuse(settings):
    made = job(settings, *loaders(settings, mounts=True))["spec"]["template"]
    assert made["metadata"]["annotations"] == {"gke-gcsfuse/volumes": "true"}
    mounts = {m["mountPath"] for m in made["spec"]["containers"][0]["volumeMounts"]}
    assert FUSE_FOLDER in mounts
    without = job(settings, *loaders(settings, mounts=False))["spec"]["template"]
    assert without["metadata"]["annotations"] == {}


def test_each_round_begins_with_another_loader(public, chosen):
    wanted = [Loader(name, "", answers=0) for name in "abc"]
    plan = planned(chosen.model_copy(update={"compare_runs": 3}), *wanted)
    order = [line["loader"] for line in told(plan, public) if "seconds" in line]
    assert "".join(order) == "abcbcacab"


def test_no_round_begins_beyond_the_budget_but_the_first(public, chosen):
    lines = told(planned(chosen, READ, Loader("b", "", answers=0), budget_s=0), public)
    assert [line.get("loader") for line in lines] == ["read", "b", None]
    assert lines[-1] == {"stopped": "budget"}


def test_a_loader_that_is_absent_fails_or_is_killed_leaves_the_others(public, chosen, tmp_path):
    killer = tmp_path / "runai_model_streamer.py"
    killer.write_text((FAKES / "runai_model_streamer.py").read_text() + KILLS)
    (tmp_path / "vllm").symlink_to(FAKES / "vllm")
    wanted = (
        Loader("absent", "x", needs="no_such_package"),
        Loader("fails", "", environ={"END": "raise"}, answers=0),
        Loader("killed", "", environ={"END": "kill"}, answers=0),
        READ,
    )
    chosen = chosen.model_copy(update={"compare_runs": 2})
    lines = told(planned(chosen, *wanted), public, tmp_path)
    found = {line["loader"]: line for line in lines if line.get("loader") not in (None, "read")}
    assert found["absent"]["absent"] == "no_such_package"
    assert found["fails"]["error"] == "ValueError: damaged"
    assert found["killed"]["error"] == "the process was killed by signal 9"
    assert len(lines) == 3 + 2 + 1


KILLS = """
def list_safetensors(uri):
    if os.environ.get("END") == "raise":
        raise ValueError("no\\ndamaged".partition("\\n")[2])
    if os.environ.get("END") == "kill":
        os.kill(os.getpid(), 9)
    return [uri]
"""


DOWNLOAD_ONCE = Loader("download", "safetensors", downloads=True)
CONVERTED = Loader("tensorizer", "tensorizer", downloads=True, needs="tensorizer", converts=True)


@pytest.fixture
def with_tensorizer(tmp_path):
    """Packages as an image has them that somebody has added tensorizer to."""
    packages = tmp_path / "packages"
    shutil.copytree(FAKES, packages)
    (packages / "tensorizer.py").touch()
    return packages


def test_a_model_is_converted_once_before_the_first_run(public, chosen, with_tensorizer, tmp_path):
    chosen = chosen.model_copy(update={"compare_runs": 2})
    plan = planned(chosen, DOWNLOAD_ONCE, CONVERTED)
    lines = told(plan, public, with_tensorizer)
    assert lines[0] == {"loader": "tensorizer", "converting": True}
    assert lines[1]["bytes"] == 15_000 and lines[1]["converted_s"] > 0
    loads = [line for line in lines[2:] if "seconds" in line]
    assert sorted((line["loader"], line["run"]) for line in loads) == [
        *(("download", 1), ("download", 2), ("tensorizer", 1), ("tensorizer", 2)),
    ]
    assert all(line["seconds"] > line["downloaded_s"] > 0 for line in loads)
    answers = {line["loader"]: line["tokens"] for line in lines if "tokens" in line}
    assert answers["tensorizer"] == answers["download"]


LAZY = """
import os

def __getattr__(name):
    if name != "LLM":
        raise AttributeError(name)
    with open(os.environ["IMPORTED_BY"], "a") as file:
        file.write(f"{os.getpid()}\\n")
    from .all_of_it import LLM
    globals()["LLM"] = LLM
    return LLM
"""


def test_vllm_is_imported_once_for_all_runs(public, chosen, tmp_path):
    """As vLLM does it, most of it comes when LLM is asked for."""
    packages, told_by = tmp_path / "packages", tmp_path / "imported"
    shutil.copytree(FAKES, packages)
    vllm = packages / "vllm"
    (vllm / "__init__.py").rename(vllm / "all_of_it.py")
    (vllm / "__init__.py").write_text(LAZY)
    wanted = Loader(STREAMER, "runai_streamer", answers=0)
    lines = told(planned(chosen, wanted), public, packages, IMPORTED_BY=str(told_by))
    assert len([line for line in lines if "seconds" in line]) == chosen.compare_runs
    assert len(told_by.read_text().split()) == 1


def test_without_room_for_the_converted_model_the_others_go_on(public, chosen, with_tensorizer):
    plan = planned(chosen, DOWNLOAD_ONCE, CONVERTED, disk_bytes=30_000)
    lines = told(plan, public, with_tensorizer)
    (refused,) = [line for line in lines if "error" in line]
    assert refused["loader"] == "tensorizer"
    assert "do not fit on this disk: 30000 are free" in refused["error"]
    assert {line["loader"] for line in lines if "seconds" in line} == {"download"}


def test_no_run_leaves_a_model_on_the_disk(public, chosen, with_tensorizer, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    plan = planned(chosen, DOWNLOAD_ONCE, CONVERTED)
    assert told(plan, public, with_tensorizer, TMPDIR=str(disk))[-1] == {"stopped": ""}
    assert [*disk.iterdir()] == []


def test_a_wait_for_the_conversion_is_reported():
    lines = ({"loader": "tensorizer", "converting": True},)
    assert (
        loader_job._state(loader_job.JobProgress(None, lines), 4)
        == "converting the model for tensorizer"
    )
    assert "imported" in loader_job._state(loader_job.JobProgress(None, ()), 4)


def test_the_script_gets_the_disk_limit_of_its_pod(settings):
    copied = Loader("copied", "safetensors", downloads=True)
    (plan,) = job(settings, copied)["spec"]["template"]["spec"]["containers"][0]["args"]
    assert json.loads(plan)["disk_bytes"] == 25 * 2**30


def test_an_interrupt_deletes_the_job_and_brings_the_server_back(
    up_to, chosen, clients, monkeypatch
):
    up_to("streaming")
    monkeypatch.setattr(loader_job, "_script", lambda: "import time\ntime.sleep(60)")
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))

    def press_once_the_job_runs(progress):
        if progress.what == "The comparison Job" and timer.ident is None:
            timer.start()

    with pytest.raises(InterruptedWaitError, match="The comparison Job"):
        loader_job.run(chosen, clients, [READ], budget_s=60, report=press_once_the_job_runs)
    timer.join()
    assert clients.kubernetes.list_objects("Job", chosen.namespace) == []
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
    assert found["spec"]["replicas"] == 1


def test_a_trial_without_a_load_is_reported_with_the_reason(up_to, chosen, clients, quiet):
    up_to("streaming")
    wrong = Loader(STREAMER, "runai_streamer", needs="no_such_package")
    with pytest.raises(ResourceFailedError, match="without a load"):
        loader_job.run(chosen, clients, [wrong], budget_s=60, **quiet)


def test_only_vllm_has_loaders_to_compare(chosen, clients):
    sglang = chosen.model_copy(update={"inference_server": "sglang"})
    with pytest.raises(SettingsError, match="SGLang"):
        loader_job.run(sglang, clients, [READ], budget_s=60)
