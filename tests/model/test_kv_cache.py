import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.config_defaults import TextModel
from warmbook.model.kv_cache import Kept, kept, latent_width, state_layers, window_of
from warmbook.model.layer_types import UnknownLayersError

SIZES = (32, 8, 128)
one_kind = st.builds(
    Kept,
    heads=st.integers(1, 64),
    width=st.integers(1, 512),
    reach=st.none() | st.integers(1, 8192),
    latent=st.booleans(),
    layers=st.integers(1, 99),
)


def model(**values):
    return TextModel({"model_type": "llama", **values})


@given(one_kind, st.integers(1, 10**6), st.integers(1, 8192), st.sampled_from([1, 2, 4, 8]))
def test_the_least_is_never_more_than_the_most(one, tokens, step, gpus):
    token = one.token_bytes(gpus, 2)
    assert 0 < one.least(tokens, step, token) <= one.most(tokens, token) == token * tokens


@given(one_kind, st.sampled_from([1, 2, 4, 8, 16]))
def test_all_gpus_together_keep_every_head_and_the_latent_each_for_itself(one, gpus):
    alone, each = one.token_bytes(1, 2), one.token_bytes(gpus, 2)
    assert each <= alone <= each * gpus
    assert each == alone or not one.latent


def test_a_window_is_kept_with_one_step_and_no_more():
    one = Kept(heads=8, width=256, reach=512)
    assert one.least(100_000, 2048, 1) == 512 - 1 + 2048
    assert one.least(100, 2048, 1) == 100


def test_layers_of_one_kind_are_counted_together():
    text = model(layer_types=["full_attention", "sliding_attention"] * 3, sliding_window=64)
    full, window = sorted(kept(text, 6, SIZES), key=lambda one: one.reach or 0)
    assert (full.layers, full.reach, full.heads, full.width) == (3, None, 8, 256)
    assert (window.layers, window.reach) == (3, 64)


def test_shared_layers_and_states_keep_no_tokens():
    kinds = ["linear_attention", "full_attention", "mlp", "full_attention"]
    text = model(layer_types=kinds, num_kv_shared_layers=1)
    (found,) = kept(text, 4, SIZES)
    assert (found.layers, state_layers(text, 4)) == (1, 1)


def test_a_window_that_is_switched_off_is_none():
    assert window_of(model(sliding_window=64)) == 64
    assert window_of(model(sliding_window=64, use_sliding_window=False)) is None


def test_mla_keeps_the_latent_and_the_rope_part():
    text = TextModel({"model_type": "deepseek_v3", "kv_lora_rank": 512, "qk_rope_head_dim": 64})
    assert latent_width(text) == 576
    (found,) = kept(text, 61, SIZES)
    assert (found.heads, found.width, found.latent, found.layers) == (1, 576, True, 61)


def test_a_latent_without_its_rope_part_is_not_understood():
    with pytest.raises(UnknownLayersError, match="kv_lora_rank"):
        latent_width(model(kv_lora_rank=512))


def test_an_encoders_tokens_are_kept_whatever_the_context():
    text = TextModel({"model_type": "whisper"})
    own, encoders = kept(text, 4, SIZES)
    assert (own.always, encoders.always) == (0, 1500)
    assert encoders.most(1, 10) == encoders.most(448, 10) == 15_000
