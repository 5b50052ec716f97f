"""What `seat.json` may hold: a learner can write anything into it."""

import json
import os
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from warmbook.book.classroom import seat_file
from warmbook.book.classroom.seat_file import Running, loopback, read

ADDRESSES = {"faults": "http://127.0.0.1:80", "link": "http://127.0.0.1:80/?token=x"}
WRITTEN = {
    "pid": 1,
    "started": 1,
    "state": "up",
    "since": "2026-01-01T00:00:00Z",
    **ADDRESSES,
    "token": "secret",
    "engine": "quick",
    "resets": 1,
    "ready_s": 2.5,
}
DEEP = "[" * 200_000
"""More levels than Python's own reader of JSON goes into."""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "seat.json"


def refused(file, **changed):
    file.write_text(json.dumps({**WRITTEN, **changed}))
    with pytest.raises(ValueError):
        read(file, os.getuid())


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "address",
    [
        *("http://192.0.2.1:80", "http://127.0.0.1.example:80", "file://127.0.0.1/etc/passwd"),
        *("http://192.0.2.1\\@127.0.0.1:80", "http://x@127.0.0.1:80", "http://127.0.0.1:80\n"),
        *("http://127.0.0.1:65536", "http://127.999.0.1:80", "http://127.0.0.٣:80"),
    ],
)
def test_an_address_of_another_host_is_refused(file, name, address):
    end = ADDRESSES[name].removeprefix("http://127.0.0.1:80")
    refused(file, **{name: address + end})


def test_an_address_is_no_path_and_a_link_has_one(file):
    refused(file, faults="http://127.0.0.1:80/x")
    refused(file, link="http://127.0.0.1:80")
    refused(file, link="javascript:alert(1)//http://127.0.0.1/")


@pytest.mark.parametrize(
    "changed",
    [
        {"pid": 0},
        {"pid": 2**22 + 1},
        {"started": -1},
        {"started": 2**63},
        {"state": "down"},
        {"since": "now"},
        {"token": "a\nX: b"},
        {"token": "ñ"},
        {"token": "x" * 3000},
        {"engine": "other"},
        {"resets": -1},
        {"ready_s": float("inf")},
        {"ready_s": float("nan")},
        {"ready_s": -1.0},
    ],
)
def test_a_value_that_no_supervisor_writes_is_refused(file, changed):
    refused(file, **changed)


@pytest.mark.parametrize("content", ["", "{}", "[]", "\udcff", DEEP, " " * 20_001])
def test_a_file_that_is_damaged_or_large_is_refused(file, content):
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises((ValueError, OSError)):
        read(file, os.getuid())


def test_a_link_of_another_machine_is_none():
    assert loopback(ADDRESSES["link"]) == ADDRESSES["link"]
    assert loopback("http://192.0.2.1:80/?token=x") == loopback("http://127.0.0.1/" + "x" * 3000)


def bounded(running):
    """Whether each value is as a supervisor writes it, by rules written anew."""
    for url in filter(None, (running.faults, running.link)):
        at = urlsplit(url)
        assert at.scheme == "http" and not at.username
        assert ip_address(at.hostname).is_loopback
        assert at.port is None or at.port < 2**16
    assert 0 < running.pid <= 2**22 and 0 <= running.started < 2**63
    assert running.state in ("starting", "up", "resetting")
    assert running.engine in ("", "quick", "vllm")
    assert running.token.isascii() and (running.token.isprintable() or not running.token)
    assert " " not in running.token
    assert all(len(text) <= 2000 for text in (running.token, running.link, running.faults))
    assert running.ready_s is None or 0 <= running.ready_s <= 1e9


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=50),
    st.sampled_from([*WRITTEN.values(), 2**22, 2**63 - 1, -1, "", "x" * 2000, "x" * 2001]),
    st.from_regex(r"\Ahttps?://(127|126)(\.\d{1,3}){3}(:\d{0,6})?(/[^/]{0,9})?\Z"),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
CHANGED = st.dictionaries(st.sampled_from([*WRITTEN, "other"]), VALUES, max_size=4)


@settings(max_examples=150)
@given(CHANGED)
@example({})
def test_what_is_read_is_bounded_whatever_its_values_are(tmp_path_factory, changed):
    file = tmp_path_factory.getbasetemp() / "changed.json"
    file.write_text(json.dumps({**WRITTEN, **changed}))
    try:
        found = read(file, os.getuid())
    except ValueError:
        assert changed
    else:
        bounded(found)
        assert Running.model_validate_json(found.model_dump_json()) == found


@settings(max_examples=100)
@given(st.integers(0, 400), st.integers(0, 400), st.binary(max_size=8))
def test_a_file_with_damaged_bytes_is_refused_or_bounded(tmp_path_factory, start, length, put):
    content = json.dumps(WRITTEN).encode()
    file = tmp_path_factory.getbasetemp() / "damaged.json"
    file.write_bytes(content[:start] + put + content[start + length :])
    with suppress(ValueError):
        bounded(read(file, os.getuid()))


def test_the_limit_leaves_room_for_what_a_supervisor_writes(file):
    values = {"token": "x" * 2000, "link": f"http://127.0.0.1/{'x' * 1983}"}
    file.write_text(Running(**{**WRITTEN, **values}).model_dump_json(indent=2))
    assert read(file, os.getuid()).token == values["token"]
    assert file.stat().st_size < seat_file.MOST_BYTES
