import ast
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook.__main__ import main
from warmbook.book.cli import render
from warmbook.display.banner import ShownClients
from warmbook.display.card import Card, Row
from warmbook.display.check import Passed
from warmbook.display.progress import Progress
from warmbook.errors import WarmbookError
from warmbook.serving import manifest
from warmbook.serving.draft import Improvement
from warmbook.terminal import INSTEAD, one_line, printable, show


@pytest.mark.parametrize(
    "steering",
    [
        *("\x1b", "\x07", "\x08", "\r", "\0", "\x7f", "\x9b", "\x9d", "\x85"),
        *("\u202e", "\u2066", "\u200f", "\u061c", "\ufeff", "\u2028", "\u2029", "\ud800"),
    ],
)
def test_control_characters_are_replaced(steering):
    assert printable(f"a{steering}b") == f"a{INSTEAD}b"


@pytest.mark.parametrize(
    "text", ["añil 模型 🙂", "a\n\tb", "👩\u200d🔧", "क\u200dष", "e\u0301", "a\u00a0b"]
)
def test_ordinary_text_is_kept(text):
    assert printable(text) == text


@settings_of_hypothesis(deadline=None)  # other work may keep the machine busy
@given(st.text() | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]))
def test_what_is_shown_can_be_written_and_stays_where_it_is(text):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    show(text, stream)
    written = stream.buffer.getvalue().decode()
    assert not set(written) & set("\x1b\r\x9b\u202e")
    assert len(one_line(text).splitlines()) <= 1
    assert printable(written) == written


STEERING = "\x1b]0;renamed\x07\x9b2J\u202e\r"


class Plain(Card):
    def title(self):
        return f"a\n{STEERING}"

    def rows(self):
        return (Row(STEERING, STEERING),)

    def note(self):
        return STEERING


def test_text_output_has_no_control_characters():
    error = WarmbookError(STEERING, remedy=STEERING)
    shown = [
        repr(Plain()),
        str(Row(STEERING, STEERING)),
        repr(Passed(STEERING)),
        repr(Progress(STEERING, STEERING, 1.0, 2.0)),
        repr(ShownClients(STEERING, environ={})),
        *error._render_traceback_(),
    ]
    for text in shown:
        assert printable(text) == text
        assert INSTEAD in text


@pytest.mark.parametrize(
    ("words", "stream"),
    [
        (["lint", f"/nowhere/{STEERING}"], "err"),
        (["commands", "-p", "project_id", STEERING], "err"),
        (["commands", "-p", STEERING, "x"], "err"),
        (["commands", "--notebook", STEERING], "err"),
        (["compare", STEERING, STEERING], "err"),
        (["report", STEERING], "err"),
        (["timeline", "--log", f"/nowhere/{STEERING}"], "err"),
        (["weights", STEERING], "err"),
        (["lab", STEERING, STEERING], "err"),
        ([STEERING], "err"),
        (["list", STEERING], "err"),
    ],
)
def test_the_command_line_repeats_arguments_without_control_characters(words, stream, capfd):
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    assert status in (1, 2)
    told = capfd.readouterr()
    assert getattr(told, stream)
    assert printable(told.out + told.err) == told.out + told.err


def test_a_hostile_file_is_not_shown_as_it_is(tmp_path, capsys, choices):
    words = [word for name, value in choices.items() for word in ("-p", name, value)]
    (tmp_path / "workbook.yaml").write_text('settings: {"\\e]0;x\\a\\u202e": 1}')
    assert main(["commands", *words]) == 0
    image = {"image": "vllm/\x1b[2J\u202e:x", "args": ["--\x9b=1", 3]}
    (tmp_path / "pod.json").write_text(json.dumps({"spec": {"containers": [image]}}))
    assert main(["lint", str(tmp_path / "pod.json")]) == 1
    assert main(["lint", "--format", "json", str(tmp_path / "pod.json")]) == 1
    told = capsys.readouterr()
    assert "·" in told.err and "·" in told.out
    assert printable(told.out + told.err) == told.out + told.err


def test_a_reason_above_a_manifest_stays_a_comment(tmp_path, capsys, monkeypatch):
    improvement = Improvement("a\u2028kind: Other", "b\nkind: Other\x85kind: Other")
    monkeypatch.setattr(manifest, "improvements", lambda *_: (improvement,))
    monkeypatch.setattr(render, "_needs", lambda *_: None)
    words = ["-p", "project_id", "my-project", "-p", "model_uri", "gs://my-bucket/m"]
    assert main(["manifest", *words]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["kind"] == "Deployment"


WRITERS = {"sys.stdout.write", "sys.stderr.write"}


def test_one_module_prints():
    library = Path(__file__).parents[1] / "lib" / "warmbook"
    printing = {
        path.relative_to(library).as_posix()
        for path in library.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in WRITERS)
    }
    in_pods = {name for name in printing if name.startswith("data/")}
    assert printing - in_pods == {"terminal.py"}


def test_these_modules_alone_escape_markup_and_read_or_write_yaml():
    library = Path(__file__).parents[1] / "lib" / "warmbook"
    uses = {"html.escape": set(), "yaml.load": set(), "yaml.dump": set()}
    for path in library.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            name = name.replace("yaml.safe_", "yaml.").replace("_all", "")
            if name in uses:
                uses[name].add(path.relative_to(library).as_posix())
    assert uses == {
        "html.escape": {
            *("display/card.py", "display/unbroken.py"),
            "measure/runs/comparison/pull_request.py",
        },
        "yaml.load": {"limited_yaml.py"},
        "yaml.dump": {"serving/guide_manifest.py", "workbook.py"},
    }
