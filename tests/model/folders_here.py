"""Model folders as the inspection sees them, from names alone or with tensors."""

from warmbook.model.folder import Folder
from warmbook.model.inspect import Inspection, Shard
from warmbook.model.safetensors import Tensor


def tensor(name, dtype="BF16", shape=(4,), size_bytes=8):
    return Tensor(name, dtype, tuple(shape), 0, size_bytes)


def seen(*names, shards=None, sizes=None, **more):
    """Return a folder with these files; `shards`: a file's name -> the names of its tensors."""
    held = shards or {}
    files = {name: 100 for name in (*names, *held)} | dict(sizes or {})
    read = tuple(Shard(name, 100, tuple(map(tensor, inner))) for name, inner in held.items())
    return Inspection(Folder("b", "m", "US", (), files), read, **more)


def names_of(findings):
    return [finding.name for finding in findings]
