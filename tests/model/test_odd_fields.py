import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.odd_fields import odd_field

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
names = st.sampled_from(["num_key_value_heads", "hidden_size", "layer_types", "text_config", "x"])


@given(st.dictionaries(names, json_values))
def test_any_value_gives_a_short_line_or_nothing(values):
    told = odd_field(values)
    assert len(told) < 80
    assert "\n" not in told
    assert not told or told.partition(" = ")[0] in values


@pytest.mark.parametrize(
    "value", [True, -1, 0, 10**12, "8", 8.0, float("nan"), {}, [8, -1], [True]]
)
def test_impossible_numbers_of_heads_are_named(value):
    assert odd_field({"num_key_value_heads": value}).startswith("num_key_value_heads = ")


@pytest.mark.parametrize("value", [None, 1, 8, [8, 0, 8]])
def test_possible_numbers_of_heads_are_accepted(value):
    assert odd_field({"num_key_value_heads": value}) == ""


def test_fields_that_must_be_switches_lists_or_objects_are_checked():
    assert odd_field({"use_sliding_window": "true"}) == 'use_sliding_window = "true"'
    assert odd_field({"layer_types": "full"}) == 'layer_types = "full"'
    assert odd_field({"text_config": [1]}) == "text_config = [...]"
    assert odd_field({"use_sliding_window": True, "layer_types": [], "text_config": {}}) == ""
