import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.documents import BYTE_ORDER_MARKS, of_documents

from .folders_here import names_of, seen

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def told(*names, config=None, **more):
    return names_of(of_documents(seen(*names, config={} if config is None else config, **more)))


@given(json_values)
def test_any_auto_map_is_looked_at(value):
    found = told("config.json", "tokenizer.json", config={"auto_map": value})
    assert found in ([], ["code missing"])


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"architecture": "vit"}, ["no model type"]),
        ({"architectures": ["X"]}, []),
        ({"model_type": "x"}, []),
        ({"auto_map": {}}, []),
        ({"num_hidden_layers": 2}, []),
    ],
)
def test_a_config_of_something_else_names_no_model(config, found):
    assert told("config.json", "tokenizer.json", config=config) == found


@pytest.mark.parametrize(
    ("module", "found"),
    [("modeling_x.X", ["code missing"]), ("org/repo--modeling_x.X", []), ("here.X", []), ("X", [])],
)
def test_code_is_missing_where_its_file_is(module, found):
    config = {"auto_map": {"AutoModelForCausalLM": module}}
    assert told("config.json", "tokenizer.json", "here.py", config=config) == found


@pytest.mark.parametrize(
    "name",
    [
        *("tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "vocab.txt"),
        *("qwen.tiktoken", "spiece.model", "tokenization_x.py", "source.spm"),
    ],
)
def test_a_vocabulary_is_a_tokenizer(name):
    assert told("config.json", name) == []


@pytest.mark.parametrize("name", ["tokenizer_config.json", "special_tokens_map.json", "x.py"])
def test_what_is_no_vocabulary_is_no_tokenizer(name):
    assert told("config.json", name) == ["no tokenizer"]


def test_an_empty_tokenizer_is_reported():
    assert told("config.json", sizes={"tokenizer.json": 0}) == ["tokenizer empty"]


def test_a_config_is_missing_broken_or_mistrals():
    assert told("tokenizer.json") == ["no config"]
    assert told("params.json", "tekken.json") == []
    assert names_of(of_documents(seen("config.json", "tokenizer.json"))) == ["config broken"]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize(
    ("first", "found"),
    [
        *((mark + b"{}   ", "byte-order mark") for mark in BYTE_ORDER_MARKS),
        (b"<!DOCTYP", "HTML page"),
        (b"version ", "git-lfs pointer"),
    ],
)
def test_other_content_in_place_of_a_file_is_named(name, first, found):
    assert told("config.json", "tokenizer.json", begins={name: first[:8]}) == [found]


def test_a_folder_without_files_of_its_own_is_not_asked():
    assert told("below/config.json") == []
