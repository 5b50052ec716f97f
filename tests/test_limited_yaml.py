import os
import time
import tracemalloc
from itertools import pairwise

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook import limited_yaml
from warmbook.limited_yaml import YamlError, YamlSyntaxError, documents
from warmbook.workbook import dumped

from .machine import slowness

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False)
    | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)
PIECES = st.sampled_from(
    [
        *(
            "[",
            "]",
            "{",
            "}",
            "- ",
            "? ",
            ": ",
            ", ",
            "\n",
            "  ",
            "\t",
            "a",
            "a: ",
            "|\n",
            "'",
            '"',
        ),
        *(
            "&a ",
            "*a",
            "<<: ",
            "!!int ",
            "!!float ",
            "!!set ",
            "!!omap ",
            "!!timestamp ",
            "!!bool ",
        ),
        *("!!binary ", "!!python/name:os.system ", "---\n", "...\n", "%YAML 9.9\n", "%TAG ! x\n"),
        *("2024-13-45", "0001-01-01 00:00:00 +23:59", "9" * 5000, "0x", "1:60:61", "#", "\ufeff"),
        *('"\\ud800"', "\x85", "\u2028", "ñ", "=", "~", ".inf", "1e999"),
    ]
)


def bomb(levels=9, wide=9):
    """Return lists of lists of aliases: `wide` to the power of `levels` values."""
    names = "abcdefghijklmnop"[: levels + 1]
    lines = [f"a: &a [{', '.join(['x'] * wide)}]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * wide)}]" for before, name in pairwise(names)
    ]
    return "\n".join(lines)


BEYOND_A_LIMIT = {
    "aliases": bomb(),
    "merged aliases": "a: &a {x: 1}\nb: ["
    + "{<<: ["
    + "*a, " * 900
    + "]}, "
    + "{<<: ["
    + "*a, " * 30_000
    + "]}]",
    "a long text, aliased": 'a: &a "' + "x" * 900_000 + '"\nb: [' + "*a, " * 1000 + "]",
    "an anchor in itself": "a: &a [*a]",
    "a merge of itself": "a: &a {<<: *a}",
    "flow nesting": "[" * 500_000,
    "block nesting": "- " * 500_000,
    "keys in keys": "? " * 500_000,
    "documents": "---\n" * 200_000,
    "values": "- 1\n" * 200_000,
    "bytes": "# a comment\n" * 100_000,
}
NO_YAML = {
    "a date": "a: 2024-13-45",
    "a time": "a: 2024-01-02 25:00:00",
    "a whole number": "a: " + "9" * 5000,
    "hexadecimal": "a: 0x" + "f" * 5000,
    "keys of one hash": "{" + ", ".join(f"{i * (2**61 - 1)}: x" for i in range(9000)) + "}",
    "a tag": "a: !!int ''",
    "a tag of a map": "a: !!float {b: c}",
    "a tag of no time": "a: !!timestamp x",
    "a tag of no truth": "a: !!bool x",
    "code": "a: !!python/object/apply:os.system [id]",
    "an unknown alias": "a: *b",
    "an open list": "settings: [1, 2",
    "a NUL": "a: \0",
    "half a character": 'a: "\\ud800"',
    "a key that is a map": "? {a: b}\n: c",
}


@pytest.mark.parametrize("what", BEYOND_A_LIMIT)
def test_what_would_grow_is_refused_within_a_second_and_little_memory(what):
    text = BEYOND_A_LIMIT[what]
    began = time.monotonic()
    with pytest.raises(YamlError) as refused:
        documents(text)
    assert time.monotonic() - began < slowness()
    assert not isinstance(refused.value, YamlSyntaxError)
    tracemalloc.start()
    with pytest.raises(YamlError):
        documents(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize("what", NO_YAML)
def test_a_value_that_does_not_exist_is_refused_in_one_line(what):
    with pytest.raises(YamlSyntaxError) as refused:
        documents(NO_YAML[what])
    assert refused.value.problem
    assert "\n" not in refused.value.reason


@pytest.mark.parametrize("time_", ["2024-13-45", "2024-01-02", "2024-01-02T03:04:05Z"])
def test_kubernetes_reads_times_as_text(time_):
    assert documents(f"a: {time_}", kubernetes=True) == [{"a": time_}]


def test_a_text_just_within_the_limits_is_read():
    deep = "[" * limited_yaml.MOST_DEPTH + "]" * limited_yaml.MOST_DEPTH
    assert documents(deep) == [yaml.safe_load(deep)]
    assert len(documents("---\na\n" * limited_yaml.MOST_DOCUMENTS)) == limited_yaml.MOST_DOCUMENTS
    many = "- 1\n" * (limited_yaml.MOST_NODES - 2)  # the document and its list are two more
    assert len(documents(many)[0]) == limited_yaml.MOST_NODES - 2
    with pytest.raises(YamlError):
        documents(many + "- 1\n")


def test_aliases_stand_for_what_they_name():
    assert documents("a: &a {x: 1}\nb: [*a, {<<: *a, y: 2}]") == [
        {"a": {"x": 1}, "b": [{"x": 1}, {"x": 1, "y": 2}]}
    ]


@pytest.mark.slow
@settings_of_hypothesis(deadline=None)  # other work may keep the machine busy
@given(data=st.dictionaries(st.text(max_size=20), VALUES))
def test_what_the_workbook_writes_comes_back(data):
    assert documents(dumped(data)) == [data]


@settings_of_hypothesis(deadline=None)  # other work may keep the machine busy
@given(text=st.text() | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_as_pyyaml_reads_it_or_refused(text):
    try:
        read = documents(text)
    except YamlError as error:
        assert error.reason and "\n" not in error.reason
        return
    try:
        expected = list(yaml.load_all(text, yaml.SafeLoader))
    except yaml.YAMLError:  # libyaml takes more tabs than PyYAML's own parser
        assume(False)
    assert repr(read) == repr(expected)


@settings_of_hypothesis(deadline=None)  # other work may keep the machine busy
@given(levels=st.integers(1, 9), wide=st.integers(1, 9))
def test_aliases_count_for_as_much_as_they_stand_for(levels, wide):
    values = sum(wide**level for level in range(1, levels + 2))
    if values > limited_yaml.MOST_NODES:
        with pytest.raises(YamlError):
            documents(bomb(levels, wide))
    elif values < limited_yaml.MOST_NODES / 2:  # lists and keys count as well
        (read,) = documents(bomb(levels, wide))
        assert len(read) == levels + 1


def test_a_file_is_read_up_to_the_limit_only(tmp_path):
    with pytest.raises(YamlError, match=str(limited_yaml.MOST_BYTES)):
        limited_yaml.read(limited_yaml.Path("/dev/zero"))
    (tmp_path / "latin").write_bytes("a: ñ".encode("latin-1"))
    with pytest.raises(YamlSyntaxError, match="4"):
        limited_yaml.read(tmp_path / "latin")


def test_a_pipe_is_read_but_not_where_a_file_is_wanted(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe")
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"a: 1\n" * 3)
    for place in (pipe, tmp_path):
        with pytest.raises(YamlError):
            limited_yaml.read_regular(place)
    os.close(writer)
