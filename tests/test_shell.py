"""Whatever a value holds, a shell line passes it on as it is and runs nothing of it."""

import ast
import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook.book.cli.live import sweep_command
from warmbook.book.gym.commands import COMMANDS
from warmbook.book.script import script
from warmbook.doctor.preflight import fixes
from warmbook.model.upload.multipart import Unfinished
from warmbook.model.upload.pool import Stray
from warmbook.serving.shell_commands import gcloud, kubectl, leftovers
from warmbook.settings import Settings
from warmbook.shell import quoted
from warmbook.steps import compare, probe, upload
from warmbook.steps.cleanup import plan
from warmbook.terminal import one_line, printable

LIBRARY = Path(__file__).parents[1] / "lib" / "warmbook"
TOOLS = ("gcloud", "kubectl", "curl", "hf", "python")
STUB = """#!/bin/bash
printf '%s\\0' "${0##*/}" "$@" > "$CALLS/$$"
echo vllm-streamer 415104041262
"""
HOSTILE = [
    "$(touch ran)",
    "`touch ran`",
    "a'; touch ran; '",
    'a"; touch ran; "',
    '"); import os; os.system("touch ran"); ("',
    "a\ntouch ran\n",
    "a\nEOF\ntouch ran\n",
    "a b  c\\",
    "--flag=x | touch ran & touch ran > ran",
    "\x1b[2J\x9b\u202e\u2028\x85\t",
    "*?[a]~{b,c}!#",
    "ñ 模 🙂",
]
MAKERS = {
    "serving/shell_commands/gcloud.py",
    "serving/shell_commands/kubectl.py",
    "serving/shell_commands/leftovers.py",
    "doctor/preflight/fixes.py",
    "steps/cleanup/plan.py",
    "steps/compare.py",
    "steps/probe.py",
    "steps/upload.py",
    "book/cli/live.py",
    "book/cli/notebooks.py",
    "book/gym/commands.py",
}
"""Modules that put values into shell lines; what they make is in `LINES`, or has its own test."""


def leftovers_of(settings):
    """Return every command of `leftovers`, each value of which is the settings'."""
    value = settings.project_id
    return "\n".join(
        (
            leftovers.delete_cluster(value, value, value),
            leftovers.delete_node_pool(value, value, value, value),
            leftovers.disable_cache(value, value),
            leftovers.revoke_role(value, value, value),
        )
    )


def gym_commands(kind, settings):
    """Return the commands that show a kind of evidence."""
    return "\n".join(COMMANDS[kind](settings))


LINES = {
    **{
        f"{module.__name__.rpartition('.')[2]}.{name}": made
        for module in (gcloud, kubectl)
        for name, made in vars(module).items()
        if not name.startswith("_") and getattr(made, "__module__", "") == module.__name__
    },
    "live.sweep_command": lambda settings: sweep_command(
        Path(settings.project_id), [(settings.project_id, settings.project_id)]
    ),
    "fixes.quota_project": fixes.quota_project,
    "fixes.link_billing": fixes.link_billing,
    "fixes.enable": lambda settings: fixes.enable(settings, [settings.project_id]),
    "fixes.act_as": lambda settings: fixes.act_as(settings, settings.project_id),
    "fixes.machine_types": fixes.machine_types,
    "fixes.create_bucket": fixes.create_bucket,
    "fixes.uniform_access": fixes.uniform_access,
    "fixes.grant_to": lambda settings: fixes.grant_to(settings, settings.project_id),
    "fixes.federate": fixes.federate,
    "fixes.serve_metadata": fixes.serve_metadata,
    "fixes.latest_driver": fixes.latest_driver,
    "fixes.mount_buckets": fixes.mount_buckets,
    "fixes.larger_disk": lambda settings: fixes.larger_disk(
        settings.model_copy(update={"mode": "standard"}), 200
    ),
    "fixes.upgrade": lambda settings: fixes.upgrade([settings.project_id]),
    "leftovers": leftovers_of,
    "plan": plan._look_command,
    "compare": compare._by_hand,
    "probe": probe._by_hand,
    "script": script,
    **{f"gym.{kind}": partial(gym_commands, kind) for kind in COMMANDS},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of programs that write down how they were called."""
    made = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        (made / name).write_text(STUB)
        (made / name).chmod(0o755)
    return made


def called(line, folder, cwd):
    """Run a line; return what it called, word for word."""
    calls = Path(tempfile.mkdtemp(dir=folder))  # a file for each: two may run at once in a pipe
    environ = {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "HOME": "/nowhere"}
    done = subprocess.run(
        ["bash"], input=line.encode(), env=environ, cwd=cwd, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    files = sorted(calls.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    words = [file.read_bytes().decode().split("\0")[:-1] for file in files]
    return [call for call in words if call]  # a tunnel may be killed before it has written


def of(mode, value):
    """Return settings that no rule has seen, with the value in every text."""
    texts = {
        name: value
        for name, field in Settings.model_fields.items()
        if field.annotation is str and name != "model_uri"
    }
    fixed = {"mode": mode, "language": "en", "cache_scope": "region", "object_role": "objectUser"}
    source = f"/somewhere/{value}"
    return Settings.model_construct(
        **{**texts, **fixed, "model_uri": f"gs://bucket/{value}", "model_source": source}
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["autopilot", "standard"])
@pytest.mark.parametrize("value", HOSTILE)
def test_shell_lines_execute_no_part_of_an_unvalidated_value(folder, tmp_path, value, mode):
    settings = of(mode, value)
    shown = [made(settings) for name, made in LINES.items() if name != "script"]
    calls = called("\n".join(f"({line}\n)" for line in shown if line), folder, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"vllm-deployment.yaml"}
    assert {call[0] for call in calls} == {"gcloud", "kubectl", "curl", "python"}
    for call in (
        ["gcloud", "projects", "describe", value],
        ["gcloud", "storage", "ls", "--long", f"gs://bucket/{value}/"],
        ["kubectl", "create", "namespace", value],
        ["gcloud", "container", "clusters", "delete", value, f"--project={value}"],
    ):
        assert call in [one[: len(call)] for one in calls], call
    (read,) = [one for one in calls if "python3" in one]
    assert read[-1] == f"gs://bucket/{value}"
    assert compile(read[-2], "read_weights", "exec")
    assert value not in read[-2]


@pytest.mark.parametrize("value", HOSTILE)
def test_shell_lines_contain_no_control_characters(value):
    for name, made in LINES.items():
        shown = made(of("standard", value))
        assert printable(shown) == shown, name


@pytest.mark.parametrize("value", ["$(touch ran)", "a'; touch ran; '", 'a"); print("', "ñ 模 🙂"])
def test_an_accepted_model_address_is_unchanged_in_the_script(folder, tmp_path, value):
    settings = Settings.parse({"project_id": "my-project", "model_uri": f"gs://my-bucket/{value}"})
    calls = called(script(settings), folder, tmp_path)
    assert ["gcloud", "storage", "ls", "--long", f"{settings.model_uri}/"] in calls
    assert {path.name for path in tmp_path.iterdir()} == {"vllm-deployment.yaml"}
    ((*_, uri),) = called(kubectl.read_weights(settings), folder, tmp_path)
    assert uri == settings.model_uri


def test_the_address_of_an_unfinished_upload_is_one_word(folder, tmp_path):
    upload_ = Unfinished("a'; touch ran; '", "$(touch ran)", "")
    stray = Stray(upload_, 1, "https://host/$(touch ran)")
    assert called(upload._abort(stray), folder, tmp_path)[-1][-1].endswith("=$(touch ran)")
    assert list(tmp_path.iterdir()) == []


@settings_of_hypothesis(max_examples=50, deadline=None)
@given(
    values=st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        min_size=1,
        max_size=20,
    )
)
def test_a_quoted_value_is_one_word_for_bash(values):
    line = "printf '%s\\0' " + " ".join(map(quoted, values))
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().split("\0")[:-1] == values
    assert one_line(line) == line


def test_a_name_of_other_octets_is_passed_on_by_them():
    name = os.fsdecode(b"a\xff")
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted(name)}"], capture_output=True, check=True
    )
    assert done.stdout == b"a\xff"
    assert quoted("\ud800") == r"$'\xed\xa0\x80'"  # no name has that, but a text of JSON may


def trees():
    for path in LIBRARY.rglob("*.py"):
        if "data" not in path.relative_to(LIBRARY).parts:  # scripts that run in Pods
            yield path.relative_to(LIBRARY).as_posix(), ast.parse(path.read_text())


def test_one_module_quotes():
    quoting = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(one.name == "shlex" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "shlex")
    }
    assert quoting == {"shell.py"}


def test_these_modules_alone_put_values_into_shell_lines():
    found = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and isinstance(first := node.values[0], ast.Constant)
        and str(first.value).lstrip().startswith(tuple(f"{tool} " for tool in TOOLS))
    }
    assert found == MAKERS


def test_each_command_that_fixes_something_is_tested_with_hostile_values():
    made = {
        name
        for name, function in vars(fixes).items()
        if getattr(function, "__module__", "") == fixes.__name__ and not name.startswith("_")
    }
    without_values = {"after", "install_driver"}  # the first only chooses one of the others
    assert {f"fixes.{name}" for name in made - without_values} <= LINES.keys()
