"""What is wrong with a model's small files: its config, its code, its tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..texts import say
from .finding import Finding
from .folder_kinds import PARAMS
from .inspect import CONFIG, TOKENIZER, Inspection, named_only
from .safetensors import instead

BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TOKENIZER_FILES = {
    *(TOKENIZER, "tokenizer.model", "tekken.json", "tiktoken.model", "spiece.model"),
    *("vocab.txt", "vocab.json", "vocab.bpe", "sentencepiece.bpe.model", "source.spm"),
}
_OF_A_MODEL = {"model_type", "architectures", "auto_map", "num_hidden_layers"}
"""Fields by which a config.json is a model's, even one that was written by hand."""
_TOKENIZER_ENDS = (".tiktoken", ".model", ".spm")


def of_documents(inspection: Inspection) -> Iterator[Finding]:
    """Yield what is wrong with the small files that the server needs."""
    here = inspection.folder.here
    if not here:
        return  # the wrong folder: told already
    yield from _config(inspection)
    yield from _code(inspection)
    if not any(map(_is_tokenizer, here)):
        yield Finding(
            "no tokenizer",
            say("no tokenizer files"),
            say("vLLM stops before it reads the weights."),
            say("Copy the model's small files next to its weights, or correct the folder."),
            pitfall="tokenizer-unreadable",
        )
    yield from _begins(inspection, TOKENIZER)
    if inspection.folder.files.get(TOKENIZER) == 0:
        yield Finding(
            "tokenizer empty",
            say("{name} is empty", name=TOKENIZER),
            say("vLLM stops before it reads the weights."),
            say("Upload this file again."),
        )


def _is_tokenizer(name: str) -> bool:
    """Say whether a file holds a vocabulary; tokenizer_config.json alone does not."""
    code = name.startswith("tokenization_") and name.endswith(".py")
    return name in _TOKENIZER_FILES or name.endswith(_TOKENIZER_ENDS) or code


def _config(inspection: Inspection) -> Iterator[Finding]:
    here = inspection.folder.here
    if CONFIG not in here and PARAMS not in here:
        yield Finding(
            "no config",
            say("{name} is missing", name=CONFIG),
            say("vLLM stops: «no config file found»."),
            say("Copy the model's small files next to its weights, or correct the folder."),
            pitfall="config-missing",
        )
        return
    yield from _no_type(inspection.config or {})
    told = list(_begins(inspection, CONFIG))
    yield from told
    if CONFIG in here and inspection.config is None and not told:
        yield Finding(
            "config broken",
            say("{name} can't be read", name=CONFIG),
            say("vLLM stops: it can't determine the architecture."),
            say("Upload this file again."),
            pitfall="config-broken",
        )


def _no_type(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Say that a config of something else (timm, a tool's own) names no model.

    Source: transformers 5.19, configuration_auto.py, which vLLM 0.32.0 asks.
    """
    if config and not _OF_A_MODEL & config.keys():
        yield Finding(
            "no model type",
            say("{name} names no model: it has no model_type", name=CONFIG),
            say("vLLM stops: «Unrecognized model»."),
            say("Copy the model's small files next to its weights, or correct the folder."),
            pitfall="config-missing",
        )


def _begins(inspection: Inspection, name: str) -> Iterator[Finding]:
    """Look at a JSON file's first bytes: a mark of its encoding, or another text altogether."""
    first = inspection.begins.get(name, b"")
    pitfall = "config-broken" if name == CONFIG else "tokenizer-unreadable"
    if first.startswith(BYTE_ORDER_MARKS):
        yield Finding(
            "byte-order mark",
            say("{name} begins with a byte-order mark", name=name),
            say("vLLM stops: it can't parse the file as JSON."),
            say("Save it as UTF-8 without a byte-order mark, then upload it again."),
            pitfall=pitfall,
        )
    elif found := instead(first, inspection.folder.files.get(name, 0)):
        yield Finding(
            found,
            say("{name}: contains {what} instead of the file", name=name, what=found),
            say("vLLM stops: it can't parse the file as JSON."),
            say("Fetch the real file (git lfs pull, or hf download), then upload it."),
            pitfall=pitfall,
        )


def _code(inspection: Inspection) -> Iterator[Finding]:
    """Compare the modules that config.json names with the files that are here."""
    here = set(inspection.folder.here)
    missing = sorted(_modules(inspection.config or {}) - here)
    if missing:
        yield Finding(
            "code missing",
            say(
                "config.json names {names} (auto_map), which is missing", names=named_only(missing)
            ),
            say("With --trust-remote-code vLLM stops before it reads the weights."),
            say("Upload the model's .py files, or remove auto_map if vLLM knows the model."),
        )


def _modules(config: Mapping[str, Any]) -> set[str]:
    """Return the Python files that auto_map names; those of other repositories are not here."""
    named = config.get("auto_map")
    found = named.values() if isinstance(named, Mapping) else ()
    listed = [one for value in found for one in (value if isinstance(value, list) else [value])]
    texts = [one for one in listed if isinstance(one, str) and "." in one and "--" not in one]
    return {f"{one.rpartition('.')[0].replace('.', '/')}.py" for one in texts}
