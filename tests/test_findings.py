"""What the X-ray says of a shard, and what the real streamer does with it."""

import json
import subprocess

import pytest

from warmbook.bucket import Folder
from warmbook.findings import findings
from warmbook.safetensors import LENGTH_BYTES, HeaderError, header_length, tensors_of
from warmbook.xray import Shard, XRay

from . import corpus

STREAM = """
import json, pathlib, sys
from runai_model_streamer import SafetensorsStreamer
ended = {}
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    files = sorted(map(str, folder.glob("*.safetensors")))
    if not files:
        continue
    try:
        with SafetensorsStreamer() as streamer:
            streamer.stream_files(files)
            sizes = [t.numel() * t.element_size() for _, t in streamer.get_tensors()]
            ended[folder.name] = [len(sizes), sum(sizes)]
    except Exception as error:
        ended[folder.name] = f"{type(error).__name__}: {error}"
print("ENDED", json.dumps(ended))
"""
REFUSED = {
    "git-lfs pointer": "Corrupted File: Header size",
    "cut short": "truncated",
    "header too long": "exceeds limit",
    "header not JSON": "",
    "unknown dtype": "Unsupported dtype",
    "overlap": "overlaps",
    "gap": "Gaps between tensors",
    "broken entry": "",
    # of a local file only: in a bucket the streamer does not ask for the size
    "bytes left over": "extra trailing bytes",
}
"""Faults of a shard that the streamer refuses, and what its message says."""


@pytest.mark.streamer
def test_the_real_streamer_refuses_what_is_found_and_takes_the_rest(tmp_path):
    from pathlib import Path

    from warmbook_sandbox.__main__ import _parser
    from warmbook_sandbox.door import prepare

    image, _ = prepare(Path(_parser().parse_args([]).cache), lambda *_: None)
    for fault, files in {**corpus.BROKEN, "sound": corpus.SOUND}.items():
        for name, data in files.items():
            path = tmp_path / fault / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    done = subprocess.run(
        [image.python, "-c", STREAM, tmp_path], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout.rpartition("ENDED ")[2])
    refused = {fault: told for fault, told in ended.items() if isinstance(told, str)}
    assert refused.keys() == REFUSED.keys(), ended
    for fault, words in REFUSED.items():
        assert words in refused[fault], refused[fault]
    for fault in ended.keys() - REFUSED.keys():
        assert ended[fault] == predicted({**corpus.BROKEN, "sound": corpus.SOUND}[fault]), fault
    assert ended["sound"] == [3, 240]


def predicted(files):
    """Return how many tensors and bytes will be streamed, as the X-ray adds them up."""
    shards = []
    for name, data in files.items():
        if name.endswith(".safetensors") and "/" not in name:
            length = header_length(data[:LENGTH_BYTES], len(data))
            header = data[LENGTH_BYTES : LENGTH_BYTES + length]
            shards.append(Shard(name, len(data), tensors_of(header, len(data))))
    seen = xray(shards)
    return [len(seen.tensors), seen.streamed_bytes]


def xray(shards=(), files=(), **more):
    folder = Folder("b", "m", "US-CENTRAL1", (), dict(files))
    return XRay(folder, tuple(shards), **more)


def test_what_stops_the_server_comes_first():
    shard = Shard("x.safetensors", 9, fault=HeaderError("gap", "a at 4, not 0"))
    files = {"x.safetensors": 9, "original/config.json": 2, "config.json": 2, "tokenizer.json": 2}
    found = findings(xray([shard], files.items(), config={}), "europe-west4")
    assert [f.weight for f in found] == sorted((f.weight for f in found), key="bad".__ne__)
    assert [f.name for f in found] == ["gap", "original folder", "bucket elsewhere"]


def test_many_missing_shards_are_named_in_a_few_words():
    index = {"weight_map": {str(n): f"model-{n}.safetensors" for n in range(100)}}
    files = {"a.safetensors": 9, "config.json": 2, "tokenizer.json": 2, corpus.INDEX: 5}
    found = findings(xray([Shard("a.safetensors", 9)], files.items(), config={}, index=index))
    missing = next(finding for finding in found if finding.name == "shard missing")
    assert "+ 97" in missing.what
    assert len(missing.what) < 200
