import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from warmbook.__main__ import main
from warmbook.book.cli.options import keep
from warmbook.errors import SettingsError
from warmbook.files import read_regular, save, writing

FULL = Path("/dev/full")  # as full(4) has it: every write to it fails with ENOSPC


def test_what_was_there_is_replaced_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("before")
    path.chmod(0o644)
    save("señal", path)
    assert path.read_text(encoding="utf-8") == "señal"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["n" * 249 + ".ipynb", "ñ" * 124 + ".ipynb"])
def test_a_name_as_long_as_a_name_may_be_can_be_written(tmp_path, name):
    save("content", tmp_path / name)
    assert (tmp_path / name).read_text() == "content"


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        save("\ud800", path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_public_file_has_the_mode_of_any_new_file(tmp_path):
    (tmp_path / "other").touch()
    save(b"\x00\xff", tmp_path / "public", public=True)
    assert (tmp_path / "public").read_bytes() == b"\x00\xff"
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("other", "public")}
    assert len(modes) == 1


@pytest.mark.skipif(not FULL.exists(), reason="Linux has it")
def test_a_full_disk_is_reported_with_a_remedy():
    with pytest.raises(SettingsError, match="No space left") as refused:
        keep(FULL, b"x")
    assert "space" in refused.value.remedy


@pytest.mark.skipif(not FULL.exists(), reason="Linux has it")
def test_output_onto_a_full_disk_ends_with_a_sentence():
    with FULL.open("w") as out:
        told = subprocess.run(
            [sys.executable, "-m", "warmbook", "list"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert told.returncode == 2
    assert "No space left" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_file_in_the_place_of_a_folder_is_said_with_a_remedy(tmp_path):
    (tmp_path / "file").touch()
    remedies = set()
    for folder in (tmp_path / "file", tmp_path / "file" / "in"):
        with pytest.raises(SettingsError) as refused, writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        remedies.add(refused.value.remedy)
    (remedy,) = remedies
    assert "file has the name of this folder" in remedy


def test_a_run_whose_folder_cannot_be_made_ends_with_a_sentence(
    choices, tmp_path, capsys, monkeypatch
):
    for name, value in choices.items():
        monkeypatch.setenv(f"WARMBOOK_{name.upper()}", value)
    (tmp_path / "file").touch()
    assert main(["run", "--out", str(tmp_path / "file" / "run")]) == 2
    assert "Not a directory" in capsys.readouterr().err


def test_files_that_others_can_replace_are_read_only_if_regular(tmp_path):
    (file := tmp_path / "file").write_bytes(b"as\r\nit is")
    (link := tmp_path / "link").symlink_to(file)
    assert read_regular(file, 9, owner=file.stat().st_uid) == b"as\r\nit is"
    os.mkfifo(pipe := tmp_path / "pipe")
    for path in (link, pipe, tmp_path, tmp_path / "nothing"):
        with pytest.raises(OSError):
            read_regular(path, 9)
    with pytest.raises(OSError):
        read_regular(file, 8)
    with pytest.raises(PermissionError):
        read_regular(file, 9, owner=file.stat().st_uid + 1)
