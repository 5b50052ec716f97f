from pathlib import Path

from .base_loader import BaseModelLoader


class TensorizerLoader(BaseModelLoader):
    def load_model(self, model, load_format):
        assert Path(model, "config.json").exists()
        assert not [*Path(model).glob("*.safetensors")]
        return Path(model, "model.tensors").read_bytes()[::-1]
