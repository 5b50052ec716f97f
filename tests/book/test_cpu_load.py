import os
from pathlib import Path

import pytest

from warmbook.book.cpu_load import cpu_load

LOAD = Path("/proc/loadavg")


def test_it_is_the_load_of_a_minute_shared_among_the_processors(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (6.0, 1.0, 1.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cpu_load() == 1.5


def test_a_system_without_a_load_has_none(monkeypatch):
    monkeypatch.delattr(os, "getloadavg")
    assert cpu_load() is None


@pytest.mark.skipif(not LOAD.exists(), reason="Linux tells it in /proc")
def test_it_is_what_the_system_tells():
    minute = float(LOAD.read_text().split()[0])
    assert cpu_load() == pytest.approx(minute / os.cpu_count(), rel=0.3, abs=0.2)
