"""Commands with ticks, with input, and with the end of their output where they fail."""

from __future__ import annotations

import pytest

from warmbook_rehearsal.installer import CommandError, command

LATE = ["sh", "-c", "read line; sleep 0.3; echo got $line"]


def test_a_command_that_takes_longer_than_a_tick_gets_its_input_once(monkeypatch):
    monkeypatch.setattr(command, "TICK_S", 0.05)
    ticks = []
    with command.started(LATE) as process:
        assert command.finish(process, lambda: ticks.append(1), given="it\n") == "got it\n"
    assert len(ticks) > 1


def test_a_command_that_is_given_nothing_does_not_wait_for_input():
    assert command.run(LATE) == "got\n"


def test_a_command_that_fails_shows_the_end_of_its_output_without_passwords():
    script = "seq 20; echo https://user:secret@index.example/simple; exit 3"
    with pytest.raises(CommandError) as raised:
        command.run(["sh", "-c", script])
    told = str(raised.value).split()
    assert told[-2:] == ["20", "https://index.example/simple"]
    assert len(told) == command.LAST_LINES
