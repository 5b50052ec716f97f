"""The shell lines in messages about a class."""

from pathlib import Path

import pytest

from warmbook.book.classroom.commands import FOLDER, command


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        (FOLDER, "warmbook class stop"),
        (FOLDER.absolute(), "warmbook class stop"),
        (Path("/srv/warmbook/class"), "warmbook class stop --folder /srv/warmbook/class"),
        (Path("my class"), "warmbook class stop --folder 'my class'"),
    ],
)
def test_a_folder_is_named_unless_it_is_the_usual_one(folder, line):
    assert command(folder, "stop") == line
