"""Which command lines are those of a seat's supervisor."""

from pathlib import Path

import pytest

from warmbook.book.classroom.command_lines import is_supervisor

CLASS = Path("/srv/warmbook/class")
PYTHON = ("python", "-m", "warmbook")
LAB = ("--", "jupyter", "lab")


@pytest.mark.parametrize(
    "words",
    [
        (*PYTHON, "class", "seat", "ana", "--folder", str(CLASS), *LAB),
        (*PYTHON, "class", "seat", "ana", f"--folder={CLASS}/", *LAB),
        (*PYTHON, "class", "seat", "--folder", str(CLASS), *LAB),
        ("python", "/usr/bin/warmbook", "class", "seat", "ana", "--folder", "class", *LAB),
        (*PYTHON, "class", "seat", "ana", *LAB),
    ],
)
def test_a_supervisor_is_known_by_its_command_line(words):
    assert is_supervisor(words, "ana", CLASS)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("",),
        ("firefox",),
        ("class",),
        (*PYTHON, "class", "stop", "--folder", str(CLASS)),
        (*PYTHON, "class", "seat", "luis", "--folder", str(CLASS), *LAB),
        (*PYTHON, "class", "seat", "ana", "--folder", "/srv/other", *LAB),
        (*PYTHON, "class", "seat", "ana", "--folder=/srv/other", *LAB),
        ("sh", "--", *PYTHON, "class", "seat", "ana", "--folder", str(CLASS)),
    ],
)
def test_any_other_process_is_not_the_supervisor(words):
    assert not is_supervisor(words, "ana", CLASS)
