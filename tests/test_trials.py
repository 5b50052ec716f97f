"""The Job of a comparison, its script, and what stays when it is cut off."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from warmbook import manifests, trials
from warmbook.errors import InterruptedWaitError, ResourceFailedError, SettingsError
from warmbook.loaders import FUSE_FOLDER, STREAMER, Loader, loaders
from warmbook.manifests import DEPLOYMENT

SCRIPT = Path(trials.__file__).with_name("data") / "trial.py"
FAKES = Path(__file__).parent / "doubles" / "packages"
READ = Loader("read", "", answers=0)


def planned(chosen, *wanted, budget_s=60, **more):
    return {**trials.planned(chosen, wanted, budget_s=budget_s), **more}


def job(chosen, *wanted, **more):
    pod = manifests.as_in_the_guide(chosen)["spec"]["template"]["spec"]
    return trials.manifest(chosen, pod, planned(chosen, *wanted, **more), 15 * 2**30)


def told(plan, rehearsal, packages=FAKES):
    """Run the script as a Pod would; return its lines."""
    environ = {**os.environ, **rehearsal.environ, "PYTHONPATH": str(packages)}
    words = [sys.executable, str(SCRIPT), json.dumps(plan)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(trials._lines(done.stdout))


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
    deployed = manifests.as_in_the_guide(settings)["spec"]["template"]["spec"]
    assert container["image"] == deployed["containers"][0]["image"]
    assert spec["nodeSelector"] == deployed["nodeSelector"]
    assert spec["serviceAccountName"] == settings.service_account
    assert not {"ports", "startupProbe", "readinessProbe"} & container.keys()
    assert container["resources"]["limits"]["ephemeral-storage"] == "25Gi"
    assert made["spec"]["backoffLimit"] == 0
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]


def test_one_gpu_is_timed_in_one_process_several_in_theirs(settings):
    (variable,) = job(settings, READ)["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable["name"] == "VLLM_ENABLE_V1_MULTIPROCESSING"
    two = settings.model_copy(update={"tensor_parallel_size": 2, "gpu_count": 2})
    assert "env" not in job(two, READ)["spec"]["template"]["spec"]["containers"][0]


def test_the_bucket_is_mounted_only_for_fuse(settings):
    made = job(settings, *loaders(settings, rehearsal=False))["spec"]["template"]
    assert made["metadata"]["annotations"] == {"gke-gcsfuse/volumes": "true"}
    mounts = {m["mountPath"] for m in made["spec"]["containers"][0]["volumeMounts"]}
    assert FUSE_FOLDER in mounts
    without = job(settings, *loaders(settings, rehearsal=True))["spec"]["template"]
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


def test_an_interrupt_deletes_the_job_and_brings_the_server_back(
    up_to, chosen, clients, quiet, monkeypatch
):
    up_to("streaming")
    monkeypatch.setattr(trials, "_script", lambda: "import time\ntime.sleep(60)")
    timer = threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(InterruptedWaitError, match="The trial"):
        trials.run(chosen, clients, [READ], budget_s=60, **quiet)
    timer.join()
    assert clients.kubernetes.list_objects("Job", chosen.namespace) == []
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
    assert found["spec"]["replicas"] == 1


def test_a_trial_without_a_load_says_why(up_to, chosen, clients, quiet):
    up_to("streaming")
    wrong = Loader(STREAMER, "runai_streamer", needs="no_such_package")
    with pytest.raises(ResourceFailedError, match="without a load"):
        trials.run(chosen, clients, [wrong], budget_s=60, **quiet)


def test_only_vllm_has_loaders_to_compare(chosen, clients):
    sglang = chosen.model_copy(update={"inference_server": "sglang"})
    with pytest.raises(SettingsError, match="SGLang"):
        trials.run(sglang, clients, [READ], budget_s=60)
