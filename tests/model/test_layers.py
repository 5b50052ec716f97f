from hypothesis import given
from hypothesis import strategies as st

from warmbook.model.layers import KINDS, blocks
from warmbook.model.safetensors import Tensor


def tensor(name, size_bytes):
    return Tensor(name, "U8", (size_bytes,), 0, size_bytes)


def of(*names):
    return {block.name: dict(block.parts) for block in blocks(tensor(name, 8) for name in names)}


def test_a_llama_is_split_into_its_layers_and_the_remaining_tensors():
    found = of(
        "lm_head.weight",
        "model.embed_tokens.weight",
        "model.layers.10.self_attn.q_proj.weight",
        "model.layers.2.mlp.up_proj.weight",
        "model.layers.2.input_layernorm.weight",
        "model.norm.weight",
    )
    assert list(found) == ["embedding", "2", "10", "head", "rest"]
    assert found["10"] == {"attention": 8}
    assert found["2"] == {"mlp": 8, "rest": 8}


def test_experts_are_distinguished_from_the_mlp_in_all_families():
    assert of("model.layers.3.mlp.experts.12.up_proj.weight") == {"3": {"experts": 8}}
    assert of("transformer.h.0.attn.c_attn.weight", "transformer.wte.weight") == {
        "embedding": {"rest": 8},
        "0": {"attention": 8},
    }
    assert of("blocks.7.feed_forward.w1") == {"7": {"mlp": 8}}


def test_a_vision_tower_beside_the_language_model_is_one_block():
    language = [f"language_model.model.layers.{n}.mlp.up_proj.weight" for n in range(3)]
    vision = [f"vision_tower.encoder.layers.{n}.self_attn.q_proj.weight" for n in range(2)]
    found = of(*language, *vision)
    assert list(found) == ["0", "1", "2", "vision_tower"]
    assert found["vision_tower"] == {"attention": 16}


def test_what_belongs_to_a_tower_stands_with_it_wherever_the_family_puts_it():
    language = [f"model.language_model.layers.{n}.mlp.up_proj.weight" for n in range(2)]
    beside = ["model.language_model.embed_tokens.weight", "lm_head.weight"]
    tower = ["model.visual.blocks.0.attn.qkv.weight", "model.visual.patch_embed.proj.weight"]
    found = of(*language, *beside, *tower)
    assert list(found) == ["embedding", "0", "1", "head", "visual"]
    assert found["visual"] == {"attention": 8, "rest": 8}
    more = of("model.layers.0.mlp.w", "model.layers.1.mlp.w", "model.mtp.layers.0.mlp.w")
    assert list(more) == ["0", "1", "mtp"]


def test_a_norm_named_after_the_attention_is_no_attention():
    found = of("model.layers.0.post_attention_layernorm.w", "model.layers.0.self_attn.q_norm.w")
    assert found == {"0": {"rest": 8, "attention": 8}}


parts = st.sampled_from(
    ["model", "layers", "3", "h", "attn", "mlp", "experts", "embed", "", "norm"]
)


@given(st.lists(st.tuples(st.lists(parts, max_size=6), st.integers(0, 2**40)), max_size=30))
def test_every_byte_is_in_exactly_one_block_for_any_names(named):
    tensors = [tensor(".".join(words), size_bytes) for words, size_bytes in named]
    found = blocks(tensors)
    assert sum(block.size_bytes for block in found) == sum(t.size_bytes for t in tensors)
    assert {kind for block in found for kind in block.parts} <= set(KINDS)
