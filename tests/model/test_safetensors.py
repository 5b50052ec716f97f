import json
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from warmbook.model.safetensors import LARGEST_HEADER_BYTES, HeaderError, header_length, tensors_of

from ..broken_models import entry, safetensors


def parsed(file):
    length = header_length(file[:8], len(file))
    return tensors_of(file[8 : 8 + length], len(file))


def test_tensors_come_in_the_order_of_their_data():
    found = parsed(safetensors(b=2, a=3))
    assert [(tensor.name, tensor.elements, tensor.size_bytes) for tensor in found] == [
        ("b", 2, 8),
        ("a", 3, 12),
    ]


def test_an_empty_tensor_and_metadata_are_no_fault():
    header = {
        "__metadata__": {"format": "pt"},
        "full": entry([4], 0, 16),
        "empty": entry([0, 7], 0, 0),
    }
    text = json.dumps(header).encode()
    found = tensors_of(text, 8 + len(text) + 16)
    assert [tensor.name for tensor in found] == ["empty", "full"]


def test_four_bit_weights_are_counted_in_bits():
    text = json.dumps({"q": entry([10], 0, 5, "F4")}).encode()
    assert tensors_of(text, 8 + len(text) + 5)[0].elements == 10


@pytest.mark.parametrize("length", [LARGEST_HEADER_BYTES + 1, 2**60, 2**64 - 1])
def test_a_header_that_claims_too_much_is_refused_unread(length):
    with pytest.raises(HeaderError) as refused:
        header_length(struct.pack("<Q", length), 2**62)
    assert refused.value.fault == "header too long"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "BF16", "F4", "F8_E4M3", "X"]) | json_values,
        "shape": st.lists(st.integers(-1, 2**63), max_size=5) | json_values,
        "data_offsets": st.lists(st.integers(-1, 2**64), max_size=3) | json_values,
    },
)


@example(header={"a": entry([2**62, 2**62, 2**62, 2**62], 0, 8)}, file_bytes=100)
@given(
    header=st.dictionaries(st.text(max_size=5), entries | json_values, max_size=5),
    file_bytes=st.integers(0, 2**62),
)
def test_any_json_is_read_or_refused_by_name(header, file_bytes):
    text = json.dumps(header).encode()
    try:
        found = tensors_of(text, file_bytes)
    except HeaderError as refused:
        assert refused.fault
        assert len(str(refused)) < 300
    else:
        assert sum(tensor.size_bytes for tensor in found) == file_bytes - 8 - len(text)


@given(st.binary(max_size=200), st.integers(0, 10**6))
def test_any_bytes_are_read_or_refused_by_name(file, more):
    try:
        length = header_length(file[:8], len(file) + more)
        assert 0 <= length <= LARGEST_HEADER_BYTES
        tensors_of(file[8 : 8 + length], len(file) + more)
    except HeaderError as refused:
        assert refused.fault


@given(st.binary(min_size=1, max_size=20), st.data())
def test_a_damaged_file_is_never_read_beyond_its_end(damage, data):
    file = bytearray(safetensors(a=4, b=5))
    at = data.draw(st.integers(0, len(file) - 1))
    file[at : at + len(damage)] = damage
    try:
        found = parsed(bytes(file))
    except HeaderError:
        return
    assert all(tensor.end <= len(file) for tensor in found)
