"""Inside a rehearsal: the real streamer through its storage against local disk; prints JSON.

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

from google.cloud import storage
from google.oauth2.credentials import Credentials

from warmbook.settings import merge

RUNS, FILES, FILE_BYTES = 5, 4, 128 * 2**20

SCRIPT = """
import sys, time, json
from runai_model_streamer import SafetensorsStreamer, list_safetensors
def load(path):
    files, size = list_safetensors(path), 0
    start = time.monotonic()
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files)
        for _, tensor in streamer.get_tensors():
            size += tensor.numel() * tensor.element_size()
    return size / (time.monotonic() - start)
bucket, disk, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
load(bucket), load(disk)
print(json.dumps([[load(bucket), load(disk)] for _ in range(runs)]))
"""


def main() -> None:
    """Measure both in turn, in one process, so that the machine's mood is shared."""
    draft = merge()
    bucket_name = str(draft["model_uri"]).removeprefix("gs://").partition("/")[0]
    credentials = Credentials(token=os.environ["WARMBOOK_SANDBOX_TOKEN"])
    client = storage.Client(str(draft["project_id"]), credentials)
    with tempfile.TemporaryDirectory() as folder:
        paths = [shard(Path(folder), number) for number in range(FILES)]
        bucket = client.bucket(bucket_name)
        for path in paths:
            bucket.blob(f"bench/{path.name}").upload_from_filename(str(path))
        public(bucket)
        told = subprocess.run(
            [engine(), "-c", SCRIPT, f"gs://{bucket_name}/bench/", folder, str(RUNS)],
            env={**os.environ, **streamer_environment()},
            check=True,
            capture_output=True,
            text=True,
        )
    pairs = json.loads(told.stdout.splitlines()[-1])
    ratio = statistics.median(bucket / disk for bucket, disk in pairs)
    print(json.dumps({"ratio": ratio, "pairs": pairs}))


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
