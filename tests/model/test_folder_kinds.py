import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.folder_kinds import adapter_shards, of_kind

from .folders_here import names_of, seen

LORA = ["base_model.model.q_proj.lora_A.weight", "base_model.model.q_proj.lora_B.weight"]
WEIGHTS = ["model.embed_tokens.weight"]
file_names = st.sampled_from(
    [
        *("config.json", "params.json", "model_index.json", "adapter_config.json", "model.bin"),
        *("model.gguf", "a/model.safetensors", "a/config.json", "b/model.safetensors"),
        *("model.tar.gz", "model.safetensors.part", "x.SAFETENSORS", "rank0.engine", "a/b.pt"),
    ]
)
tensor_names = st.lists(st.sampled_from([*LORA, *WEIGHTS, "x.alpha"]), max_size=3, unique=True)
shards = st.dictionaries(st.sampled_from(["m.safetensors", "n.safetensors"]), tensor_names)


def kind(*names, **more):
    return names_of(of_kind(seen(*names, **more)))


@given(st.lists(file_names, unique=True), shards)
def test_a_folder_is_of_one_kind_and_without_weights_of_some(names, held):
    found = list(of_kind(seen(*names, shards=held)))
    assert len(found) <= 1
    assert found or held
    assert not any(one.remedy.startswith("Remove") for one in found)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "no weights"),
        (["model.gguf"], "other format"),
        (["iter_1/mp_rank_00/model.pt"], "other format"),
        (["model.tar.gz"], "archive"),
        (["model.safetensors.incomplete"], "download unfinished"),
        (["model.SAFETENSORS"], "weights misnamed"),
        (["model.safetensors?download=true"], "weights misnamed"),
        (["model.safetensors.index.json"], "no weights"),
        (["a/model.safetensors"], "weights deeper"),
        (["a/model.safetensors", "a/config.json", "b/x.safetensors"], "weights deeper"),
        (
            [f"{one}/{name}" for one in "ab" for name in ("x.safetensors", "config.json")],
            "several models",
        ),
        (["model_index.json", "unet/x.safetensors"], "diffusers"),
        (["adapter_config.json", "adapter_model.bin"], "adapter"),
        (["config.json", "rank0.engine"], "TensorRT-LLM"),
    ],
)
def test_a_folder_without_weights_is_named_by_its_kind(names, found):
    assert kind(*names) == [found]


def test_an_adapter_is_recognised_by_its_tensors():
    both = seen(shards={"m.safetensors": WEIGHTS, "l.safetensors": LORA})
    assert adapter_shards(both) == ["l.safetensors"]
    assert names_of(of_kind(both)) == ["adapter beside"]
    assert kind("config.json", shards={"l.safetensors": LORA}) == ["adapter"]
    assert kind(shards={"l.safetensors": [*LORA, "q.alpha"]}) == ["adapter"]
    assert kind("config.json", shards={"m.safetensors": ["x.alpha"]}) == []


def test_weights_split_by_gpu_and_drafts_are_named():
    split = {"model-rank-0-part-0.safetensors": WEIGHTS}
    assert kind("config.json", shards=split) == ["pre-sharded"]
    draft = {"speculators_model_type": "eagle3"}
    assert kind("config.json", shards={"m.safetensors": WEIGHTS}, config=draft) == ["speculator"]
    assert kind("config.json", shards={"m.safetensors": WEIGHTS}) == []
