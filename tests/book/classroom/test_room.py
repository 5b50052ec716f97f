"""Whether a machine has room for a class."""

import re
from collections import namedtuple
from pathlib import Path

import pytest

from warmbook.book.classroom import room
from warmbook.errors import SettingsError

MEMINFO = "MemTotal: 9000000 kB\nMemAvailable: 4000000 kB\n"
ROOT = Path(__file__).parents[3]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "meminfo").write_text(MEMINFO)
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "used", "free"),
    [
        (None, None, 4_096_000_000),
        ("max", "5", 4_096_000_000),
        ("3000", "1000", 2000),
        ("1000", "3000", 0),
    ],
)
def test_available_memory_respects_the_container_limit(machine, limit, used, free):
    if limit:
        (machine / "memory.max").write_text(f"{limit}\n")
        (machine / "memory.current").write_text(f"{used}\n")
    assert room.available_bytes(machine, machine) == free


@pytest.mark.parametrize("engine", room.PER_SEAT)
def test_as_many_seats_as_fit_and_no_more(monkeypatch, tmp_path, engine):
    needs = room.PER_SEAT[engine]
    monkeypatch.setattr(room, "available_bytes", lambda: 3 * needs.memory_bytes)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(0, 0, 10**15))
    room.check_room(3, engine, tmp_path / "not" / "there")
    with pytest.raises(SettingsError) as raised:
        room.check_room(4, engine, tmp_path)
    assert "3" in raised.value.remedy


def test_a_full_disk_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(room, "available_bytes", lambda: 10**15)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(0, 0, 10**6))
    with pytest.raises(SettingsError, match=str(tmp_path)):
        room.check_room(1, "quick", tmp_path)


def test_the_workshop_plans_the_memory_by_which_seats_are_refused():
    text = (ROOT / "docs" / "workshop.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| memory to plan"))
    planned = [int(number) for number in re.findall(r"(\d+) MiB", row)]
    needed = [room.PER_SEAT[engine].memory_bytes // room.MIB for engine in ("quick", "vllm")]
    assert planned == needed
