import sys

import pytest

from warmbook.absent import absent


@pytest.fixture
def slow(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_to_import"
    sys.modules.pop("slow_to_import", None)


def test_a_module_is_absent_for_a_while(slow):
    with absent(slow), pytest.raises(ImportError):
        __import__(slow)
    assert __import__(slow)


def test_what_is_imported_already_stays(slow):
    there = __import__(slow)
    with absent(slow):
        assert __import__(slow) is there
    assert sys.modules[slow] is there
