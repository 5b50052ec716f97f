import pytest

from warmbook.display.check import check
from warmbook.errors import CheckError
from warmbook.model.folder import Folder
from warmbook.model.inspect import Inspection, Shard
from warmbook.model.safetensors import Tensor
from warmbook.settings import Settings
from warmbook.steps import sizing, weights

from ..model.test_fit import GEMMA, GEMMA_BYTES

STANDARD = {"mode": "standard", "location": "us-central1-a"}
TWO = {"gpu_count": 2, "tensor_parallel_size": 2, "machine_type": "g2-standard-24"}
NINE = {**GEMMA, "num_attention_heads": 9, "num_key_value_heads": 3}
SIZED = {
    "tight": (GEMMA, GEMMA_BYTES, {"max_model_len": 0}),
    "fits": (GEMMA, GEMMA_BYTES, {"max_model_len": 8192, **TWO}),
    "too large": (GEMMA, 141 * 10**9, TWO),
    "nine heads": (NINE, 10**9, {"gpu_count": 2, "tensor_parallel_size": 2}),
    "unknown": ({}, GEMMA_BYTES, {**STANDARD, "machine_type": "n2-standard-8"}),
    "unknown GPU": (GEMMA, 10**9, {"gpu": "nvidia-x9"}),
}
"""A model's config.json, its bytes and choices; tests/golden/texts has their cards."""


def model(config, size_bytes):
    tensor = Tensor("w", "BF16", (size_bytes // 2,), 0, size_bytes)
    shard = Shard("model.safetensors", size_bytes + 100, (tensor,))
    folder = Folder("b", "m", "US-CENTRAL1", (), {shard.name: shard.size_bytes})
    return Inspection(folder, (shard,), config)


def card(choices, config, size_bytes, more):
    settings = Settings.parse({**choices, **more})
    return sizing.size_up(settings, None, seen=model(config, size_bytes))


def test_the_shortest_load_is_that_of_the_machine_where_it_is_known(choices):
    known = card(choices, *SIZED["fits"])
    assert known.shortest_load_s == known.load.least_s > 1
    assert card(choices, *SIZED["unknown"]).shortest_load_s is None


@pytest.fixture
def sized(choices):
    return lambda config, size_bytes, **more: card(choices, config, size_bytes, more)


def test_the_guides_example_is_tight_on_one_l4_with_alternatives(sized):
    config, size_bytes, choices = SIZED["tight"]
    found = sized(config, size_bytes, **choices)
    assert found.fit.verdict == "tight"
    assert found.possible
    assert found.tokens == 8192
    assert f"max_model_len {found.fit.longest_sure};" in repr(found)
    longest = sized(GEMMA, GEMMA_BYTES, max_model_len=found.fit.longest_sure)
    assert longest.fit.verdict == "fits"


def test_two_l4s_hold_it_and_seventy_billion_parameters_they_do_not(sized):
    assert sized(GEMMA, GEMMA_BYTES, max_model_len=8192, **TWO).fit.verdict == "fits"
    large = sized(GEMMA, 141 * 10**9, **TWO)
    assert not large.possible
    assert large.fit.verdict == "no" and large.fit.longest_sure == 0


def test_a_size_that_does_not_divide_the_heads_is_refused_before_vllm_does(sized):
    found = sized(NINE, 10**9, gpu_count=2, tensor_parallel_size=2)
    assert not found.possible
    assert "vLLM rejects 2; sizes that divide" in repr(found)
    with pytest.raises(CheckError) as stopped:
        check(found.possible, "it can run", remedy="choose more GPUs")
    assert stopped.value.pitfall == "heads-not-divisible"
    assert "heads" in stopped.value.why
    assert "1 for «tensor_parallel_size»" in stopped.value.remedy


def test_the_load_and_the_price_are_those_of_the_machine(sized):
    found = sized(GEMMA, GEMMA_BYTES)
    assert "4.6 s at 32 Gbps (g2-standard-16); at the guide's rate 16 s" in repr(found)
    assert "g2-standard-16 per hour: $1.15" in repr(found)
    other = sized(GEMMA, GEMMA_BYTES, **STANDARD, machine_type="n2-standard-8")
    assert other.load is None
    assert "Gbps" not in repr(other)


def test_autopilots_machine_is_the_smallest_with_the_gpus_where_the_forms_has_others(sized):
    two = repr(sized(GEMMA, GEMMA_BYTES, gpu_count=2))
    assert "g2-standard-24 per hour: $2.00" in two
    four = repr(sized(GEMMA, GEMMA_BYTES, gpu_count=4))
    assert "50 Gbps (g2-standard-48)" in four


@pytest.mark.parametrize(
    ("config", "gpu", "words"),
    [
        ({}, "nvidia-l4", "num_hidden_layers"),
        (GEMMA, "nvidia-x9", "nvidia-x9"),
    ],
)
def test_without_a_known_size_nothing_is_refused(sized, config, gpu, words):
    found = sized(config, 10**9, gpu=gpu)
    assert found.possible and found.fit is None
    assert words in repr(found)
    assert words in found._repr_html_()


def test_the_pictures_of_memory_and_load_have_text_alternatives(sized):
    found = sized(GEMMA, GEMMA_BYTES)
    told = {
        found.plot(): (
            "4096",
            "17.2 GiB",
            "0 bytes",
        ),
        found.plot_load(): ("4.6 s at 32 Gbps", "guide's rate 16 s", "Gemma 3 27B 5.7 GiB/s"),
    }
    for picture, captions in told.items():
        assert "<svg" in picture._repr_html_()
        assert all(caption in repr(picture) for caption in captions)
    assert sized(GEMMA, GEMMA_BYTES // 2).plot().png != found.plot().png


def test_without_known_figures_no_picture_is_shown(sized):
    unknown = sized({}, GEMMA_BYTES, **STANDARD, machine_type="n2-standard-8")
    assert unknown.plot()._repr_html_() is unknown.plot_load()._repr_html_() is None


def test_googles_own_loads_stand_beside_the_least_with_model_machine_and_date(sized):
    told = repr(sized(GEMMA, GEMMA_BYTES))
    assert "Gemma 4 31B 2.9 GiB/s (a3-highgpu-1g)" in told
    assert "Gemma 3 27B 5.7 GiB/s (g4-standard-48)" in told
    assert "2026-10-01; not a prediction for other models or machines" in told


def test_googles_loads_on_the_chosen_machine_come_first(sized):
    g4 = repr(sized(GEMMA, GEMMA_BYTES, gpu="nvidia-rtx-pro-6000", machine_type="g4-standard-48"))
    assert g4.index("5.7 GiB/s (g4-standard-48)") < g4.index("2.9 GiB/s (a3-highgpu-1g)")


def test_a_rate_that_no_source_states_is_called_an_estimate(sized):
    h100 = {"gpu": "nvidia-h100-80gb", "machine_type": "a3-highgpu-4g", "gpu_count": 4}
    assert "at 100 Gbps (a3-highgpu-4g, an estimate)" in repr(sized(GEMMA, GEMMA_BYTES, **h100))


def test_where_the_region_holds_the_load_up_it_is_named_and_not_the_machine(sized):
    h200 = {"gpu": "nvidia-h200-141gb", "machine_type": "a3-ultragpu-8g", "gpu_count": 8}
    told = repr(sized(GEMMA, GEMMA_BYTES, **h200))
    assert "0.7 s at the region's quota (an estimate)" in told
    assert "400 Gbps" not in told


def test_the_rehearsals_model_fits(chosen, clients):
    seen = weights.inspect(chosen, clients).seen
    assert sizing.size_up(chosen, clients, seen=seen).fit.verdict == "fits"
