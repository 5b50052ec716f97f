"""Writes the weights backwards, so that nobody takes the one file for the other."""

from pathlib import Path


class TensorizerConfig:
    def __init__(self, *, tensorizer_uri):
        self.tensorizer_uri = tensorizer_uri


def serialize_extra_artifacts(*_):
    raise RuntimeError("the Hub was asked")


def serialize_vllm_model(model, tensorizer_config, model_config):
    Path(tensorizer_config.tensorizer_uri).write_bytes(model[::-1])
    serialize_extra_artifacts(tensorizer_config, model_config)
    return model
