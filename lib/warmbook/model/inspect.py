"""What a model's folder in a bucket holds, from listings and a few kilobytes of its files.

Two ranged reads per shard, several at a time: no weights are read, however large they are.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from ..cloud.clients import READERS, Clients
from ..errors import MissingError
from ..texts import say
from .folder import Folder, list_folder
from .packed import parameters
from .safetensors import LENGTH_BYTES, HeaderError, Tensor, header_length, tensors_of

CONFIG, INDEX = "config.json", "model.safetensors.index.json"
TOKENIZER = "tokenizer.json"
MOST_FILES = 100_000
"""Files of a folder on this disk that are looked at; the others are not."""
Read: TypeAlias = Callable[[str, int, int], bytes]
"""Reads a part of a file: its name, the first byte, how many."""
LARGEST_JSON_BYTES = 50 * 2**20
"""A larger config or index is not read; real ones have kilobytes, indexes a few megabytes."""


@dataclass(frozen=True)
class Shard:
    """A safetensors file: its tensors, or the `fault` for which the streamer refuses it."""

    name: str
    size_bytes: int
    tensors: tuple[Tensor, ...] = ()
    fault: HeaderError | None = None

    @property
    def header_bytes(self) -> int:
        """The header's length, 0 where something is wrong with it."""
        data_bytes = sum(tensor.size_bytes for tensor in self.tensors)
        return 0 if self.fault else self.size_bytes - LENGTH_BYTES - data_bytes


@dataclass(frozen=True)
class Inspection:
    """A model's folder, seen through: `config` and `index` are None where missing or broken."""

    folder: Folder
    shards: tuple[Shard, ...] = ()
    config: Mapping[str, Any] | None = None
    index: Mapping[str, Any] | None = None
    read_bytes: int = 0
    """How much of the files was read, listings apart."""
    begins: Mapping[str, bytes] = field(default_factory=dict)
    """The first bytes of config.json and of the tokenizer, where they are there."""

    @property
    def tensors(self) -> list[Tensor]:
        """Every tensor of every shard."""
        return [tensor for shard in self.shards for tensor in shard.tensors]

    @property
    def parameters(self) -> int:
        """How many parameters the tensors hold; packed ones count as the numbers in them."""
        return parameters(self.tensors, self.config or {})

    @property
    def dtypes(self) -> list[tuple[str, int]]:
        """Bytes of each dtype, largest first."""
        mix: Counter[str] = Counter()
        for tensor in self.tensors:
            mix[tensor.dtype] += tensor.size_bytes
        return mix.most_common()

    @property
    def largest(self) -> Tensor | None:
        """The largest tensor, which the streamer's buffer must hold whole."""
        return max(self.tensors, key=lambda tensor: tensor.size_bytes, default=None)

    @property
    def longest_header_bytes(self) -> int:
        """The longest header, which the streamer's buffer must hold whole, too."""
        return max((shard.header_bytes for shard in self.shards), default=0)

    @property
    def streamed_bytes(self) -> int:
        """Bytes of the tensors, which is what the streamer's own line counts."""
        return sum(tensor.size_bytes for tensor in self.tensors)

    @property
    def architecture(self) -> str:
        """The first architecture that config.json names, or nothing."""
        named = (self.config or {}).get("architectures")
        return str(named[0]) if isinstance(named, list) and named else ""

    @property
    def indexed(self) -> dict[str, str]:
        """Tensor -> file, as the index says; empty without an index, and where it is broken."""
        named = (self.index or {}).get("weight_map")
        whole = isinstance(named, dict) and all(isinstance(one, str) for one in named.values())
        return dict(named) if whole and named else {}


def inspect_model(clients: Clients, uri: str) -> Inspection:
    """Look through the model's folder at `uri`, gs://BUCKET_NAME/PATH_TO_MODEL.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    folder = list_folder(clients, uri)
    return _inspected(folder, ranged_reader(clients, folder.bucket))


def inspect_local(path: Path) -> Inspection:
    """Look through a model's folder on this disk, or at a config.json alone, the same way.

    Raises:
        MissingError: There is no such folder or file, or it can't be read, or is no JSON object.
    """
    remedy = say("Name gs://BUCKET/PATH, a folder on this machine, or a config.json.")
    try:
        if path.exists():
            return _inspected_here(path)
    except OSError as error:
        told = say("{path} can't be read: {reason}.", path=path, reason=error.strerror)
        raise MissingError(told, remedy=remedy) from None
    raise MissingError(say("{path} does not exist.", path=path), remedy=remedy)


def _inspected_here(path: Path) -> Inspection:
    if path.is_dir():
        files = dict(islice(_below(path), MOST_FILES))
        return _inspected(Folder("", str(path), "", (), files), _part_of_file)
    alone = Folder("", str(path.parent), "", (), {path.name: path.stat().st_size})
    reader = _Reader(alone, _part_of_file)
    if (config := reader.document(path.name)) is None:
        raise MissingError(
            say("{path} is not a JSON object.", path=path),
            remedy=say("Name gs://BUCKET/PATH, a folder on this machine, or a config.json."),
        )
    return Inspection(alone, config=config, read_bytes=reader.read_bytes)


def _below(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the regular files below a folder, and their sizes."""
    for place, _, names in os.walk(folder):
        for file in (Path(place) / name for name in names):
            if file.is_file():
                yield file.relative_to(folder).as_posix(), file.stat().st_size


def _part_of_file(name: str, start: int, length: int) -> bytes:
    with Path(name).open("rb") as file:
        file.seek(start)
        return file.read(length)


def _inspected(folder: Folder, read: Read) -> Inspection:
    from concurrent.futures import ThreadPoolExecutor

    reader = _Reader(folder, read)
    pool = ThreadPoolExecutor(READERS)
    try:
        config, index = pool.map(reader.document, (CONFIG, INDEX))
        reader.begin(TOKENIZER)
        shards = tuple(pool.map(reader.shard, folder.shards))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # an interrupt waits for no reader
    return Inspection(folder, shards, config, index, reader.read_bytes, reader.begins)


@dataclass
class _Reader:
    """Reads parts of the folder's files."""

    folder: Folder
    read: Read
    read_bytes: int = 0
    begins: dict[str, bytes] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Keep the first bytes of a file at the folder's own level, where it is there."""
        if length := min(LENGTH_BYTES, self.folder.files.get(name, 0)):
            self.begins[name] = self._part(name, 0, length)

    def document(self, name: str) -> Mapping[str, Any] | None:
        """Return a JSON object in the folder, None where it is missing or broken."""
        length = self.folder.files.get(name, 0)
        if not 0 < length <= LARGEST_JSON_BYTES:
            return None
        text = self._part(name, 0, length)
        self.begins[name] = text[:LENGTH_BYTES]
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def shard(self, name: str) -> Shard:
        """Return a shard with its tensors, or with what is wrong with it."""
        length = self.folder.files[name]
        try:
            first = self._part(name, 0, min(LENGTH_BYTES, length))
            header = self._part(name, LENGTH_BYTES, header_length(first, length))
            return Shard(name, length, tensors_of(header, length))
        except HeaderError as fault:
            return Shard(name, length, fault=fault)

    def _part(self, name: str, start: int, length: int) -> bytes:
        if not length:
            return b""
        found = self.read(f"{self.folder.path}/{name}", start, length)
        self.read_bytes += len(found)
        return found


def ranged_reader(clients: Clients, bucket: str) -> Read:
    """Return a function that reads a part of an object."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    opened = clients.storage.bucket(bucket)

    def read(name: str, start: int, length: int) -> bytes:
        blob = opened.blob(name)
        return bytes(
            blob.download_as_bytes(
                start=start,
                end=start + length - 1,
                raw_download=True,
                checksum=None,
                retry=DEFAULT_RETRY,
            )
        )

    return read


def named_only(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are."""
    more = f" + {len(names) - most}" if len(names) > most else ""
    return ", ".join(names[:most]) + more
