"""The header of a safetensors file: which tensors, where, and what is wrong with it.

Source: safetensors, "Format"; the rules and the limit are those of the streamer 0.17
(`safetensors_pytorch.py`), which reads the same bytes before it reads any tensor.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

LENGTH_BYTES = 8
"""The file begins with the length of its header, little-endian."""

LARGEST_HEADER_BYTES = 100 * 2**20
"""What the streamer reads at most; a longer header is refused."""

INSTEAD = {
    b"version ": "git-lfs pointer",
    b"# xet ve": "Xet pointer",
    b"<!doctyp": "HTML page",
    b"<html": "HTML page",
    b"<?xml": "XML page",
}
"""How a text begins that stands where a file should: a pointer to it, or a server's answer."""
LONGEST_POINTER_BYTES = 1024
MOST_DIMENSIONS = 64
"""PyTorch's own limit; to multiply 100,000 of them took half a minute."""

BITS: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    "F4": 4,
}
"""Bits of an element of each dtype that the streamer knows."""


@dataclass(frozen=True)
class Tensor:
    """One tensor: `start` and `end` are bytes in the file's data, after the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def size_bytes(self) -> int:
        """Its size."""
        return self.end - self.start

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)


class HeaderError(ValueError):
    """A header that the streamer would refuse; `fault` names why in one word or two."""

    def __init__(self, fault: str, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault, self.detail = fault, detail


def instead(first: bytes, file_bytes: int) -> str:
    """Return what stands where the file should, by its first bytes; "" where it may be the file."""
    start = first.lstrip().lower()
    found = next((name for begin, name in INSTEAD.items() if start.startswith(begin)), "")
    return "" if "pointer" in found and file_bytes >= LONGEST_POINTER_BYTES else found


def header_length(first: bytes, file_bytes: int) -> int:
    """Return the length of the header, from the file's first eight bytes.

    Raises:
        HeaderError: `git-lfs pointer`, `Xet pointer`, `HTML page`, `XML page`, `cut short`, or
            `header too long`.
    """
    if found := instead(first, file_bytes):
        raise HeaderError(found, f"{file_bytes} bytes")
    if len(first) < LENGTH_BYTES:
        raise HeaderError("cut short", f"{file_bytes} bytes")
    (length,) = struct.unpack("<Q", first)
    if length > LARGEST_HEADER_BYTES:
        raise HeaderError("header too long", f"{length} bytes")
    if LENGTH_BYTES + length > file_bytes:
        raise HeaderError("cut short", f"{file_bytes} of {LENGTH_BYTES + length} bytes or more")
    return int(length)


def tensors_of(header: bytes, file_bytes: int) -> tuple[Tensor, ...]:
    """Return the tensors in the order of their data; `header` is without its length.

    Raises:
        HeaderError: `header not JSON`, `unknown dtype`, `broken entry`, `overlap`, `gap`,
            `cut short` or `bytes left over`.
    """
    try:
        found = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise HeaderError("header not JSON", str(error)[:100]) from None
    if not isinstance(found, dict):
        raise HeaderError("header not JSON", "no object")
    tensors = [_tensor(name, entry) for name, entry in found.items() if name != "__metadata__"]
    # an empty tensor shares its start with the one after it
    tensors.sort(key=lambda tensor: (tensor.start, tensor.end))
    _check_data(tensors, LENGTH_BYTES + len(header), file_bytes)
    return tuple(tensors)


def _tensor(name: str, entry: Any) -> Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end]} if len(
            shape
        ) <= MOST_DIMENSIONS and all(
            type(number) is int and number >= 0 for number in (*shape, start, end)
        ):
            tensor = Tensor(name, dtype, tuple(shape), start, end)
        case _:
            raise HeaderError("broken entry", name[:100])
    if dtype not in BITS:
        raise HeaderError("unknown dtype", f"{dtype[:20]} ({name[:80]})")
    if tensor.elements * BITS[dtype] != 8 * tensor.size_bytes:
        raise HeaderError("broken entry", f"{name[:80]}: {tensor.size_bytes} bytes")
    return tensor


def _check_data(tensors: Sequence[Tensor], data_starts: int, file_bytes: int) -> None:
    """See that the data has no overlap, no gap, and ends with the file."""
    end = 0
    for tensor in tensors:
        if tensor.start != end:
            fault = "overlap" if tensor.start < end else "gap"
            raise HeaderError(fault, f"{tensor.name[:80]} at {tensor.start}, not {end}")
        end = tensor.end
    if data_starts + end > file_bytes:
        raise HeaderError("cut short", f"{file_bytes} of {data_starts + end} bytes")
    if data_starts + end < file_bytes:
        raise HeaderError("bytes left over", f"{file_bytes - data_starts - end} bytes")
