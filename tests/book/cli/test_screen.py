"""What a person sees in a terminal of some width, and what a program gets from a pipe."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from warmbook.book.cli.screen import show_wrapped
from warmbook.terminal import printable

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SAVED = Path(__file__).parents[2] / "golden" / "startlogs" / "vllm-0.9.0-streamer-0.12.log"
LONG = "  ✗ name: " + "some words that go on " * 8 + "[bold]end[/bold]"
ANSWERS = {
    "lint": ["lint", "manifest.yaml"],
    "list": ["list"],
    "diagnose": ["diagnose", "--log", str(SAVED)],
}


class Window:
    """A terminal of so many columns, and what was written to it."""

    def __init__(self, columns):
        self.ours, self.theirs = pty.openpty()
        size = struct.pack("HHHH", 25, columns, 0, 0)
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, size)

    def read(self):
        """Return what was written, once every writer has closed it."""
        os.close(self.theirs)
        written = b""
        while True:
            try:
                some = os.read(self.ours, 65536)
            except OSError:
                some = b""  # how Linux says that the other end is closed
            if not some:
                os.close(self.ours)
                return written.decode().replace("\r\n", "\n")
            written += some


@pytest.fixture
def manifest(tmp_path):
    args = "[serve, --model=gs://b/m, --load-format=runai_streamerr, --kv-cache-dtype=none]"
    container = f"{{name: v, image: vllm/vllm-openai:v0.11.1, args: {args}}}"
    (tmp_path / "manifest.yaml").write_text(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{container}]}}\n"
    )
    return tmp_path


def carried_out(words, folder, window=None, **environ):
    own = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")  # what would speak for the window
    environment = {name: value for name, value in os.environ.items() if name not in own}
    command = [sys.executable, "-m", "warmbook", *words]
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1", **environ}
    end = window.theirs if window else subprocess.PIPE
    program = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=end, stderr=end
    )
    if window is None:
        return program.communicate(timeout=60)[0].decode()
    told = window.read()
    program.wait(timeout=60)
    return told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "columns"),
    [("lint", 40), ("lint", 80), ("lint", 200), ("list", 80), ("diagnose", 40)],
)
def test_a_window_has_lines_that_fit_and_a_pipe_the_same_words(verb, columns, manifest):
    told = COLOUR.sub("", carried_out(ANSWERS[verb], manifest, Window(columns)))
    piped = carried_out(ANSWERS[verb], manifest)
    assert printable(told) == told
    assert told.split() == piped.split()
    for line in told.splitlines():
        fits = len(line) <= columns or len(line.split()) == 1 or line.startswith("      ")
        assert fits or "  " in line.strip(), line


@pytest.mark.slow
def test_marks_have_colours_in_a_window_alone(manifest):
    words = ANSWERS["lint"]
    assert "\x1b[31m✗" in carried_out(words, manifest, Window(80))
    assert "\x1b" not in carried_out(words, manifest, Window(80), NO_COLOR="1")
    assert "\x1b" not in carried_out(words, manifest)
    forced = carried_out(words, manifest, FORCE_COLOR="1")
    assert "\x1b[31m✗" in forced
    assert COLOUR.sub("", forced) == carried_out(words, manifest)


@pytest.mark.slow
def test_piped_output_does_not_import_rich(manifest):
    code = "import sys; from warmbook.__main__ import main; main(['lint', 'manifest.yaml'])"
    code += "; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=manifest, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "False"


def shown(text, columns, monkeypatch, **environ):
    window = Window(columns)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": str(columns), **environ}.items():
        monkeypatch.setenv(name, value)
    with open(os.dup(window.theirs), "w", encoding="utf-8") as stream:  # noqa: PTH123
        show_wrapped(text, stream)
    return window.read()


def test_continuation_lines_are_indented_and_markup_stays_text(monkeypatch):
    told = shown(LONG, 40, monkeypatch, NO_COLOR="1").splitlines()
    assert len(told) > 4
    assert told[0].startswith("  ✗ name: some")
    assert all(line.startswith("    ") and line[4] != " " for line in told[1:])
    assert " ".join(" ".join(told).split()) == " ".join(LONG.split())
    assert "[bold]end[/bold]" in told[-1]


def test_a_command_an_address_and_a_tables_row_are_never_broken(monkeypatch):
    command = "      gcloud " + "--option=value " * 12 + "\\"
    row = "cold start  " + "12.0 s  " * 12 + "end"
    address = "gs://bucket/" + "folder" * 12
    told = shown(f"{command}\n{row}\n  see {address} now", 40, monkeypatch).splitlines()
    assert told == [command, row, "  see", f"    {address}", "    now"]


def test_control_characters_are_replaced_in_coloured_output_too(monkeypatch):
    told = shown("✗ a\x1b[2J\x1b[31mb\x1b]0;c\x07\u202e", 80, monkeypatch)
    assert told == "\x1b[31m✗\x1b[0m a·[2J·[31mb·]0;c··\n"
