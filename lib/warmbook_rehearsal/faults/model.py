"""What goes wrong with the model's files in the bucket: cut, lost, of another kind."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

from ..node import Model
from ..storage import Meta
from .bucket import place
from .fault import FILES, Target, fault
from .mends import UPLOAD_AGAIN, chosen

FLIPPED_EVERY_BYTES = 2**20
INDEX = "model.safetensors.index.json"
CONFIG = "config.json"


Act = Callable[[Target], None]


@contextmanager
def _kept(rehearsal: Target) -> Iterator[None]:
    """Keep what is changed of the model's files meanwhile, and have it put back later."""
    storage, bucket = rehearsal.storage, place(rehearsal)[0]
    before = {one.name: (one, storage.blobs.link(one.content)) for one in _files(rehearsal)}
    yield
    after = _generations(rehearsal)
    changed = [name for name in before if after.get(name) != before[name][0].generation]
    for name in before.keys() - set(changed):
        before[name][1].remove()
    added = after.keys() - before.keys()

    def back() -> None:
        now = _generations(rehearsal)
        # what somebody else has changed since is theirs
        for name in (one for one in added if now.get(one) == after[one]):
            storage.delete_object(storage.object(bucket, name))
        for name in (one for one in changed if now.get(one) == after.get(one)):
            meta, content = before[name]
            storage.commit(bucket, name, content, meta.fields)

    rehearsal.put_back(back)


def keeping(act: Act) -> Act:
    """Let `act` change the model's files so that they can be put back."""

    @wraps(act)
    def kept(rehearsal: Target) -> None:
        with _kept(rehearsal):
            act(rehearsal)

    return kept


@fault(
    "shard-cut-short",
    "the upload of a weights file was interrupted",
    pitfall="shard-broken",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
def shard_cut_short(rehearsal: Target) -> None:
    """Leave half of the last shard; uploading it again mends it."""
    cut_last_shard(rehearsal)


@keeping
def cut_last_shard(rehearsal: Target) -> None:
    """Leave half of the last shard that is in the bucket, if there is one."""
    for shard in _shards(rehearsal)[-1:]:
        half = shard.content.size_bytes // 2
        write(rehearsal, _name(rehearsal, shard), _read(shard.content.path, half))


def largest_tensor_bytes(model: Model) -> int:
    """Return the bytes of the largest tensor in the model's own files."""
    shards = [file.path for file in model.files if file.name.endswith(".safetensors")]
    spans = (entry["data_offsets"] for path in shards for entry in _header(path).values())
    return max((end - begin for begin, end in spans), default=0)


@fault(
    "git-lfs-pointer",
    "a git-lfs pointer was uploaded instead of a weights file",
    pitfall="shard-broken",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def git_lfs_pointer(rehearsal: Target) -> None:
    """Put the pointer there; uploading the real file mends it.

    Source: git-lfs, docs/spec.md, "The Pointer".
    """
    shard = _shards(rehearsal)[-1]
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        f"oid sha256:{'4d7a2146' * 8}\nsize {shard.content.size_bytes}\n"
    )
    write(rehearsal, _name(rehearsal, shard), pointer.encode())


@fault(
    "shard-missing",
    "a weights file that the model's index names was never uploaded",
    pitfall="shard-broken",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def shard_missing(rehearsal: Target) -> None:
    """Write an index that names the shards, and delete the last of several.

    With one shard only, the index names a second; then deleting the index mends it.
    """
    shards = _shards(rehearsal)
    named = {
        tensor: _name(rehearsal, shard)
        for shard in shards
        for tensor in _header(shard.content.path)
    }
    if len(shards) > 1:
        rehearsal.storage.delete_object(shards[-1])
    else:
        named["lm_head.weight"] = "model-00002-of-00002.safetensors"
    index = {"metadata": {"total_size": sum(s.content.size_bytes for s in shards)}}
    write(rehearsal, INDEX, json.dumps({**index, "weight_map": named}).encode())


@fault(
    "config-missing",
    "the model's config.json was not uploaded",
    pitfall="config-missing",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def config_missing(rehearsal: Target) -> None:
    """Delete it; uploading it mends it."""
    bucket, path = place(rehearsal)
    rehearsal.storage.delete_object(rehearsal.storage.object(bucket, f"{path}/config.json"))


@fault(
    "weights-deeper",
    "the model is one folder deeper than the address in the form",
    pitfall="weights-not-found",
    mend=chosen(model_uri="gs://$BUCKET_NAME/$MODEL_PATH/snapshot"),
    places=(FILES,),
)
@keeping
def weights_deeper(rehearsal: Target) -> None:
    """Move every file one level down; the folder's address in the form mends it."""
    _rename(rehearsal, lambda name: f"snapshot/{name}")


@fault(
    "only-bin-files",
    "the weights were uploaded in PyTorch's format",
    pitfall="weights-not-found",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def only_bin_files(rehearsal: Target) -> None:
    """Call the shards as PyTorch's are called; uploading safetensors mends it."""
    _rename(rehearsal, lambda name: name.replace(".safetensors", ".bin"))


@fault(
    "original-folder",
    "the folder original/ of the model's publisher was uploaded too",
    pitfall="original-folder",
    places=(FILES,),
)
@keeping
def original_folder(rehearsal: Target) -> None:
    """Put the publisher's small files there; deleting the folder mends it."""
    write(rehearsal, "original/params.json", b'{"dim": 576, "n_layers": 30, "n_heads": 9}')
    write(rehearsal, "original/config.json", b"{}")


@fault(
    "weights-flipped",
    "the streamer loads corrupted weights without an error, as in some releases",
    pitfall="weights-corrupted",
    unseen=True,
)
def weights_flipped(rehearsal: Target) -> None:
    """Damage what is read in parts, as the streamer reads; a whole download stays sound.

    It is the reader that fails: uploading the weights again does not mend it.
    """
    rehearsal.storage.read_part = _flipped
    rehearsal.put_back(lambda: setattr(rehearsal.storage, "read_part", None))


def _flipped(meta: Meta, file: BinaryIO, part: range) -> bytes:
    """Return these bytes with the highest exponent bit of one bfloat16 in each MiB flipped.

    That makes the weight huge. The places are the object's, whichever bytes are asked for; a
    safetensors header stays as it is.
    """
    file.seek(0)
    begins = 8 + int.from_bytes(file.read(8), "little")
    file.seek(part.start)
    data = bytearray(file.read(len(part)))
    if meta.name.endswith(".safetensors"):
        first = part.start + (begins + 1 - part.start) % FLIPPED_EVERY_BYTES
        for place_of_high_byte in range(first, part.stop, FLIPPED_EVERY_BYTES):
            if place_of_high_byte > begins:
                data[place_of_high_byte - part.start] ^= 0x40
    return bytes(data)


def config(rehearsal: Target) -> dict[str, Any]:
    """Return the model's config.json as it is in the bucket, {} where it can't be read."""
    found = next((m for m in _files(rehearsal) if _name(rehearsal, m) == CONFIG), None)
    try:
        read = json.loads(found.content.path.read_bytes()) if found else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _shards(rehearsal: Target) -> list[Meta]:
    return [meta for meta in _files(rehearsal) if meta.name.endswith(".safetensors")]


def _files(rehearsal: Target) -> list[Meta]:
    """Return the model's objects by name, none where its bucket is gone."""
    name, path = place(rehearsal)
    bucket = rehearsal.storage.find_bucket(name)
    objects = bucket.objects if bucket else {}
    return [objects[name] for name in sorted(objects) if name.startswith(f"{path}/")]


def _generations(rehearsal: Target) -> dict[str, int]:
    return {meta.name: meta.generation for meta in _files(rehearsal)}


def _rename(rehearsal: Target, rename: Callable[[str], str]) -> None:
    bucket, path = place(rehearsal)
    for meta in _files(rehearsal):
        if (name := rename(_name(rehearsal, meta))) != _name(rehearsal, meta):
            linked = rehearsal.storage.blobs.link(meta.content)
            rehearsal.storage.commit(bucket, f"{path}/{name}", linked, meta.fields)
            rehearsal.storage.delete_object(meta)


def write(rehearsal: Target, name: str, data: bytes) -> None:
    """Make `data` the file of that name, in the place of one that is there."""
    bucket, path = place(rehearsal)
    written = rehearsal.folder / "written"
    written.write_bytes(data)
    rehearsal.storage.adopt_file(bucket, f"{path}/{name}", written)
    written.unlink()


def _read(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _header(path: Path) -> dict[str, Any]:
    """Return the tensors of a safetensors header by name. Source: safetensors, "Format"."""
    (length,) = struct.unpack("<Q", _read(path, 8))
    header: dict[str, Any] = json.loads(_read(path, 8 + length)[8:])
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _name(rehearsal: Target, meta: Meta) -> str:
    return meta.name.removeprefix(f"{place(rehearsal)[1]}/")
