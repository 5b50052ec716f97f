"""vLLM's Python as the tests' double has it: its answers depend on every byte of the weights."""

from types import SimpleNamespace
from zlib import crc32

from .model_executor.model_loader.base_loader import BaseModelLoader
from .model_executor.model_loader.tensorizer_loader import TensorizerLoader

__version__ = "0.0.0"


def answer(weights, prompt, count):
    """Return the tokens that follow the prompt."""
    seed = crc32(prompt.encode() + weights)
    return tuple((seed >> at) % 1000 for at in range(count))


class SamplingParams:
    def __init__(self, *, temperature, max_tokens):
        assert temperature == 0
        self.max_tokens = max_tokens


class LLM:
    def __init__(self, model, load_format="auto", model_loader_extra_config=None, **engine):
        assert engine["enforce_eager"]
        loader = TensorizerLoader if load_format == "tensorizer" else BaseModelLoader
        self.weights = loader().load_model(model, load_format)

    def generate(self, prompts, params, use_tqdm=True):
        return [self._answer(prompt, params.max_tokens) for prompt in prompts]

    def _answer(self, prompt, count):
        tokens = answer(self.weights, prompt, count)
        said = SimpleNamespace(token_ids=tokens, text=" ".join(map(str, tokens)))
        return SimpleNamespace(outputs=[said])
