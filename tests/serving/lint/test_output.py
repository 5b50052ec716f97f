"""Reports for code hosts: SARIF 2.1.0 and GitHub's workflow commands; and what is not read."""

import ast
import json
import os
import time
from pathlib import Path

import jsonschema
import pytest

from warmbook.__main__ import main
from warmbook.limited_yaml import YamlError
from warmbook.serving import lint
from warmbook.serving.lint import examine, files
from warmbook.serving.lint.descriptions import descriptions
from warmbook.terminal import printable

POD = """kind: Pod
metadata: {name: p}
spec:
  nodeName: n
  containers:
  - name: s
    image: vllm/vllm-openai:v0.32.0
    args:
    - --model=org/m
    - --disable-log-requests
    resources: {limits: {nvidia.com/gpu: 1}}
"""
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "artifactLocation": {"properties": {"uri": {"type": "string"}}},
                "region": {
                    "required": ["startLine", "startColumn", "endLine", "endColumn"],
                    "additionalProperties": {"type": "integer", "minimum": 1},
                },
            },
        }
    },
}
TOLD = {"type": "string", "minLength": 1, "maxLength": 1024}
TEXT = {"required": ["text"], "properties": {"text": TOLD}}
RULE = {  # GitHub, "SARIF support for code scanning"
    "required": ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration"],
    "additionalProperties": False,
    "properties": {
        "id": TOLD,
        "name": {"type": "string", "maxLength": 255},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "defaultConfiguration": {"properties": {"level": {"enum": ["note", "warning", "error"]}}},
    },
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
SARIF = {  # OASIS, sarif-schema-2.1.0.json: of it what a report has
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": RULE,
                                    }
                                },
                            }
                        },
                    },
                    "invocations": {
                        "type": "array",
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "toolExecutionNotifications": {
                                    "items": {
                                        "required": ["message"],
                                        "properties": {"level": LEVEL, "message": MESSAGE},
                                    }
                                }
                            },
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": LEVEL,
                                "message": MESSAGE,
                                "partialFingerprints": {
                                    "required": ["primaryLocationLineHash"],
                                    "additionalProperties": TOLD,
                                },
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "locations": {"type": "array", "items": LOCATION},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture
def pod(tmp_path):
    file = tmp_path / "a pod.yaml"
    file.write_text(POD)
    return file


def test_sarif_has_what_its_schema_asks_for(pod, tmp_path, capsys):
    (tmp_path / "broken.yaml").write_text("a: [")
    words = ["lint", str(pod), str(tmp_path / "broken.yaml"), "--format", "sarif"]
    assert main(words) == 1
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SARIF)
    (run,) = told["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("flag-refused", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert place["artifactLocation"]["uri"].endswith("/a%20pod.yaml")
    assert (place["region"]["startLine"], place["region"]["endLine"]) == (10, 10)
    assert result["partialFingerprints"]["primaryLocationLineHash"].endswith(":1")
    assert run["invocations"][0]["executionSuccessful"] is False


def test_each_rule_that_the_library_has_is_described():
    folder = Path(lint.__file__).parent / "rules"
    calls = (node for file in folder.glob("*.py") for node in ast.walk(ast.parse(file.read_text())))
    named = [
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "LintFinding"
    ]
    assert len(named) > 20
    assert set(named) == descriptions().keys()


def test_githubs_commands_have_file_and_line_and_cannot_be_broken_by_values(tmp_path, capsys):
    file = tmp_path / "a,b.yaml"
    file.write_text(POD.replace("--disable-log-requests", '"--disable-log-requests=%0A\\n::x"'))
    assert main(["lint", str(file), "--format", "github"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error file=")
    assert "a%2Cb.yaml,line=10,title=flag refused::--disable-log-requests" in line


def test_exit_statuses(pod, tmp_path, capsys):
    fine = tmp_path / "fine.yaml"
    fine.write_text(POD.replace("    - --disable-log-requests\n", ""))
    shared = POD.replace("disable-log-requests", "tensor-parallel-size=2").replace(
        "gpu: 1", "gpu: 2"
    )
    (tmp_path / "warned.yaml").write_text(shared)
    assert main(["lint", str(fine)]) == 0
    assert main(["lint", str(fine), str(pod)]) == 1
    assert main(["lint", str(tmp_path / "warned.yaml")]) == 0
    assert main(["lint", str(tmp_path / "warned.yaml"), "--fail-on", "warning"]) == 1
    assert main(["lint", str(fine), str(tmp_path / "none.yaml")]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\1\2\x1b[2J",
        b"\xff\xfe\x00",
        b"a: 2024-13-45\nb: " + b"9" * 5000,
        b"a: !!int x",
        b"a: &a [*a]",
        b"[" * 5000,
        b"%YAML 9\n--- x",
        b"kind: Pod\nspec: {containers: 5}",
        b'a: "\\e]0;x\\a"\nkind: \x1b',
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_what_is_no_manifest_is_refused_in_a_sentence(content, form, tmp_path, capsys):
    (tmp_path / "x.yaml").write_bytes(content)
    assert main(["lint", str(tmp_path / "x.yaml"), "--format", form]) == 2
    told = capsys.readouterr()
    first = (told.out if form == "github" else "") or told.err
    assert first.startswith(("warmbook: ", "::error ")) and "Traceback" not in told.err
    assert printable(told.out + told.err) == told.out + told.err


def test_a_folder_and_a_pipe_without_a_writer_are_refused(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    begun = time.monotonic()
    assert main(["lint", str(tmp_path)]) == 2
    assert main(["lint", str(tmp_path / "pipe")]) == 2
    assert time.monotonic() - begun < 30
    capsys.readouterr()


def test_an_unexpanded_variable_is_reported_once():
    told = POD.replace("--model=org/m", "--model=$M").replace(
        "    args:", "    env: [{name: M, value: m}]\n    args:"
    )
    text = told.replace("    - --disable-log-requests", "    - --tensor-parallel-size\n    - $M")
    found = [(one.name, one.what) for one in examine(text, "x").findings]
    assert found == [("no shell", "--model=$M"), ("no shell", "$M")]


def test_a_file_given_twice_is_reported_once(pod, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.yaml").symlink_to(pod)
    words = ["lint", pod.name, f"./{pod.name}", str(pod), "link.yaml", "--format", "json"]
    assert main(words) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["line"]) for one in told["findings"]] == [(pod.name, 10)]
    assert (len(told["servers"]), told["documents"]) == (1, 1)


def test_skipped_files_are_reported_once_to_github(tmp_path, capsys):
    assert main(["lint", str(tmp_path / "none.yaml"), "--format", "github"]) == 2
    told = capsys.readouterr()
    assert told.out.count("::error") == 1
    assert told.err == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_files_with_a_byte_order_mark_and_windows_lines_are_read(encoding, tmp_path):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = POD.replace("    args:", "    command: [bash, -c]\n    args:").replace(
        "    - --model=org/m\n    - --disable-log-requests\n",
        "    - |\n      vllm serve org/m \\\n        --disable-log-requests\n",
    )
    (tmp_path / "x.yaml").write_bytes((mark + text.replace("\n", "\r\n")).encode(encoding))
    found = examine(files.text_of(tmp_path / "x.yaml"), "x").findings
    assert [(one.name, one.line) for one in found] == [("flag refused", 12)]
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfea")
    with pytest.raises(YamlError):
        files.text_of(tmp_path / "x.yaml")
