"""The exit status of a run in which something can't be written: how the run ended goes first."""

import os
import sys

import pytest

from warmbook.__main__ import main

ENDS = [
    ({"_04": "failed"}, 1),
    ({"_10": "failed"}, 4),
    ({"_04": "twice"}, 130),
    ({"_04": "terminated"}, 143),
]


@pytest.fixture
def run(tmp_path):
    """Run notebook 04, and 10 where it is named, with a file for JUnit XML."""

    def run(*more, only="04"):
        files = ("--out", str(tmp_path / "out"), "--junit", str(tmp_path / "junit.xml"))
        return main(["run", "--only", only, *files, *more])

    return run


FILES = ("junit.xml", "out/run.json")


@pytest.mark.parametrize(("ends", "status"), [*ENDS, ({}, 2)])
def test_unwritable_files_are_reported_and_only_status_0_becomes_2(
    play, run, tmp_path, capsys, ends, status
):
    play(lambda: [(tmp_path / file).mkdir(exist_ok=True) for file in FILES], **ends)
    assert run(only="04,10") == status
    told = capsys.readouterr().err
    assert [file in told for file in FILES] == [True, True]
    assert ("Stopped." in told) == (status > 128)


@pytest.fixture
def closed_pipe(monkeypatch):
    """Let nobody read the standard stream of this name."""

    def close(name):
        reader, writer = os.pipe()
        os.close(reader)
        monkeypatch.setattr(sys, name, os.fdopen(writer, "w", encoding="utf-8"))

    return close


@pytest.mark.parametrize(("ends", "status"), [*ENDS, ({}, 0)])
def test_a_closed_pipe_at_the_end_does_not_change_the_status(play, run, closed_pipe, ends, status):
    def close():
        closed_pipe("stdout")
        closed_pipe("stderr")

    play(close, **ends)
    assert run(only="10" if "_10" in ends else "04") == status


def test_a_run_cut_off_by_a_closed_pipe_fails(play, run, closed_pipe):
    ran = play(lambda: closed_pipe("stdout"))
    assert run(only="04,05") == 1
    assert [number for number, _ in ran] == ["04"]
