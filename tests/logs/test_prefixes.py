"""Lines with a prefix: kubectl's, stern's, docker compose's, the runtime's files, gcloud's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.logs.prefixes import parted
from warmbook.logs.source import Source

MESSAGES = ["INFO loading", "", "Traceback (most recent call last):", "  File x", "ValueError: y"]
A, B = Source("demo-6c9-aaa", "server"), Source("demo-6c9-bbb", "server")
FORMS = {
    "kubectl": "[pod/{pod}/{container}] {message}",
    "stern": "{pod} {container} {message}",
    "gcloud": "ERROR 2026-11-29T09:00:00Z [resource.labels.pod_name: {pod}] "
    "[resource.labels.container_name: {container}] {message}",
    "loki": '2026-11-29T09:00:00Z {{pod="{pod}", container="{container}"}} {message}',
}
STAMP = b"2026-11-29T09:00:00Z "


def written(form, source, messages):
    return [FORMS[form].format(**source._asdict(), message=message) for message in messages]


def bare(form, messages):
    stamp = STAMP if form in ("gcloud", "loki") else b""
    return b"\n".join(stamp + message.encode() for message in messages)


@pytest.mark.parametrize("form", ["kubectl", "gcloud"])
def test_one_container_gets_its_lines_without_prefix(form):
    assert parted("\n".join(written(form, A, MESSAGES)).encode()) == {A: bare(form, MESSAGES)}


@given(st.sampled_from(sorted(FORMS)), st.lists(st.sampled_from([A, B]), min_size=6, max_size=30))
def test_lines_of_two_pods_are_separated_without_loss(form, order):
    lines = [written(form, source, [f"line {n}"])[0] for n, source in enumerate(order)]
    parts = parted("\n".join(lines).encode())
    assert parts == {
        source: bare(form, [f"line {n}" for n, one in enumerate(order) if one == source])
        for source in dict.fromkeys(order)
    }


def test_docker_compose_names_its_service():
    assert parted(b"vllm-1  | INFO a\nvllm-1  | INFO b") == {Source("vllm-1"): b"INFO a\nINFO b"}


def test_parts_of_a_long_line_in_the_nodes_file_are_put_together():
    lines = [b"stdout P INFO lo", b"stdout P ng ", b"stdout F line", b"stderr F next"]
    text = b"\n".join(STAMP + line for line in lines)
    assert parted(text) == {Source(): STAMP + b"INFO long line\n" + STAMP + b"next"}


def test_plain_lines_stay_as_they_are():
    text = "\n".join(MESSAGES).encode()
    assert parted(text) == {Source(): text}


HEADS = st.sampled_from([b"[pod/a-b/c] ", b"a-b c ", b"x | ", STAMP + b"stdout P ", STAMP + b"{} "])


@given(st.lists(st.tuples(HEADS, st.binary(max_size=30)), max_size=12))
def test_any_bytes_behind_any_prefix_are_parted(lines):
    for source, part in parted(b"\n".join(head + rest for head, rest in lines)).items():
        assert isinstance(source, Source) and isinstance(part, bytes)
