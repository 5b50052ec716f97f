import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook import texts
from warmbook.__main__ import main
from warmbook.book.script import script, sections
from warmbook.errors import SettingsError, WarmbookError
from warmbook.settings import Settings

SOURCES = Path(__file__).parents[2] / "notebooks" / "source"
LEFT_OUT = {
    "doctor.examine",  # looks, does nothing
    "overview.here",
    "streaming.prompt_box",
    "probe.probe",  # proves what the next notebook finds out by itself
    "cache.zones",  # shown by the nodes' labels, which cache.create's lines read
    "cache.hits",
    "scaling.scale",  # another number of Pods is the reader's wish, not the guide's
    "scaling.read",
    "autoscaling.by_queue",
    "compare.by_loader",  # a measurement, not a part of the guide
    "compare.by_tunable",
    "cleanup.delete_project",  # by hand only, and never by a script
    "identity.principal",  # part of the roles' lines
    "project.create",  # most readers have one; the card of 02 shows the line
    "project.wait_ready",  # gcloud waits for nothing; by hand one tries again
    "sizing.size_up",  # arithmetic: nothing to run by hand
    "server_tokens.answers",  # a proof that needs notebook 09's reference, not a part of the guide
    "server.manifest",  # part of server.deploy's lines
    "server.wait_started",  # streaming.wait_available waits for more
    "streaming.cold_start",
}
"""Steps of the notebooks that the script leaves out, each for its reason."""

END = "-- end of the call --"
STUB = f"""#!/bin/bash
printf '%s\\0' "${{0##*/}}" "$@" "{END}" >> "$CALLS"
echo vllm-streamer 415104041262
"""


def called(lines, folder):
    """Run the script with stubs for every client; return what it called, word for word."""
    for name in ("gcloud", "kubectl", "curl"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    environ = {**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(folder / "calls")}
    (folder / "calls").write_text("")
    subprocess.run(
        ["bash"], input=lines, text=True, env=environ, cwd=folder, check=True, capture_output=True
    )
    words = (folder / "calls").read_text().split("\0")
    calls = [[]]
    for word in words:
        calls.append([]) if word == END else calls[-1].append(word)
    return calls[:-1]


def choices_of(mode, **more):
    place = "us-central1" if mode == "autopilot" else "us-central1-a"
    chosen = {"project_id": "my-project", "model_uri": "gs://my-bucket/models/my-llama"}
    return Settings.parse({**chosen, "mode": mode, "location": place, **more})


@pytest.mark.parametrize("mode", ["autopilot", "standard"])
def test_the_script_runs_to_its_end_in_the_guides_order(mode, tmp_path):
    said = [words[:4] for words in called(script(choices_of(mode)), tmp_path)]
    verbs = [
        ["gcloud", "services", "enable"],
        ["gcloud", "projects", "add-iam-policy-binding"],
        ["gcloud", "container", "clusters", "create-auto" if mode == "autopilot" else "create"],
        *([["gcloud", "container", "node-pools", "create"]] if mode == "standard" else []),
        ["gcloud", "container", "clusters", "get-credentials"],
        ["kubectl", "create", "namespace"],
        ["kubectl", "create", "serviceaccount"],
        ["gcloud", "storage", "buckets", "add-iam-policy-binding"],
        ["kubectl", "create", "-f"],
        ["kubectl", "wait"],
        ["kubectl", "logs"],
        ["curl"],
        ["gcloud", "storage", "buckets", "anywhere-caches"],
    ]
    firsts = [next(i for i, words in enumerate(said) if words[: len(v)] == v) for v in verbs]
    assert firsts == sorted(firsts)


def test_the_cleanup_is_printed_only_when_it_is_asked_for(settings, tmp_path):
    assert "delete" not in script(settings).replace("until they are deleted", "")
    said = called(script(settings, ["10"]), tmp_path)
    assert ["gcloud", "container", "clusters", "delete"] in [words[:4] for words in said]


def test_one_part_begins_with_the_credentials_that_kubectl_needs(settings, tmp_path):
    said = called(script(settings, ["06"]), tmp_path)
    assert said[0][:4] == ["gcloud", "container", "clusters", "get-credentials"]
    assert said[1] == ["kubectl", "create", "-f", "vllm-deployment.yaml"]


@pytest.mark.parametrize("more", [{"cache_scope": "region"}, {"zone": "us-central1-b"}, {}])
def test_a_cache_has_a_zone_in_every_case(more, tmp_path):
    said = called(script(choices_of("autopilot", **more), ["08"]), tmp_path)
    create = next(words for words in said if words[3:5] == ["anywhere-caches", "create"])
    assert len(create) >= 7 and "ZONE" not in create


def test_every_step_of_the_notebooks_is_in_the_script_or_left_out_for_a_reason():
    printed = {
        f"{step.__module__.split('.')[2]}.{step.__name__}" for p in sections() for step in p.steps
    }
    cells = "\n".join(path.read_text() for path in SOURCES.glob("*.py"))
    carried_out = set(re.findall(r"\b(\w+\.\w+)\(\s*settings, clients", cells))
    assert carried_out - printed == LEFT_OUT


def test_a_notebook_without_commands_is_refused_with_those_that_have_some(settings):
    with pytest.raises(SettingsError, match="01 has no commands") as refused:
        script(settings, ["01"])
    assert "02, 03" in refused.value.remedy


def test_the_command_line_prints_it_in_the_readers_language(capsys):
    given_ = ["-p", "project_id", "my-project", "-p", "model_uri", "gs://my-bucket/m"]
    assert main(["commands", "--notebook", "5,06", *given_, "--language", "es"]) == 0
    told = capsys.readouterr().out
    assert "# 05 · Federación de identidades" in told
    assert "# 07" not in told
    assert main(["commands", *given_, "--cleanup"]) == 0
    texts.speak("en")
    assert main(["commands"]) == 2
    assert "project_id: still empty" in capsys.readouterr().err


def test_a_closed_pipe_causes_no_traceback():
    line = "-m warmbook commands -p project_id my-project -p model_uri gs://my-bucket/m | head -1"
    done = subprocess.run(
        ["bash", "-c", f"{shlex.quote(sys.executable)} {line}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "#!/usr/bin/env bash\n"
    assert done.stderr == ""


@settings_of_hypothesis(max_examples=25, deadline=None)
@given(
    path=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30),
    account=st.from_regex(r"[^@\s:\x00]{1,9}@[^@\s:\x00]{1,9}", fullmatch=True),
)
def test_typed_values_arrive_unchanged_in_the_script(path, account, tmp_path_factory):
    try:
        chosen = choices_of("autopilot", model_uri=f"gs://my-bucket/{path}", account=account)
    except WarmbookError:
        return
    said = called(script(chosen), tmp_path_factory.mktemp("stubs"))
    assert ["gcloud", "storage", "ls", "--long", f"{chosen.model_uri}/"] in said
    member = next(w for words in said for w in words if w.startswith("--member=user:"))
    assert member == f"--member=user:{chosen.account}"
