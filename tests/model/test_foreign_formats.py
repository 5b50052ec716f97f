import pytest

from warmbook.model.foreign_formats import of_another_engine
from warmbook.model.inspect import Shard

from .folders_here import seen, tensor


def engine(*names, tensors=(), **more):
    inspection = seen(*names, **more)
    shard = Shard("model.safetensors", 100, tuple(tensors))
    found = of_another_engine(type(inspection)(inspection.folder, (shard,), inspection.config))
    return found and found.name


def test_tensorrts_engines_and_checkpoints_are_recognised_by_their_names():
    assert engine("rank0.engine") == engine("rank13.safetensors") == "TensorRT-LLM"
    assert engine("rankings.safetensors") is None
    assert engine(config={"pretrained_config": {}, "build_config": {}}) == "TensorRT-LLM"
    assert engine(config={"pretrained_config": {}}) is None


def test_mlx_is_recognised_by_scales_and_biases_beside_packed_weights():
    packed = [tensor("w.weight", "U32"), tensor("w.scales", "F16")]
    assert engine(tensors=packed) is None
    assert engine(tensors=[*packed, tensor("w.biases", "F16")]) == "MLX"


@pytest.mark.parametrize(
    ("method", "found"),
    [("exl2", True), ("EXL3", True), ("gptq", False), ("fp8", False), (None, False), ([], False)],
)
def test_a_quantization_that_vllm_never_reads_is_named(method, found):
    told = engine(config={"quantization_config": {"quant_method": method}})
    assert (told == "quantization unknown") is found
