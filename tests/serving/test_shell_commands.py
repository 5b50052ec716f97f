import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from warmbook.cloud import roles
from warmbook.model.upload.source import SERVED
from warmbook.serving.shell_commands import gcloud, kubectl, leftovers
from warmbook.settings import Settings


def words(line):
    return shlex.split(line.replace("\\\n", ""))


def test_the_autopilot_command_is_the_guides(settings):
    assert words(gcloud.create_cluster(settings)) == [
        *["gcloud", "container", "clusters", "create-auto", "run-ai-test"],
        "--project=my-project",
        "--location=us-central1",
    ]
    assert gcloud.create_node_pool(settings) == ""


def test_the_standard_commands_are_the_guides_with_count_and_driver(choices):
    chosen = Settings.parse({**choices, "mode": "standard", "location": "us-central1-a"})
    assert words(gcloud.create_cluster(chosen)) == [
        *["gcloud", "container", "clusters", "create", "run-ai-test"],
        "--project=my-project",
        "--zone=us-central1-a",
        "--workload-pool=my-project.svc.id.goog",
        "--num-nodes=1",
        "--addons=HorizontalPodAutoscaling,HttpLoadBalancing,GcsFuseCsiDriver",
    ]
    assert words(gcloud.create_node_pool(chosen)) == [
        *["gcloud", "container", "node-pools", "create", "g2-gpu-pool"],
        "--cluster=run-ai-test",
        "--project=my-project",
        "--zone=us-central1-a",
        "--machine-type=g2-standard-16",
        "--num-nodes=1",
        "--accelerator=type=nvidia-l4,count=1,gpu-driver-version=latest",
    ]


def test_both_roles_are_granted_by_the_shown_lines(settings):
    line = gcloud.grant_bucket_roles(settings)
    assert [role in line for role in roles.BUCKET_ROLES] == [True, True]
    assert "gs://my-bucket" in line


def test_commands_that_delete_are_quoted_and_complete():
    assert words(leftovers.delete_node_pool("my-project", "c", "us-central1-a", "p q")) == [
        *["gcloud", "container", "node-pools", "delete", "p q", "--cluster=c"],
        *["--project=my-project", "--location=us-central1-a"],
    ]
    assert words(leftovers.revoke_role("b", "principal://x/ns/n", "roles/storage.objectUser"))[
        3:
    ] == [
        *["remove-iam-policy-binding", "gs://b", "--member=principal://x/ns/n"],
        *["--role=roles/storage.objectUser", "--condition=None"],
    ]


def all_commands(settings):
    return [
        function(settings)
        for module in (gcloud, kubectl)
        for name, function in vars(module).items()
        if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__
    ]


@pytest.mark.parametrize("mode", ["autopilot", "standard"])
def test_every_command_is_a_shell_script_without_syntax_errors(choices, mode):
    place = "us-central1" if mode == "autopilot" else "us-central1-a"
    chosen = Settings.parse({**choices, "mode": mode, "location": place})
    for line in all_commands(chosen):
        subprocess.run(["bash", "-n"], input=line, text=True, check=True)


@example(path="p", source="~nobody-of-that-name/model")
@example(path="a --b 'c' \\ $(d) \"e\"", source="--x --y")
@given(path=st.text(min_size=1), source=st.text())
def test_typed_values_are_never_executed(path, source):
    try:
        chosen = Settings.parse(
            {"project_id": "my-project", "model_uri": f"gs://bucket/{path}", "model_source": source}
        )
    except Exception:  # refused: nothing to show
        return
    assert words(gcloud.list_weights(chosen))[-1] == f"{chosen.model_uri}/"
    asked = shlex.split(kubectl.ask(chosen), comments=True)
    assert json.loads(asked[asked.index("--data") + 1])["model"] == chosen.model_uri
    if "\0" not in chosen.model_source and chosen.model_source and not chosen.hub_model[0]:
        shown = str(chosen.source_folder.absolute())
        assert shown in words(gcloud.upload(chosen))


def test_a_model_on_hugging_face_is_downloaded_by_hand_and_then_uploaded(choices):
    chosen = Settings.parse({**choices, "model_source": "hf://google/gemma-2-9b-it@v1.0"})
    download, upload = gcloud.upload(chosen).replace("\\\n", "").splitlines()
    asked = shlex.split(download)
    assert asked[:3] == ["hf", "download", "google/gemma-2-9b-it"]
    assert "--revision=v1.0" in asked and "--local-dir=gemma-2-9b-it" in asked
    assert [f"--include={pattern}" in asked for pattern in SERVED] == [True] * 7
    assert "--exclude=*/*" in asked
    assert shlex.split(upload) == [
        *("gcloud", "storage", "rsync", "./gemma-2-9b-it", "gs://my-bucket/models/my-llama")
    ]
    subprocess.run(["bash", "-n"], input=gcloud.upload(chosen), text=True, check=True)


def test_the_genuine_command_downloads_the_same_files_as_the_workbook(tmp_path, choices):
    from warmbook_rehearsal.hub import OPEN

    from ..doubles.hub import served

    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "config.json").write_text("{}")
    chosen = Settings.parse({**choices, "model_source": f"hf://{OPEN}"})
    download = gcloud.upload(chosen).rpartition("\n")[0]
    place = tmp_path / "here"
    place.mkdir()
    with served(
        tmp_path / "beside", [tmp_path / "model.safetensors", tmp_path / "config.json"]
    ) as hub:
        environ = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": "",
        }
        subprocess.run(["bash", "-ec", download], cwd=place, env=environ, check=True, timeout=60)
    (folder,) = place.iterdir()
    held = [file.name for file in folder.iterdir() if file.is_file()]
    assert sorted(held) == ["config.json", "model.safetensors"]
