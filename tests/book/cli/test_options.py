"""Files that a reader names: whole and private, and a device or a link stays what it is."""

import argparse
import os
import stat
import subprocess
import sys
import threading

import pytest

from warmbook.__main__ import main
from warmbook.book.cli.options import draw_beside, keep, number_within, numbers, time_limit
from warmbook.display.picture import Picture
from warmbook.errors import SettingsError

from ...measure.runs.test_record import data


@pytest.mark.parametrize(("public", "mode"), [(False, 0o600), (True, 0o644)])
def test_a_file_takes_the_place_of_the_one_before(tmp_path, public, mode):
    before = os.umask(0o022)
    try:
        (tmp_path / "out").write_bytes(b"before, and longer")
        keep(tmp_path / "out", b"now", public=public)
    finally:
        os.umask(before)
    assert (tmp_path / "out").read_bytes() == b"now"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode


def test_a_pipe_gets_the_content_and_stays_one(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    keep(pipe, b"now")
    reader.join(10)
    assert read == [b"now"]
    assert pipe.is_fifo()


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    keep(tmp_path / "link", b"now")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"now"


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        keep(tmp_path, b"now")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("45s", 45), ("90m", 5400), ("2h", 7200), ("1h30m", 5400), ("1h0m5s", 3605)],
)
def test_a_time_limit_is_in_seconds(text, seconds):
    assert time_limit(text) == seconds


@pytest.mark.parametrize("text", ["1h30", "5m30", "0", "0h", "", "1.5h", "-5", "30m1h", "x"])
def test_a_time_that_can_be_read_in_two_ways_or_none_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        time_limit(text)


@pytest.mark.parametrize(("status", "exit_status"), [(0, 2), (1, 1)])
def test_unwritable_picture_is_reported_and_only_status_0_becomes_2(
    tmp_path, monkeypatch, capsys, status, exit_status
):
    monkeypatch.setattr(Picture, "file", lambda *_: b"drawn")

    def plot():
        return Picture(None, "")

    assert draw_beside(status, plot, tmp_path / "no" / "x.svg") == exit_status
    assert "can't be written" in capsys.readouterr().err
    assert draw_beside(status, plot, tmp_path / "x.svg") == status
    assert draw_beside(status, plot, None) == status


@pytest.mark.parametrize("text", ["", "0", "4", "-1", "1.5", "x", "٢", "1" * 5000])
def test_a_number_outside_its_range_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        number_within(1, 3)(text)
    assert number_within(0, 3)("0") == 0


@pytest.mark.parametrize(
    "command",
    ["report", "compare a", "lint", "run --out", "run --junit", "run -f", "timeline --log"],
)
def test_an_empty_name_is_not_the_current_folder(command, capsys):
    with pytest.raises(SystemExit) as refused:
        main([*command.split(), ""])
    assert refused.value.code == 2
    assert "empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listed", "found"),
    [("", []), (" ", []), ("4, 05,", ["04", "05"]), (",", [","]), (" , ,", [",", ","])],
)
def test_only_an_empty_list_means_every_notebook(listed, found):
    assert numbers(listed) == found


@pytest.mark.parametrize(
    "command",
    [
        *("report a --out", "report a --csv", "run --out", "run --junit", "compare a b --picture"),
        *("weights gs://b/m --picture", "timeline --log x --picture", "live --out"),
    ],
)
def test_no_file_is_named_after_standard_input(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as refused:
        main([*command.split(), "-"])
    assert refused.value.code == 2
    assert "'-'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_report_on_standard_output_is_whole(tmp_path):
    (tmp_path / "run.json").write_bytes(data())
    with (tmp_path / "x.html").open("w") as out:
        words = ["-m", "warmbook", "report", str(tmp_path), "--out", "/dev/stdout"]
        subprocess.run([sys.executable, *words], stdout=out, timeout=60, check=True)
    page = (tmp_path / "x.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1000000"])
def test_the_number_of_a_start_has_a_range(number, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["timeline", "--log", "x", "--start", number])
    assert refused.value.code == 2
    assert "1 to 999999" in capsys.readouterr().err
