"""Standard streams that a program has closed, or whose encoding lacks a character."""

import os
import subprocess
import sys

import pytest

CLOSED = 'exec {redirection}; exec "$0" -m warmbook "$@"'


def run(*arguments, redirection="", **environ):
    """Run the command line with the shell's redirections; return its status and outputs."""
    command = ["bash", "-c", CLOSED.format(redirection=redirection), sys.executable, *arguments]
    ran = subprocess.run(
        command, capture_output=True, stdin=subprocess.DEVNULL, env={**os.environ, **environ}
    )
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


@pytest.mark.parametrize(
    "arguments", [["lint", "-"], ["diagnose", "-"], ["timeline", "--log", "-"]]
)
def test_closed_input_is_empty(arguments):
    status, _, told = run(*arguments, redirection="<&-")
    assert (status, told.splitlines()[0][:9]) == (2, "warmbook:")


def test_closed_outputs_take_what_is_printed():
    assert run("size", "/nosuch", redirection="<&- >&-")[0] == 2
    assert run("list", redirection="<&- >&- 2>&-")[0] == 0
    status, printed, _ = run("size", "/nosuch", redirection="2>&-")
    assert (status, printed) == (2, "")  # an error is no output


@pytest.mark.parametrize("environ", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp1252"}])
def test_a_character_that_the_encoding_lacks_becomes_a_question_mark(environ, tmp_path):
    status, printed, _ = run("notebooks", str(tmp_path / "copies"), **environ)
    assert (status, printed[:4]) == (0, "  ? ")
