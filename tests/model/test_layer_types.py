from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.config_defaults import TextModel
from warmbook.model.layer_types import LayerType, UnknownLayersError, layer_types

MINE = st.sampled_from(["full_attention", "sliding_attention", "linear_attention", "mlp", "hybrid"])
values = st.none() | st.booleans() | st.integers(-2, 50) | st.text(max_size=4) | st.lists(MINE)
fields = st.sampled_from(
    [
        *("layer_types", "layers_block_type", "block_types", "hybrid_override_pattern"),
        *("sliding_window_pattern", "attn_type_list", "no_rope_layers", "full_attn_idxs"),
        *("attn_layer_period", "full_attention_interval", "layer_group_size", "max_window_layers"),
        *("attention_chunk_size", "linear_attn_config", "mamba_d_state", "use_sliding_window"),
    ]
)


def types(layers, window=None, **config):
    return list(layer_types(TextModel(config), layers, window))


@given(st.dictionaries(fields, values), st.integers(0, 60), st.none() | st.integers(1, 99))
def test_each_layer_has_one_type_or_is_reported_as_unknown(config, layers, window):
    try:
        found = types(layers, window, **config)
    except UnknownLayersError as error:
        assert str(error)
        return
    assert len(found) == layers
    assert set(found) <= set(get_args(LayerType))
    assert window or not {"window", "window+state"} & set(found)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"model_type": "llama"}, "full full full full"),
        ({"model_type": "mistral"}, "full full full full"),
        ({"model_type": "rwkv"}, "state state state state"),
        ({"model_type": "bert"}, "none none none none"),
        ({"model_type": "bert", "is_decoder": True}, "full full full full"),
        ({"model_type": "eurobert"}, "none none none none"),
        ({"hybrid_override_pattern": "M-*E"}, "state none full none"),
        ({"attn_layer_period": 2, "attn_layer_offset": 1}, "state full state full"),
        ({"full_attention_interval": 4}, "state state state full"),
        ({"layer_group_size": 3}, "state state full full"),
        ({"attn_type_list": [0, 0, 1, 1]}, "state state full full"),
        ({"full_attn_idxs": [0, 3]}, "full state state full"),
        ({"linear_attn_config": {"full_attn_layers": [4]}}, "state state state full"),
        ({"attention_chunk_size": 8}, "chunk chunk chunk full"),
        ({"model_type": "falcon_h1"}, "full+state full+state full+state full+state"),
    ],
)
def test_each_notation_of_the_types_is_read(config, found):
    assert types(4, **config) == found.split()


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({}, "window window window window"),
        ({"sliding_window_pattern": 2}, "window full window full"),
        ({"sliding_window_pattern": "LLG"}, "window window full window"),
        ({"use_sliding_window": True, "max_window_layers": 3}, "full full full window"),
        ({"block_types": ["recurrent", "attention"]}, "state window state window"),
        ({"layer_types": ["hybrid_sliding", "hybrid"] * 2}, "window+state full+state " * 2),
    ],
)
def test_windows_are_where_the_config_puts_them(config, found):
    assert types(4, 128, **config) == found.split()


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"layer_types": ["retention"] * 4}, "retention"),
        ({"layer_types": ["full_attention"]}, "1 of 4"),
        ({"hybrid_override_pattern": "MX**"}, "X"),
        ({"attn_type_list": [0, 1, 2, 1]}, "2"),
        ({"ssm_cfg": {}}, "ssm_cfg"),
        ({"total_ut_steps": 4}, "total_ut_steps"),
    ],
)
def test_what_no_rule_reads_is_named(config, what):
    with pytest.raises(UnknownLayersError, match=what):
        types(4, **config)
