import stat

import pytest

from warmbook.files import save


def test_what_was_there_is_replaced_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("before")
    path.chmod(0o644)
    save("señal", path)
    assert path.read_text(encoding="utf-8") == "señal"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


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
