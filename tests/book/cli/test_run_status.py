"""The exit status of a run in which something can't be written: how the run ended goes first."""

import os
import sys

import pytest

from warmbook.__main__ import main
from warmbook.book.cli import run as cli_run
from warmbook.measure.runs.record import read

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


@pytest.fixture
def full_disk(monkeypatch):
    """Print onto a disk that has no room left."""

    def fill():
        stream = os.fdopen(os.open("/dev/full", os.O_WRONLY), "w", encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", stream)

    return fill


@pytest.mark.parametrize("ends", [{}, {"_04": "failed"}])
def test_a_run_whose_output_cannot_be_written_reports_it_once(play, run, full_disk, capsys, ends):
    ran = play(full_disk, **ends)
    assert run(only="04,05") == (1 if ends else 2)
    assert [number for number, _ in ran] == ["04"]
    assert capsys.readouterr().err.count("warmbook:") == 1


@pytest.mark.parametrize(("output", "status"), [("closed_pipe", 1), ("full_disk", 2)])
def test_a_run_that_is_cut_off_is_cleaned_up(play, run, tmp_path, request, output, status):
    broken = request.getfixturevalue(output)
    ran = play(lambda: broken(*(["stdout"] if output == "closed_pipe" else [])))
    assert run("--always-clean", only="04,05") == status
    assert [number for number, _ in ran] == ["04", "10"]
    assert read(tmp_path / "out").left == ()


def test_notebooks_named_by_two_options_run_and_a_comma_names_none(play, run, capsys):
    ran = play()
    assert run("--only", "5", only="04") == 0
    assert [number for number, _ in ran] == ["04", "05"]
    assert run(only=",") == 2
    assert len(ran) == 2


@pytest.mark.parametrize("ends", [{"_04": "twice"}, None])
def test_only_a_run_that_has_begun_may_have_created_something(play, run, monkeypatch, capsys, ends):
    play(**ends or {})
    if ends is None:
        monkeypatch.setattr(cli_run, "saved_choices", interrupt)
    assert run() == 130
    assert ("still exist" in capsys.readouterr().err) == bool(ends)


def interrupt():
    raise KeyboardInterrupt
