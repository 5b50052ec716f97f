"""What the inspection says of a shard, and what the real streamer does with it."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from warmbook.measure.coldstart.startlog import read
from warmbook.model.faults import findings
from warmbook.model.fit import limit_refusal
from warmbook.model.folder import Folder
from warmbook.model.inspect import Inspection, Shard
from warmbook.model.safetensors import LENGTH_BYTES, HeaderError, header_length, tensors_of
from warmbook_rehearsal.__main__ import _parser
from warmbook_rehearsal.node import build_image

from .. import broken_models

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
    "cut short": "cut short",
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


LIMITS = """
import json, os, sys
import torch
from runai_model_streamer import SafetensorsStreamer

def one(rank, processes, files, limit, port):
    os.environ["RUNAI_STREAMER_MEMORY_LIMIT"] = str(limit)
    if processes > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RUNAI_STREAMER_DIST="1")
        torch.distributed.init_process_group("gloo", rank=rank, world_size=processes)
    try:
        with SafetensorsStreamer() as streamer:
            streamer.stream_files(files, device="cpu", is_distributed=processes > 1)
            assert streamer.file_streamer.is_distributed == (processes > 1)
            tensors = streamer.get_tensors()
            ended = sum(t.numel() * t.element_size() for _, t in tensors)
    except Exception as error:
        ended = f"{type(error).__name__}: {error}"
    os.write(1, f"ENDED {json.dumps([limit, ended])}\\n".encode())  # one piece, one line
    if processes > 1:
        os._exit(0)  # the other process waits for a message of this one, for minutes

if __name__ == "__main__":
    files, limits, ports = map(json.loads, sys.argv[1:])
    for limit, port in zip(limits, ports or [0] * len(limits)):
        if ports:
            torch.multiprocessing.spawn(one, (2, files, limit, port), nprocs=2)
        else:
            one(0, 1, files, limit, 0)
"""
LARGE = broken_models.safetensors(a=10, b=2**18, c=1)
OLDER = {"0.15": "0.15.0", "0.16": "0.16.0"}
"""Streamers of older images, downloaded by the tests that try them."""


@pytest.fixture(scope="session")
def image():
    """The engine's environment, which has the real streamer."""
    return build_image(Path(_parser().parse_args([]).cache), lambda *_: None)


@pytest.fixture(scope="session")
def streamer(image, tmp_path_factory):
    """Return a function of a streamer's version: an environment in which Python has it."""

    @cache
    def environment(version):
        if version == "0.17":
            return {**os.environ}
        folder = tmp_path_factory.mktemp("streamer")
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        wanted = f"runai-model-streamer=={OLDER[version]}"
        done = subprocess.run([*words, folder, wanted], capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, f"{wanted} could not be downloaded: {done.stderr[-2000:]}"
        return {**os.environ, "PYTHONPATH": str(folder)}

    return environment


@pytest.mark.streamer
def test_the_real_streamer_refuses_files_with_findings_and_reads_the_rest(image, tmp_path):
    for fault, files in {**broken_models.BROKEN, "sound": broken_models.SOUND}.items():
        for name, data in files.items():
            path = tmp_path / fault / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    done = subprocess.run(
        [image.python, "-c", STREAM, tmp_path],
        env={**os.environ, "RUNAI_STREAMER_LOG_TO_STDERR": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ended = json.loads(done.stdout.rpartition("ENDED ")[2])
    refused = {fault: told for fault, told in ended.items() if isinstance(told, str)}
    assert refused.keys() == REFUSED.keys(), ended
    for fault, words in REFUSED.items():
        assert words in refused[fault], refused[fault]
    for fault in ended.keys() - REFUSED.keys():
        assert ended[fault] == predicted(
            {**broken_models.BROKEN, "sound": broken_models.SOUND}[fault]
        ), fault
    assert ended["sound"] == [3, 240]
    # its own lines, which give sizes as small as these in bytes
    said = [stream.size_bytes for stream in read(done.stderr).streams]
    assert said == [told[1] for told in ended.values() if not isinstance(told, str)]


@pytest.mark.streamer
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("version", ["0.15", "0.16", "0.17"])
def test_a_memory_limit_ends_in_the_real_streamer_as_was_predicted(
    image, streamer, version, shared, tmp_path, free_ports
):
    # one shard with a long header and a small tensor, one with the large tensor
    files = {"a.safetensors": broken_models.safetensors(**{"n" * 500: 2}), broken_models.ONE: LARGE}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    seen = seen_in(files)
    header, largest = seen.longest_header_bytes, seen.largest.size_bytes
    assert 8 < header < largest
    limits = [header - 1, largest - 1, largest]
    if not shared:  # two processes for each limit take seconds
        limits += [-1, 0, 1, 7, 8, header]
    ports = free_ports(len(limits)) if shared else []
    script = tmp_path / "limits.py"  # a file: the processes that it starts have to import it
    script.write_text(LIMITS)
    words = [[str(tmp_path / name) for name in files], limits, ports]
    done = subprocess.run(
        [image.python, script, *map(json.dumps, words)],
        env=streamer(version),
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = [json.loads(line[6:]) for line in done.stdout.splitlines() if line[:6] == "ENDED "]
    for limit in limits:
        ends = [end for of, end in told if of == limit]
        words = limit_refusal(limit, largest, header_bytes=header, shared=shared, streamer=version)
        if words:
            # where they share, only the process that reads the tensor has to stop by itself
            assert f"RunaiStreamerMemoryLimitException: {words}" in ends, (limit, ends)
        else:
            assert ends == [seen.streamed_bytes] * (2 if shared else 1), (limit, ends)


@pytest.fixture
def free_ports():
    """Return a function of a number: so many ports that nobody listens on."""
    import socket

    def free(count):
        opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        ports = [one.getsockname()[1] for one in opened]
        for one in opened:
            one.close()
        return ports

    return free


def predicted(files):
    """Return how many tensors and bytes will be streamed, as the inspection adds them up."""
    seen = seen_in(files)
    return [len(seen.tensors), seen.streamed_bytes]


def seen_in(files):
    """Return what the X-ray sees of these files, looked at here."""
    shards = []
    for name, data in files.items():
        if name.endswith(".safetensors") and "/" not in name:
            length = header_length(data[:LENGTH_BYTES], len(data))
            header = data[LENGTH_BYTES : LENGTH_BYTES + length]
            shards.append(Shard(name, len(data), tensors_of(header, len(data))))
    return inspection(shards)


def inspection(shards=(), files=(), **more):
    folder = Folder("b", "m", "US-CENTRAL1", (), dict(files))
    return Inspection(folder, tuple(shards), **more)


def test_what_stops_the_server_comes_first():
    shard = Shard("x.safetensors", 9, fault=HeaderError("gap", "a at 4, not 0"))
    files = {"x.safetensors": 9, "original/config.json": 2, "config.json": 2, "tokenizer.json": 2}
    found = findings(inspection([shard], files.items(), config={}), "europe-west4")
    assert [f.severity for f in found] == sorted((f.severity for f in found), key="error".__ne__)
    assert [f.name for f in found] == ["gap", "original folder", "bucket elsewhere"]


def test_many_missing_shards_are_named_in_a_few_words():
    index = {"weight_map": {str(n): f"model-{n}.safetensors" for n in range(100)}}
    files = {"a.safetensors": 9, "config.json": 2, "tokenizer.json": 2, broken_models.INDEX: 5}
    found = findings(inspection([Shard("a.safetensors", 9)], files.items(), config={}, index=index))
    missing = next(finding for finding in found if finding.name == "shard missing")
    assert "+ 97" in missing.what
    assert len(missing.what) < 200
