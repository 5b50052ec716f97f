from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.errors import MissingError
from warmbook.model import gpus
from warmbook.model.fit import (
    GIB,
    Shape,
    allocatable,
    fit,
    gpu,
    host,
    limit_refusal,
    machine,
    machines_for,
    price,
)

GEMMA = {
    "model_type": "gemma2",
    "num_hidden_layers": 42,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 256,
    "hidden_size": 3584,
    "vocab_size": 256000,
    "max_position_embeddings": 8192,
    "sliding_window": 4096,
    "torch_dtype": "bfloat16",
}
GEMMA_BYTES = 9_241_705_984 * 2
GEMMA_LARGEST = 256_000 * 3584 * 2
SMOL = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "hidden_size": 576,
    "max_position_embeddings": 8192,
}
LLAMA_8B = {
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "hidden_size": 4096,
    "max_position_embeddings": 8192,
}
L4 = gpu("nvidia-l4")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
known_names = st.sampled_from(
    [
        *GEMMA,
        "text_config",
        "layer_types",
        "use_sliding_window",
        "sliding_window_pattern",
        "kv_lora_rank",
        "qk_rope_head_dim",
        "n_head",
        "dtype",
        "layers_block_type",
        "block_types",
        "block_configs",
        "hybrid_override_pattern",
        "hybrid_layer_pattern",
        "attn_layer_period",
        "full_attention_interval",
        "linear_attn_config",
        "no_rope_layers",
        "attention_chunk_size",
        "num_kv_shared_layers",
        "max_window_layers",
        "is_encoder_decoder",
    ]
)
model_types = st.sampled_from(["", "gemma3", "gemma4_text", "llama4", "qwen2", "jamba", "whisper"])
configs = st.dictionaries(known_names | st.text(max_size=8), json_values | st.integers(1, 99))
shapes = st.builds(
    lambda heads, kv_heads, layers, window: Shape.of(
        {
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": 128,
            "sliding_window": window,
            "sliding_window_pattern": 6,
        }
    ),
    st.integers(1, 128),
    st.integers(1, 32),
    st.integers(1, 100),
    st.none() | st.integers(1, 8192),
)
contexts = st.integers(1, 200_000)
weights = st.integers(0, 500 * GIB)
any_gpu = st.sampled_from(gpus.gpus())


def gemma(gpu_count=1, tokens=4096, utilization=0.90):
    return fit(
        Shape.of(GEMMA),
        GEMMA_BYTES,
        GEMMA_LARGEST,
        L4,
        gpu_count,
        max_model_len=tokens,
        utilization=utilization,
    )


def test_gemmas_cache_is_that_of_its_published_shape():
    shape = Shape.of(GEMMA)
    assert (shape.window_layers, shape.full_layers, shape.dtype) == (21, 21, "bfloat16")
    assert pytest.approx(17.21, abs=0.01) == GEMMA_BYTES / GIB
    cache = shape.kv_cache(L4, 8192)
    assert cache.high == 336 * 1024 * 8192
    assert cache.low / GIB == pytest.approx(2.30, abs=0.01)
    assert shape.kv_cache(L4, 4096).high / GIB == pytest.approx(1.31, abs=0.01)


@pytest.mark.parametrize(
    ("gpu_count", "tokens", "utilization", "verdict"),
    [
        (1, 8192, 0.85, "no"),
        (1, 8192, 0.90, "tight"),
        (1, 8192, 0.92, "tight"),
        (1, 4096, 0.90, "tight"),
        (1, 4096, 0.92, "tight"),
        (1, 4096, 0.95, "fits"),
        (1, 1024, 0.90, "fits"),
        (2, 8192, 0.90, "fits"),
    ],
)
def test_gemma_2_9b_on_l4s(gpu_count, tokens, utilization, verdict):
    found = gemma(gpu_count, tokens, utilization)
    assert found.verdict == verdict
    assert found.tensor_parallel_size == gpu_count
    assert found.allowed_sizes == (1, 2, 4, 8)
    assert (found.free.low >= 0) is (verdict == "fits")
    assert (found.free.high < 0) is (verdict == "no")


def test_the_longest_sure_context_is_the_last_that_fits():
    found = gemma()
    assert 0 < found.longest_sure < 4096
    assert gemma(tokens=found.longest_sure).verdict == "fits"
    assert gemma(tokens=found.longest_sure + 16).verdict == "tight"
    assert gemma(gpu_count=2).longest_sure == 8192, "the model itself ends there"


def test_two_gpus_share_the_reading_where_the_streamers_buffers_fit():
    assert gemma(gpu_count=2).shares_reading
    assert not gemma(gpu_count=1).shares_reading, "one process has nothing to share"
    full = fit(Shape.of(LLAMA_8B), 40 * GIB, 3 * GIB, L4, 2, max_model_len=1)
    assert not full.shares_reading


@pytest.mark.parametrize(("weight_bytes", "each"), [(4_000, 2_000), (4_001, 2_001)])
def test_gpus_share_the_weights_to_the_byte_and_round_up(weight_bytes, each):
    found = fit(Shape.of(LLAMA_8B), weight_bytes, 1, L4, 2, max_model_len=1)
    assert found.weights_bytes == each


def test_heads_that_do_not_divide_stay_on_one_gpu():
    shape = Shape.of(SMOL)
    assert shape.head_dim == 64
    assert shape.tensor_parallel_sizes(8) == (1,)
    found = fit(shape, 269_000_000, 56_623_104, L4, 4, max_model_len=8192)
    assert (found.tensor_parallel_size, found.verdict) == (1, "fits")


def test_a_nested_text_model_and_named_layer_kinds_are_read():
    kinds = ["linear_attention", "linear_attention", "sliding_attention", "full_attention"]
    text = {**SMOL, "num_hidden_layers": 4, "layer_types": kinds, "sliding_window": 512}
    shape = Shape.of({"dtype": "float32", "text_config": text, "num_hidden_layers": 99})
    assert (shape.layers, shape.window_layers, shape.full_layers) == (4, 1, 1)
    assert shape.dtype == "float32"
    cache = shape.kv_cache(L4, 10_000)
    layer = 2 * 3 * 64 * 2
    assert cache.low == layer * (10_000 + 512 - 1 + 2048)
    assert cache.high == layer * 2 * 10_000, "linear attention keeps nothing of a token"


def test_a_window_that_is_switched_off_does_not_count():
    shape = Shape.of({**SMOL, "sliding_window": 512, "use_sliding_window": False})
    assert (shape.window, shape.window_layers, shape.full_layers) == (None, 0, 30)


def test_a_compressed_cache_is_the_same_on_each_gpu():
    shape = Shape.of({**LLAMA_8B, "kv_lora_rank": 512, "qk_rope_head_dim": 64})
    assert shape.kv_cache(L4, 100, shared_by=8).high == 32 * 100 * 576 * 2


def test_a_model_without_a_cache_fits_by_its_weights_alone():
    shape = Shape.of({"model_type": "mamba", "num_hidden_layers": 64, "state_size": 16})
    found = fit(shape, GIB, GIB, L4, 1, max_model_len=4096)
    assert (found.verdict, found.kv_cache.high) == ("fits", 0)


def test_what_config_json_lacks_is_named():
    with pytest.raises(MissingError, match="num_hidden_layers, head_dim"):
        fit(Shape.of({"num_attention_heads": 8}), 1, 1, L4, 1, max_model_len=1)


@given(configs, model_types)
def test_any_json_object_has_a_shape(config, model_type):
    for read in (config, {"text_config": config}, {**config, "model_type": model_type}):
        shape = Shape.of(read)
        assert shape.window_layers + shape.full_layers <= (shape.layers or 0) or shape.unknown
        try:
            cache = shape.kv_cache(L4, 1000)
        except MissingError:
            assert shape.unknown or not (shape.layers and shape.kv_heads and shape.head_dim)
        else:
            assert 0 <= cache.low <= cache.high


@given(shapes, weights, any_gpu, contexts, st.integers(1, 16), st.integers(0, 15))
def test_more_gpus_never_raise_the_bytes_on_each(shape, size_bytes, on, tokens, few, more):
    one, two = (
        fit(shape, size_bytes, GIB, on, count, max_model_len=tokens) for count in (few, few + more)
    )
    assert two.total.high <= one.total.high
    assert two.total.low <= one.total.low
    assert two.longest_sure >= one.longest_sure
    assert rank(two) >= rank(one)


@given(shapes, weights, any_gpu, contexts, st.integers(0, 50_000))
def test_a_longer_context_never_needs_less(shape, size_bytes, on, tokens, more):
    one, two = (
        fit(shape, size_bytes, GIB, on, 1, max_model_len=length)
        for length in (tokens, tokens + more)
    )
    assert two.total.low >= one.total.low
    assert two.total.high >= one.total.high
    assert rank(two) <= rank(one)


@given(shapes, weights, any_gpu, contexts, st.floats(0.1, 1), st.floats(0, 1))
def test_more_of_the_memory_or_a_smaller_model_never_fits_worse(
    shape, size_bytes, on, tokens, utilization, part
):
    def found(share, loaded_bytes):
        return fit(
            shape, loaded_bytes, GIB, on, 1, max_model_len=tokens, utilization=utilization * share
        )

    assert rank(found(part, size_bytes)) <= rank(found(1, size_bytes))
    assert rank(found(1, size_bytes)) <= rank(found(1, int(size_bytes * part)))


def rank(found):
    return ["no", "tight", "fits"].index(found.verdict)


@pytest.mark.parametrize(
    ("streamer", "distributed", "gpu_count", "gib"),
    [
        ("0.15", True, 4, 131),
        ("0.16", False, 1, 40e9 / GIB),
        ("0.16", True, 1, 40e9 / GIB),
        ("0.17", True, 4, 40e9 / GIB),
        ("0.17", False, 2, 80e9 / GIB),
    ],
)
def test_the_streamers_buffer_follows_its_version(streamer, distributed, gpu_count, gib):
    found = host(131 * GIB, GIB, gpu_count, distributed=distributed, streamer=streamer)
    assert found.streamer_bytes == pytest.approx(gib * GIB)
    parts = found.streamer_bytes + found.server_bytes + found.shm_bytes
    assert parts <= found.memory_bytes < parts + GIB
    assert found.memory_bytes % GIB == 0


def test_the_buffer_holds_a_tensor_of_each_process_and_no_more_than_a_small_model():
    assert host(131 * GIB, 20 * GIB, 4).streamer_bytes == 80 * GIB
    assert host(2 * GIB, GIB // 2, 1).streamer_bytes == 2 * GIB


def test_activations_grow_with_the_tokens_of_a_step():
    measured = gpus.estimate("activations")  # of a step of 2,048 tokens
    for tokens in (2048, 3001, 8192):
        on = replace(L4, step_tokens=tokens)
        found = fit(Shape.of(LLAMA_8B), 16 * GIB, GIB, on, 1, max_model_len=1)
        assert found.activations.low == measured.low
        assert found.activations.high == int(measured.high * tokens / 2048)
        assert isinstance(found.activations.high, int)


def test_the_limit_holds_for_headers_too_and_newer_streamers_raise_it_where_they_share():
    assert limit_refusal(1, 0).endswith("1 cannot be smaller than: 8")
    assert limit_refusal(99, 10, header_bytes=100).endswith("99 cannot be smaller than: 100")
    assert limit_refusal(99, 100).endswith("99 cannot be smaller than: 100")
    assert limit_refusal(99, 100, shared=True, streamer="0.16")
    assert not limit_refusal(99, 100, shared=True)
    assert not any(limit_refusal(limit, 100, header_bytes=100) for limit in (-1, 0, 100))


def test_each_gpus_process_has_its_memory_and_its_share_of_dev_shm():
    for count in (1, 4):
        found = host(131 * GIB, GIB, count)
        worker, shm = gpus.estimate("worker").high, gpus.estimate("shm").high
        assert found.server_bytes == gpus.estimate("server").high + count * worker
        assert found.shm_bytes == count * shm
        assert found.ephemeral_bytes == gpus.estimate("ephemeral").high


def test_googles_measurements_have_a_rate():
    (first, *_) = gpus.measured()
    assert first.gib_s * first.seconds == pytest.approx(first.weights_gib)
    assert {one.machine for one in gpus.measured()} <= {one.name for one in gpus.machines()}


def test_every_figure_has_source_and_date():
    data = gpus.data()
    rows = [*data["gpus"], *data["machines"], *data["measured"], *data["estimates"], data["guide"]]
    rows += [row["price"] for row in data["machines"] if row["price"]]
    assert len(rows) > 50
    for row in rows:
        assert row["source"] and row["date"][:3] == "202", row
    for row in data["gpus"] + data["machines"]:
        assert set(row["estimates"]) <= set(row)
        assert bool(row["estimates"]) is ("estimate" in row["source"]), row


def test_every_gpu_has_machines_and_every_machine_its_gpu():
    for found in gpus.gpus():
        assert machines_for(found.label)
    assert {found.gpu for found in gpus.machines()} == {found.label for found in gpus.gpus()}
    names = [found.name for found in machines_for("nvidia-l4")]
    assert names[:2] == ["g2-standard-4", "g2-standard-8"]
    assert names[-1] == "g2-standard-96"
    assert machines_for("nvidia-nothing") == ()


def test_prices_have_a_date_and_mark_computed_ones():
    found = price("g2-standard-16")
    assert (found.on_demand_usd, found.spot_usd) == (1.147208, 0.688124)
    assert (found.region, found.date, found.listed) == ("us-central1", "2026-08-20", True)
    assert not price("g2-standard-12").listed
    assert price("a4-highgpu-8g") is None


@pytest.mark.parametrize("ask", [machine, price, gpu])
def test_an_unknown_name_is_refused_with_the_known_ones(ask):
    with pytest.raises(MissingError, match="nothing-here") as refused:
        ask("nothing-here")
    assert "g2-standard-16" in refused.value.remedy or "nvidia-l4" in refused.value.remedy


def test_memory_seen_by_pytorch_is_a_range_within_the_vendors_figure():
    assert (L4.usable.low / GIB, L4.usable.high / GIB) == pytest.approx((22.0, 22.3))
    for found in gpus.gpus():
        assert found.memory_bytes * 0.95 < found.usable.low < found.usable.high
        assert found.usable.high <= found.memory_bytes // 10**9 * GIB


@pytest.mark.parametrize(
    ("memory_gib", "reserved_gib"),
    [
        (3, 3 * 0.25),
        (4, 4 * 0.25),
        (6, 4 * 0.25 + 2 * 0.20),
        (8, 1.8),
        (12, 1.8 + 4 * 0.10),
        (16, 2.6),
        (48, 2.6 + 32 * 0.06),
        (128, 9.32),
        (1360, 9.32 + 1232 * 0.02),
    ],
)
def test_each_tier_of_a_nodes_memory_has_its_own_reservation(memory_gib, reserved_gib):
    found = allocatable(replace(machine("g2-standard-16"), memory_gib=memory_gib))
    eviction_bytes = 100 * 2**20
    assert found == pytest.approx((memory_gib - reserved_gib) * GIB - eviction_bytes, abs=1)


def test_a_machine_with_unknown_memory_has_no_allocatable_memory():
    with pytest.raises(MissingError, match="g2-standard-16"):
        allocatable(replace(machine("g2-standard-16"), memory_gib=None))
