"""The order of a run: its limit, the cleanup whatever fails, and earlier runs of its folder.

The notebooks themselves are played: `tests/book/test_execution.py` has them in real kernels.
"""

import errno
import json
import os
import xml.etree.ElementTree as ET

import pytest

from warmbook.__main__ import main
from warmbook.book import execution_order, runner
from warmbook.errors import SettingsError
from warmbook.measure.runs.record import read
from warmbook.workbook import Workbook


def statuses(folder):
    return {one.name[:2]: one.status for one in read(folder).notebooks}


def test_the_cleanup_runs_after_a_failure_with_a_time_of_its_own(play, tmp_path):
    ran = play(_04="failed")
    book = runner.books("en", ["04", "05"])
    result = runner.run(book, {}, tmp_path, limit_s=60, always_clean=True)
    assert ran == [("04", 60), ("10", runner.CLEANUP_S)]
    assert statuses(tmp_path) == {"04": "failed", "05": "not-run", "10": "passed"}
    assert (result.outcome, result.record().left) == ("failed", ())


def test_without_a_limit_the_cleanup_has_none(play, tmp_path):
    ran = play()
    runner.run(runner.books("en", ["10", "04"]), {}, tmp_path, always_clean=True)
    assert ran == [("04", None), ("10", None)]


def test_without_the_option_a_failure_is_the_end(play, tmp_path):
    ran = play(_04="failed")
    runner.run(runner.books("en", ["04", "10"]), {}, tmp_path)
    assert ran == [("04", None)]


@pytest.mark.parametrize(
    ("ends", "options", "status"),
    [
        ({}, [], 0),
        ({"_04": "failed"}, [], 1),
        ({"_04": "failed"}, ["--always-clean"], 1),
        ({"_04": "failed", "_10": "failed"}, ["--always-clean"], 1),
        ({"_04": "timed-out"}, ["--timeout", "90m"], 3),
        ({"_04": "timed-out"}, ["--timeout", "1h30m", "--always-clean"], 3),
        ({"_10": "failed"}, ["--always-clean"], 4),
        ({"_04": "interrupted"}, ["--always-clean"], 130),
        ({"_04": "twice"}, ["--always-clean"], 130),
    ],
)
def test_each_outcome_has_its_exit_status_and_is_written(
    play, tmp_path, capsys, ends, options, status
):
    ran = play(**ends)
    wanted = ["--only", "04", "--out", str(tmp_path / "out"), "--junit", str(tmp_path / "to/j.xml")]
    assert main(["run", *wanted, *options, "--format", "json"]) == status
    cleans = "--always-clean" in options and ends.get("_04") != "twice"
    assert [number for number, _ in ran] == ["04", *(["10"] if cleans else [])]
    told = capsys.readouterr()
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [one["event"] for one in events] == [
        *("run-started", *["notebook-started", "notebook-ended"] * len(ran), "run-ended")
    ]
    assert events[-1]["record"] == str(tmp_path / "out" / "run.json")
    assert events[0]["id"] == read(tmp_path / "out").id
    ended = {"0": "passed", "1": "failed", "3": "timed-out", "4": "cleanup-failed"}
    assert events[-1]["status"] == ended.get(str(status), "interrupted")
    suites = ET.parse(tmp_path / "to" / "j.xml").getroot()
    assert [suite.get("name")[:2] for suite in suites] == list(statuses(tmp_path / "out"))
    if status == 130:
        assert ("Notebook 10 deleted" in told.err) == cleans


@pytest.mark.parametrize("time", ["soon", "0", "-1", "1d", "", "٣"])
def test_a_time_that_is_none_is_refused(time, tmp_path, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["run", f"--timeout={time}", "--out", str(tmp_path / "out")])
    assert refused.value.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("file/j.xml", "Not a dir")])
def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    play, tmp_path, capsys, name, reason
):
    ran = play()
    (tmp_path / "file").touch()
    assert main(["run", "--junit", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
    assert reason in capsys.readouterr().err
    assert not ran


def test_the_record_of_a_failure_survives_the_cleanup_that_follows(play, tmp_path, capsys):
    play(_04="failed")
    assert main(["run", "--only", "04", "--out", str(tmp_path)]) == 1
    failed = read(tmp_path)
    assert main(["run", "--only", "10", "--out", str(tmp_path)]) == 0
    (earlier,) = (tmp_path / "earlier").iterdir()
    assert read(earlier) == failed
    assert (earlier / "04_cluster.ipynb").read_text() == "04"
    assert str(earlier) in " ".join(capsys.readouterr().out.split())
    assert read(tmp_path).left == ()


def test_an_earlier_cleanup_is_no_result_of_a_later_run(play, tmp_path):
    play(_05="failed")
    runner.run(runner.books("en", ["10"]), {}, tmp_path)
    Workbook(tmp_path / "workbook.yaml").record("cache_hits", {"zones": []})
    later = runner.run(runner.books("en", ["04", "05"]), {}, tmp_path)
    assert later.record().left is None
    assert "cache_hits" in later.measured


def test_parameters_of_a_file_reach_the_run_and_typed_ones_go_before_them(play, tmp_path):
    play()
    file = tmp_path / "params.yaml"
    file.write_text("replicas: 2\ngpu_count: 2\nlanguage: es\n")
    wanted = ["-f", str(file), "-y", "{spot: true}", "-p", "replicas", "3"]
    assert main(["run", "--only", "04", "--out", str(tmp_path / "out"), *wanted]) == 0
    settings = read(tmp_path / "out").settings
    assert [settings[name] for name in ("replicas", "gpu_count", "spot")] == [3, 2, True]
    assert main(["run", "--only", "04", "--out", str(tmp_path / "no"), "-y", "replicas: []"]) == 2
    assert not (tmp_path / "no").exists()


def test_the_cleanup_needs_no_room_on_the_disk(rehearsal, monkeypatch, tmp_path):
    ran = []

    def execute(book, copy, given, kernels, follower, done, deadline):
        ran.append((book.name[:2], copy is not None))
        if copy:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done.status = "passed"

    monkeypatch.setattr(execution_order, "execute", execute)
    with pytest.raises(SettingsError, match="04_cluster"):
        runner.run(runner.books("en", ["04"]), {}, tmp_path, always_clean=True)
    assert ran == [("04", True), ("10", True), ("10", False)]
    assert statuses(tmp_path) == {"04": "not-run", "10": "passed"}
