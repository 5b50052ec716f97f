import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.architectures import ALSO_CALLED, ORDINARY
from warmbook.model.config_defaults import TextModel, classes, encoders, type_of

words = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.text())
configs = st.dictionaries(
    st.sampled_from(["model_type", "architectures", "text_config", "llm_config", "hidden_size"]),
    words | st.dictionaries(st.sampled_from(["model_type", "text_config"]), words),
)


@given(configs)
def test_any_object_has_a_type_and_is_known_or_not(config):
    text = TextModel(config)
    assert isinstance(text.model_type, str)
    assert isinstance(text.name, str)
    assert text.known == (text.model_type in {*classes(), *ORDINARY.values()})


def test_the_classes_list_their_assumptions():
    assert classes()["gemma2"]["sliding_window"] == 4096
    assert TextModel({"model_type": "gemma2"}).count("num_hidden_layers") == 26
    assert TextModel({"model_type": "gemma2", "num_hidden_layers": 3}).get("num_hidden_layers") == 3
    assert TextModel({"model_type": "gemma2", "sliding_window": None}).get("sliding_window") is None


def test_what_reads_images_only_is_no_class_and_what_reads_text_only_is_an_encoder():
    assert not {"clip", "siglip_vision_model", "vit", "dinov2"} & set(classes())
    assert {"modernbert", "eurobert", "deberta-v2"} <= encoders() <= set(classes())
    assert not {"llama", "bert"} & encoders()


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"model_type": "llama"}, "llama"),
        ({"model_type": "mine", "architectures": ["LlamaForCausalLM"]}, "llama"),
        ({"model_type": "gemma2", "architectures": ["LlamaForCausalLM"]}, "gemma2"),
        ({"model_type": "kimi_k2"}, "deepseek_v3"),
        ({"architectures": ["InternLM2ForCausalLM"]}, "internlm2"),
        ({"model_type": "mine", "architectures": ["Mine", 7, None]}, "mine"),
        ({"model_type": 7, "architectures": "LlamaForCausalLM"}, ""),
    ],
)
def test_the_class_is_found_by_type_or_architecture(config, found):
    assert type_of(config) == found


def test_the_model_that_writes_text_is_found_inside():
    inner = {"model_type": "qwen2", "hidden_size": 7}
    text = TextModel({"model_type": "mine", "hidden_size": 1, "llm_config": inner})
    assert (text.model_type, text.count("hidden_size")) == ("qwen2", 7)
    assert TextModel({"model_type": "gemma3", "text_config": {}}).model_type == "gemma3_text"
    assert TextModel({"model_type": "gemma3", "text_config": 5}).odd == {"text_config": 5}


def test_the_name_is_one_short_line():
    assert TextModel({"architectures": ["A\nB"], "model_type": "b"}).name == "A B"
    assert TextModel({"architectures": [], "model_type": "b"}).name == "b"
    assert len(TextModel({"model_type": "x" * 999}).name) == 80
    assert TextModel({}).name == ""


def test_no_name_of_ours_hides_one_of_transformers():
    assert not set(ALSO_CALLED) & set(classes())
    assert set(ALSO_CALLED.values()) <= set(classes())
