"""The guide's commands as it prints them, with nothing but the placeholders filled in."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "guide"
FILLED = {
    "PROJECT_ID": "rehearsal-project",
    "CLUSTER_NAME": "run-ai-test",
    "REGION": "us-central1",
    "NAMESPACE": "vllm",
    "KSA_NAME": "vllm-streamer",
    "BUCKET_NAME": "rehearsal-project-models",
    "PATH_TO_MODEL": "tiny",
    "POD_NAME": "$(kubectl get pods -n vllm -o name)",
}
PRINTS = {
    "G06": r"Updated IAM policy for project \[rehearsal-project\][\s\S]*roles/container.admin",
    "G07": r"user:you@example.com\n  role: roles/storage.admin",
    "G09": r"run-ai-test +us-central1 .* RUNNING",
    "G10": r"run-ai-test +us-central1-a .* RUNNING",
    "G11": r"g2-gpu-pool +g2-standard-16 +100 ",
    "G13": r"namespace/vllm created",
    "G14": r"serviceaccount/vllm-streamer created",
    "G16": r"/subject/ns/vllm/sa/vllm-streamer\n  role: roles/storage.bucketViewer",
    "G17": r"/subject/ns/vllm/sa/vllm-streamer\n  role: roles/storage.objectUser",
    "G22": r"deployment.apps/vllm-streamer-deployment created",
    "G24": r"READY +UP-TO-DATE +AVAILABLE +AGE\nvllm-streamer-deployment +1/1 ",
    "G25": r"vllm-streamer-deployment-\w+-\w+ +1/1 +Running",
    "G26": r"\[RunAI Streamer\] Overall time to stream",
    "G29": r"Creating a cache instance for bucket .* in zone us-central1-a",
    "G30": r"state: (creating|running)",
    "G32": r"Deleted \[.*/clusters/run-ai-test\]",
}
"""What the genuine tools print after each command."""

ENABLE = "gcloud services enable container.googleapis.com\n"
"""G04: the guide has its readers do that in the console."""


def filled(text, zone, model="tiny"):
    """Put the reader's values in where the guide has placeholders, and nowhere else."""
    autopilot = not zone
    values = {**FILLED, "PATH_TO_MODEL": model, "ZONE": zone}
    values["ZONE_OR_REGION"] = FILLED["REGION"] if autopilot else zone
    names = "|".join(sorted(values, key=len, reverse=True))
    return re.sub(rf"(?<![$\w])({names})(?![\w=])", lambda found: values[found[1]], text)


def commands(mode):
    """Return the guide's commands for the mode: id to lines."""
    text = (HERE / "commands.sh").read_text()
    blocks = re.findall(r"^# (G\d\d)(?: (\w+))?\n((?:(?!# G\d\d).*\n)+)", text, re.MULTILINE)
    return {name: lines for name, only, lines in blocks if only in ("", mode)}


def walk(mode, zone, ids, model="tiny"):
    """Return one script of the commands with these ids, each announced by its id."""
    blocks = commands(mode)
    lines = [f"echo '── {name}'\n{filled(blocks[name], zone, model)}" for name in ids]
    return "set -e\nexport CLOUDSDK_CORE_DISABLE_PROMPTS=1\n" + "\n".join(lines)


def answers(printed):
    """Return what each command printed: id to text."""
    return dict(re.findall(r"── (G\d\d)\n((?:(?!── G).*\n?)*)", printed))


@pytest.mark.guide("G06 G07 G08 G09 G10 G11 G12 G13 G14 G15 G16 G17 G22 G24 G25 G26 G29 G30 G32")
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mode", "zone"), [("autopilot", ""), ("standard", "us-central1-a")])
def test_the_guides_commands_run_as_it_prints_them(mode, zone, shell):
    manifest = filled((HERE / "vllm-deployment.yaml").read_text(), zone)
    (shell.folder / "vllm-deployment.yaml").write_text(manifest)
    ids = [name for name in commands(mode) if name < "G24"]
    ready = "kubectl wait -n vllm --for=condition=Available deployment --all --timeout=60s\n"
    after = [name for name in commands(mode) if name >= "G24"]
    # a person ends `logs -f` with Ctrl-C; on a busy machine kubectl takes 7 s to begin
    looks = re.sub(
        "(kubectl logs -f .*)", r"timeout 15 \1 || test $? = 124", walk(mode, zone, after)
    )
    # the guide leaves the cache's zone on Autopilot to the reader: where the Pod is
    where = "" if zone else "export ZONE=us-central1-a\n"
    printed = shell.must(ENABLE + walk(mode, zone, ids) + ready + where + looks)
    told = answers(printed)
    expected = {name: what for name, what in PRINTS.items() if name in commands(mode)}
    wrong = {
        name: told.get(name)
        for name, what in expected.items()
        if not re.search(what, told.get(name, ""))
    }
    assert wrong == {}


def test_every_command_of_the_guide_is_judged():
    assert {*commands("autopilot"), *commands("standard")} - PRINTS.keys() == {
        "G08",  # these three only set variables
        "G12",
        "G15",
    }


@pytest.mark.engine
@pytest.mark.timeout(400)
def test_current_vllm_rejects_the_guides_manifest_and_accepts_the_workbooks(tools, tmp_path):
    model = "smollm2-135m-instruct"
    manifest = filled((HERE / "vllm-deployment.yaml").read_text(), "", model)
    (tmp_path / "vllm-deployment.yaml").write_text(manifest)
    ids = ("G06", "G08", "G09", "G12", "G13", "G14", "G15", "G16", "G17", "G22")
    watch = """
until kubectl logs -n vllm deployment/vllm-streamer-deployment | grep unrecognized; do sleep 1; done
until kubectl get pods -n vllm | grep CrashLoopBackOff; do sleep 0.2; done
kubectl delete -f vllm-deployment.yaml
"""
    workbook = f"{sys.executable} -m warmbook commands --notebook 06,07 | bash\n"
    lines = ENABLE + walk("autopilot", "", ids, model) + watch + workbook
    done = subprocess.run(
        [sys.executable, "-m", "warmbook_rehearsal", "--engine", "vllm", "--", "bash", "-c", lines],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "error: unrecognized arguments: --disable-log-requests" in done.stdout
    assert "CrashLoopBackOff" in done.stdout
    assert "The capital of Japan is Tokyo." in done.stdout
