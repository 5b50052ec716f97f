"""Write the model folders of tests/corpus/weights/cases.yaml."""

import json
import struct
from math import prod
from pathlib import Path

import yaml

from warmbook.model.safetensors import BITS

CASES = {
    case["name"]: case
    for case in yaml.safe_load((Path(__file__).parent / "weights/cases.yaml").read_text())
}
UNKNOWN_BITS = 8
"""Of a dtype that the streamer does not know."""


def write(case, folder):
    """Write a case's files below the folder, which is made."""
    for name, content in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data_of(content))
    return folder


def data_of(content):
    """Return a file's bytes: its text, or what `json`, `hex` or `tensors` stand for."""
    if isinstance(content, str):
        return content.encode()
    ((kind, value),) = content.items()
    if kind == "json":
        return json.dumps(value).encode()
    return bytes.fromhex(value) if kind == "hex" else safetensors_of(value)


def safetensors_of(tensors):
    """Return a safetensors file of zeros: name -> dtype and shape, such as BF16 64x64."""
    header, end = {}, 0
    for name, told in tensors.items():
        dtype, _, sides = told.partition(" ")
        shape = [int(side) for side in sides.split("x") if side]
        start, end = end, end + prod(shape) * BITS.get(dtype, UNKNOWN_BITS) // 8
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text = text.ljust(-(-len(text) // 8) * 8)
    return struct.pack("<Q", len(text)) + text + bytes(end)
