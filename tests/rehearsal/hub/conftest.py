import random

import pytest

from ...conftest import safetensors_file
from ...doubles.hub import served

MIB = 2**20


@pytest.fixture(scope="session")
def model_files(tmp_path_factory):
    """A model whose weights take several reads."""
    folder = tmp_path_factory.mktemp("hub-model")
    weights = folder / "model.safetensors"
    weights.write_bytes(safetensors_file(1000) + random.Random(1).randbytes(3 * MIB))
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (folder / "tokenizer.json").write_text("{}")
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def hub(model_files, tmp_path_factory):
    with served(tmp_path_factory.mktemp("hub-beside"), model_files) as running:
        yield running


@pytest.fixture
def weights(model_files):
    return next(file for file in model_files if file.suffix == ".safetensors").read_bytes()
