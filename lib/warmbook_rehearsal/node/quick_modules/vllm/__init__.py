"""The quick engine's `vllm`: reads the weights as vLLM's loaders do, keeps none, answers nothing.

It stands on the path of a Pod of vLLM's image that runs Python itself, such as a Job that
compares loaders; so that the real vLLM need not be imported. Only what those use is here.
"""

from __future__ import annotations

from typing import Any

from .model_executor.model_loader.base_loader import BaseModelLoader

NO_ANSWER = "This is the rehearsal's quick engine: it streams the weights and answers nothing."


class SamplingParams:
    """Takes what vLLM's takes, for nothing."""

    def __init__(self, **_: Any) -> None:
        pass


class LLM:
    """Loads the weights when it is made, as vLLM's does."""

    def __init__(self, model: str, load_format: str = "auto", **_: Any) -> None:
        BaseModelLoader().load_model(model, load_format)

    def generate(self, *_: Any, **__: Any) -> Any:
        """Refuse to answer."""
        raise NotImplementedError(NO_ANSWER)
