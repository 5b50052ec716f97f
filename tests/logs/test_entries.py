"""Exports with an entry per line: Cloud Logging's, docker's, Loki's."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.logs.entries import Entry, parted, read
from warmbook.logs.source import Source

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)
ENTRIES = st.lists(st.tuples(st.sampled_from(["a", "b"]), WORDS), min_size=1, max_size=8)


def stamped(number):
    return f"2026-11-29T09:00:{number:02d}Z"


def exported(told):
    """Return entries as Cloud Logging has them: (Pod, message) in, the oldest first."""
    return [
        {
            "timestamp": stamped(number),
            "resource": {"labels": {"pod_name": pod, "container_name": "server"}},
            "textPayload": message,
        }
        for number, (pod, message) in enumerate(told)
    ]


def expected(told):
    return [
        Entry(stamped(number), Source(pod, "server"), message)
        for number, (pod, message) in enumerate(told)
    ]


@given(ENTRIES)
def test_a_list_and_lines_of_json_give_the_same_streams(told):
    entries = exported(told)
    assert read(json.dumps(entries).encode()) == expected(told)
    assert read("\n".join(map(json.dumps, entries)).encode()) == expected(told)


@given(ENTRIES)
def test_a_table_gives_the_same_streams(told):
    table = io.StringIO()
    names = ["timestamp", "resource.labels.pod_name", "resource.labels.container_name"]
    writer = csv.writer(table)
    writer.writerow([*names, "textPayload"])
    writer.writerows((e.time, *e.source, e.message) for e in expected(told))
    assert read(table.getvalue().encode()) == expected(told)


@given(ENTRIES)
def test_no_line_is_lost_between_containers_and_the_newest_may_stand_first(told):
    parts = parted(expected(told))
    assert parts == parted(reversed(expected(told)))
    assert sum(len(part.split(b"\n")) for part in parts.values()) == len(told)
    assert {source.pod for source in parts} == {pod for pod, _ in told}


@given(ENTRIES, st.integers(1, 400))
def test_a_list_that_was_cut_off_is_read_as_far_as_it_is_whole(told, cut):
    text = json.dumps(exported(told))
    found = read(text[: max(2, len(text) - cut)].encode()) or []
    assert found == expected(told)[: len(found)]


def test_what_is_printed_between_objects_stays_with_the_container_before_it():
    (first,) = exported([("a", "one")])
    found = read(f"{json.dumps(first)}\nTraceback\n".encode())
    assert found == [
        *expected([("a", "one")]),
        Entry(stamped(0), Source("a", "server"), "Traceback"),
    ]


def test_yaml_of_gcloud_is_an_entry_per_document():
    text = (
        b"---\ntextPayload: one\ntimestamp: '2026-11-29T09:00:00Z'\n---\njsonPayload:\n  log: two\n"
    )
    assert [one.message for one in read(text)] == ["one", "two"]


@pytest.mark.parametrize("text", [b"", b"INFO ok\n", b"[]", b"[{", b"---\n- *a", b"a,b\n1,2"])
def test_what_is_no_export_gives_none(text):
    assert read(text) is None


FORMS = st.sampled_from([b"[{", b"{", b"---\ntextPayload: ", b"message,time\n", b'{"entries":['])


@given(FORMS, st.binary(max_size=200))
def test_any_bytes_are_read_or_left(head, content):
    found = read(head + content)
    assert found is None or all(isinstance(one, Entry) for one in found)


def test_a_table_with_a_long_field_is_read_and_other_readers_keep_their_limit():
    limit = 1000
    before = csv.field_size_limit(limit)
    short, long = (f"timestamp,textPayload\n{stamped(1)},{'x' * count}" for count in (1, limit + 1))
    try:
        assert read(short.encode()) == [Entry(stamped(1), Source(), "x")]
        assert csv.field_size_limit() == limit
        (entry,) = read(long.encode())
        assert len(entry.message) == limit + 1
    finally:
        csv.field_size_limit(before)
