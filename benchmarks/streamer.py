"""Inside a rehearsal: the real streamer through its storage; prints JSON.

Against local disk, and against a bare server: its HTTP reader takes more processor time than
its file reader, so that what any server could reach is the measure of the rehearsal's.
Run by the workbook's interpreter; the streamer itself runs in the engine's.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from google.cloud import storage
from google.oauth2.credentials import Credentials

from warmbook.settings import merge

RUNS, FILES, FILE_BYTES = 5, 4, 128 * 2**20

LOAD = """
import os, time
from runai_model_streamer import SafetensorsStreamer, list_safetensors
def load(path, **tunables):
    os.environ.update(tunables)
    files, size = list_safetensors(path), 0
    start = time.monotonic()
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files)
        for _, tensor in streamer.get_tensors():
            size += tensor.numel() * tensor.element_size()
    return size / (time.monotonic() - start)
"""
"""Defines `load`: the rate of the streamer in bytes per second, with these variables set."""

SCRIPT = (
    LOAD
    + """
import json, subprocess, sys
bucket, disk, runs, bare = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
storage = os.environ["CLOUD_STORAGE_EMULATOR_ENDPOINT"]
def measured(path, **tunables):
    before = time.process_time()
    return {"bytes_s": load(path, **tunables), "cpu_s": time.process_time() - before}
def once(bare_url):
    # its own choice on a disk passes by the page cache
    direct = "io_uring_direct,libaio_direct,sync_buffered"
    return {
        "storage": measured(bucket, CLOUD_STORAGE_EMULATOR_ENDPOINT=storage),
        "bare": measured(bucket, CLOUD_STORAGE_EMULATOR_ENDPOINT=bare_url),
        "disk": measured(disk, RUNAI_STREAMER_FS_STRATEGY=direct),
        "page_cache": measured(disk, RUNAI_STREAMER_FS_STRATEGY="sync_buffered"),
    }
server = subprocess.Popen([sys.executable, bare, disk, storage], stdout=subprocess.PIPE, text=True)
try:
    url = server.stdout.readline().strip()
    once(url)
    print(json.dumps([once(url) for _ in range(runs)]))
finally:
    server.kill()
    server.communicate()
"""
)


def main() -> None:
    """Measure all in turn, in one process, so that the machine's mood is shared."""
    runs = in_engine(SCRIPT, str(RUNS), str(Path(__file__).with_name("bare_server.py")))

    def ratio(figure: str, other: str) -> float:
        return statistics.median(run["storage"][figure] / run[other][figure] for run in runs)

    found = {other: ratio("bytes_s", other) for other in ("bare", "disk", "page_cache")}
    print(json.dumps({**found, "cpu": ratio("cpu_s", "page_cache"), "runs": runs}))


def in_engine(script: str, *more: str) -> Any:
    """Put a model into the bucket and a folder; return what the engine's Python prints as JSON.

    The script's arguments are the model's URI, the folder, and `more`.
    """
    draft = merge()
    bucket_name = str(draft["model_uri"]).removeprefix("gs://").partition("/")[0]
    credentials = Credentials(token=os.environ["WARMBOOK_REHEARSAL_TOKEN"])
    client = storage.Client(str(draft["project_id"]), credentials)
    with tempfile.TemporaryDirectory() as folder:
        paths = [shard(Path(folder), number) for number in range(FILES)]
        bucket = client.bucket(bucket_name)
        for path in paths:
            bucket.blob(f"bench/{path.name}").upload_from_filename(str(path))
        public(bucket)
        told = subprocess.run(
            [engine(), "-c", script, f"gs://{bucket_name}/bench/", folder, *more],
            env={**os.environ, **streamer_environment()},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return json.loads(told.stdout.splitlines()[-1])


def shard(folder: Path, number: int) -> Path:
    """Write a safetensors file with one tensor of FILE_BYTES bytes."""
    header = {f"t{number}": {"dtype": "U8", "shape": [FILE_BYTES], "data_offsets": [0, FILE_BYTES]}}
    text = json.dumps(header).encode()
    path = folder / f"model-{number}.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + os.urandom(FILE_BYTES))
    return path


def public(bucket: storage.Bucket) -> None:
    """Let the streamer, which is anonymous here, read the bucket."""
    policy = bucket.get_iam_policy(requested_policy_version=3)
    for role in ("roles/storage.bucketViewer", "roles/storage.objectViewer"):
        policy.bindings.append({"role": role, "members": {"allUsers"}})
    policy.version = 3
    bucket.set_iam_policy(policy)


def engine() -> str:
    """Return the engine's interpreter, as the rehearsal found it in the cache."""
    cache = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    (found,) = cache.glob("engine-*/bin/python")
    return str(found)


def streamer_environment() -> dict[str, str]:
    """Return what points the streamer's C++ reader at the rehearsal."""
    return {
        "CLOUD_STORAGE_EMULATOR_ENDPOINT": os.environ["STORAGE_EMULATOR_HOST"],
        "RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS": "true",
    }


if __name__ == "__main__":
    sys.exit(main())
