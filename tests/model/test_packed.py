import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.packed import parameters
from warmbook.model.safetensors import BITS, Tensor


def tensor(name, dtype, *shape):
    return Tensor(name, dtype, shape, 0, 0)


def quantized(**more):
    return {"quantization_config": more}


@given(st.lists(st.tuples(st.sampled_from(sorted(BITS)), st.integers(0, 99)), max_size=9))
def test_plain_tensors_hold_as_many_as_they_have_elements(drawn):
    tensors = [tensor(f"layers.{at}.weight", *one) for at, one in enumerate(drawn)]
    assert parameters(tensors, {}) == sum(count for _, count in drawn)


@pytest.mark.parametrize(("bits", "held"), [(4, 8 * 16), (8, 4 * 16), (2, 16 * 16)])
def test_packed_integers_hold_as_many_as_their_bits_allow(bits, held):
    tensors = [tensor("q_proj.qweight", "I32", 16), tensor("q_proj.scales", "F16", 4)]
    assert parameters(tensors, quantized(quant_method="gptq", bits=bits)) == held


@pytest.mark.parametrize("odd", [True, 0, 99, "4", None, 4.0])
def test_bits_that_can_not_be_count_as_four(odd):
    assert parameters([tensor("q_proj.qweight", "I32", 16)], quantized(bits=odd)) == 128


def test_bits_of_a_group_are_read():
    groups = {"group_0": {"weights": {"num_bits": 8}}}
    tensors = [tensor("q.weight_packed", "I32", 16), tensor("q.weight_scale", "BF16", 4)]
    assert parameters(tensors, quantized(config_groups=groups)) == 64


@pytest.mark.parametrize("beside", ["q.weight_scale", "q.weight.absmax"])
def test_bytes_with_scales_beside_them_hold_two_numbers_each(beside):
    tensors = [tensor("q.weight", "U8", 10), tensor(beside, "F32", 2)]
    assert parameters(tensors, {}) == 20
    assert parameters(tensors[:1], {}) == 10


def test_mxfp4s_blocks_hold_two_numbers_and_their_scales_none():
    tensors = [tensor("down_proj_blocks", "U8", 2, 16), tensor("down_proj_scales", "U8", 2)]
    assert parameters(tensors, {}) == 64
    assert parameters(tensors[1:], {}) == 2, "no blocks beside: a tensor like others"
