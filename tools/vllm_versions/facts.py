"""What one release says: its streamer's loader, its log, and all that the others read."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path

import image
from flags import flags
from releases import unpack
from source import UnreadableError, found_class, found_function, tree_of
from spans import Facts

LOADER = "vllm/model_executor/model_loader/runai_streamer_loader.py"
WEIGHTS = "vllm/model_executor/model_loader/weight_utils.py"
REFUSAL = "Unexpected extra config keys"
LINES = (
    "Graph capturing finished",
    "Loading weights took",
    "Model loading took",
    "Starting vLLM API server",
    "Starting vLLM server",
    "init engine",
)


def facts_of(version: str) -> Facts | None:
    """Download one release, read it, delete it; None where there is no source distribution."""
    with tempfile.TemporaryDirectory() as folder:
        source = unpack(version, Path(folder))
        return read_source(source) if source else None


def read_source(root: Path) -> Facts:
    """Return what one unpacked release says, each fact a sorted list of words."""
    loader = found_class(tree_of(root / LOADER), "RunaiModelStreamerLoader")
    iterator = found_function(tree_of(root / WEIGHTS), "runai_safetensors_weights_iterator")
    traits = {
        "copies tensors": any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "clone"
            for node in ast.walk(iterator)
        ),
        "refuses unknown keys": any(
            isinstance(node, ast.Raise) and REFUSAL in ast.unparse(node)
            for node in ast.walk(loader)
        ),
    }
    return {
        "cuda": [image.cuda(root)],
        "flags": sorted(flags(root)),
        "lines": sorted(lines(root)),
        "loader_keys": sorted(loader_keys(loader)),
        "loader_packages": sorted(image.loader_packages(root)),
        "streamer": [image.streamer(root)],
        "traits": sorted(name for name, holds in traits.items() if holds),
    }


def loader_keys(loader: ast.ClassDef) -> set[str]:
    """Return the keys that the loader names as allowed, else those that it asks for."""
    allowed: set[str] = set()
    asked: set[str] = set()
    for node in ast.walk(loader):
        match node:
            case ast.Assign(targets=[ast.Name(id="allowed_keys")], value=value):
                allowed |= ast.literal_eval(value)
            case ast.Compare(
                left=ast.Constant(value=str() as word),
                ops=[ast.In()],
                comparators=[ast.Name(id="extra_config")],
            ):
                asked.add(word)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="extra_config"), attr="get"),
                args=[ast.Constant(value=str() as word), *_],
            ):
                asked.add(word)
    if not asked or (allowed and not asked <= allowed):
        raise UnreadableError(f"the loader asks for {asked}, allows {allowed}")
    return allowed or asked


def lines(root: Path) -> set[str]:
    """Return those of LINES that some call of a logger begins with."""
    said: set[str] = set()
    for path in sorted((root / "vllm").rglob("*.py")):
        text = path.read_text("utf-8")
        if not any(line.rpartition(" ")[0] in text for line in LINES):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
                words = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                texts = [word for word in words if isinstance(word, str)]
                said |= {line for line in LINES if any(t.startswith(line) for t in texts)}
    return said
