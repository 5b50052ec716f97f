"""A saved log's text in, one stream per container out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from warmbook.logs import Stream, streams


def line(pod, second):
    return f"[pod/{pod}/server] 2026-11-29T09:00:{second:02d}Z INFO {second}"


def test_containers_are_streams_in_the_order_of_their_first_lines():
    text = "\n".join([line("b-1", 1), line("a-1", 2), line("b-1", 3)])
    assert streams(text.encode()) == [
        Stream("b-1", "server", b"2026-11-29T09:00:01Z INFO 1\n2026-11-29T09:00:03Z INFO 3"),
        Stream("a-1", "server", b"2026-11-29T09:00:02Z INFO 2"),
    ]


def test_each_stream_runs_forward_though_the_file_does_not():
    text = "\n".join(line(pod, second) for second in range(9, 0, -1) for pod in ("a-1", "b-1"))
    for stream in streams(text.encode()):
        seconds = [row.split()[-1] for row in stream.data.decode().splitlines()]
        assert seconds == [str(n) for n in range(1, 10)]


def test_nothing_gives_no_stream():
    assert streams(b"") == []


@given(st.lists(st.sampled_from(["INFO a", "ValueError: b", "  File c"]), min_size=1, max_size=9))
def test_an_export_holds_what_the_plain_log_holds(messages):
    exported = json.dumps([{"textPayload": message} for message in messages])
    assert streams(exported.encode()) == streams("\n".join(messages).encode())
