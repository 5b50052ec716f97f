"""A saved file's bytes as UTF-8, whatever program wrote it."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.logs import MOST_BYTES, UnreadableError, read_bytes
from warmbook.logs import bytes as module
from warmbook.logs.bytes import as_utf8

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\x1b\ufeff"))
LINES = "INFO 11-29 09:00:00 [core.py:1] Starting to load model … gs://b/m\n" * 3


@given(TEXT.filter(lambda text: not text.encode().startswith(b"\x1f\x8b")))
def test_plain_text_stays_as_it_is(text):
    assert as_utf8(text.encode()) == text.encode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_each_encoding_becomes_utf_8(encoding):
    assert as_utf8(LINES.encode(encoding)) == LINES.encode()


@given(st.binary(max_size=300))
def test_any_bytes_give_bytes_without_a_colour(content):
    assert b"\x1b[31m" not in as_utf8(b"\x1b[31m" + content.replace(b"\x1b", b""))
    assert isinstance(as_utf8(content), bytes)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_gzip_is_undone_as_far_as_it_is_whole(content, cut):
    packed = gzip.compress(b"INFO " + content.replace(b"\x1b", b"").replace(b"\0", b""))
    whole = as_utf8(packed)
    assert whole.startswith(b"INFO ")
    assert isinstance(as_utf8(packed[:cut]), bytes)


def test_colours_and_titles_of_a_terminal_go():
    assert as_utf8(b"\x1b]0;title\x07\x1b[1;31mERROR\x1b[0m") == b"ERROR"


def test_a_file_above_the_limit_is_refused(tmp_path, monkeypatch):
    assert MOST_BYTES == 1 << 30
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    (tmp_path / "log").write_bytes(b"x" * 11)
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"x" * (2 << 20)))
    for name in ("log", "log.gz", "no-such-file"):
        with pytest.raises(UnreadableError) as refused:
            read_bytes(tmp_path / name)
        assert refused.value.reason


def test_a_dash_reads_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfINFO")))
    assert read_bytes(module.Path("-")) == b"INFO"
