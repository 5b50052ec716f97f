"""Measure the upload of a sharded model: ours beside the genuine `gcloud storage cp`; prints JSON.

python -m benchmarks.upload [--gib 4] [--runs 3]

Both send the same files to the same server on this machine, one after the other in turn, each
to a folder of its own. Memory is that of the whole tree of processes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .storage import BUCKET, MB, NOT_CALLED, TOKEN, peak_rss_bytes, server

SHARDS = 8
HEADER_BYTES = 192
OURS = """
import sys
from warmbook.cloud.clients import Clients
from warmbook.settings import Settings
from warmbook.steps import upload as bring
settings = Settings.parse(dict(
    project_id="bench-project", model_uri=sys.argv[1], model_source=sys.argv[2]))
clients = Clients(settings.project_id, settings)
brought = bring.model(settings, clients, report=lambda progress: None)
assert brought.sent_bytes == int(sys.argv[3]), brought
"""


@dataclass
class Runs:
    """The runs of one uploader: seconds of the whole process, and peak memory in bytes."""

    seconds: list[float] = field(default_factory=list)
    rss_bytes: list[int] = field(default_factory=list)

    def figures(self, size_bytes: int) -> dict[str, Any]:
        """Return medians, and each run."""
        took = statistics.median(self.seconds)
        return {
            "seconds": round(took, 2),
            "gib_s": round(size_bytes / 2**30 / took, 3),
            "peak_rss_mb": round(max(self.rss_bytes) / MB, 1),
            "each_s": [round(one, 2) for one in self.seconds],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=4.0, help="size of the model")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the model and the contents go; "
        "else memory, where there is room, so that no disk is measured",
    )
    args = parser.parse_args()
    where = args.folder or roomy(args.gib)
    with tempfile.TemporaryDirectory(dir=where) as made, server(Path(made)) as (pid, port):
        print(json.dumps(measured(Path(made), pid, port, args.gib, args.runs)))


def roomy(gib: float) -> Path | None:
    """Return a folder in memory if the model, its parts and its objects have room there."""
    memory = Path("/dev/shm")
    with suppress(OSError):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
        if min(free, shutil.disk_usage(memory).free) > 4 * gib * 2**30:
            return memory
    return None


def measured(folder: Path, pid: int, port: int, gib: float, runs: int) -> dict[str, Any]:
    """Return the figures of both, and of one over the other."""
    model = folder / "model"
    size_bytes = write_model(model, int(gib * 2**30))
    ours, theirs = Runs(), Runs()
    for turn in range(runs):
        target = f"gs://{BUCKET}/ours-{turn}"
        words = [sys.executable, "-c", OURS, target, str(model), str(size_bytes)]
        timed(words, environ(folder, port), ours)
        empty(port)
        if shutil.which("gcloud"):
            words = ["gcloud", "storage", "cp", "-r", f"{model}/*", f"gs://{BUCKET}/gcloud-{turn}/"]
            timed(words, environ(folder, port), theirs)
            empty(port)
    found = {
        "model_gib": gib,
        "in_memory": folder.is_relative_to("/dev/shm"),
        "shards": SHARDS,
        "ours": ours.figures(size_bytes),
        "server_peak_rss_mb": round(peak_rss_bytes(pid) / MB, 1),
        "cores": os.cpu_count(),
    }
    if theirs.seconds:
        found["gcloud"] = theirs.figures(size_bytes)
        found["ratio"] = round(
            statistics.median(theirs.seconds) / statistics.median(ours.seconds), 3
        )
    return found


def write_model(folder: Path, size_bytes: int) -> int:
    """Write shards with a header each, an index and a configuration; return their bytes."""
    folder.mkdir()
    block = os.urandom(16 * 2**20)
    data = size_bytes // SHARDS - 8 - HEADER_BYTES
    for shard in range(1, SHARDS + 1):
        entry = {"dtype": "U8", "shape": [data], "data_offsets": [0, data]}
        header = json.dumps({f"layer.{shard}": entry}).encode().ljust(HEADER_BYTES)
        with (folder / f"model-{shard:05}-of-{SHARDS:05}.safetensors").open("wb") as file:
            file.write(HEADER_BYTES.to_bytes(8, "little") + header)
            for written in range(0, data, len(block)):
                file.write(block[: data - written])
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {}}))
    (folder / "config.json").write_text("{}")
    return sum(file.stat().st_size for file in folder.iterdir())


def environ(folder: Path, port: int) -> dict[str, str]:
    """Return what points either uploader at the server."""
    url = f"http://127.0.0.1:{port}"
    token = folder / "token"
    token.write_text(TOKEN)
    return {
        **os.environ,
        "HOME": str(folder),
        "WARMBOOK_REHEARSAL_URL": url,
        "WARMBOOK_REHEARSAL_TOKEN": TOKEN,
        "STORAGE_EMULATOR_HOST": url,
        **dict.fromkeys(NOT_CALLED, url),
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_CORE_PROJECT": "bench-project",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{url}/storage/v1/",
    }


def timed(words: list[str], given: dict[str, str], runs: Runs) -> None:
    """Run a command to its end; take down its time and the most memory its tree had."""
    began, most = time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(words, env=given, stdout=said, stderr=said)
        while child.poll() is None:
            most = max(most, sum(map(rss_bytes, tree(child.pid))))
            time.sleep(0.05)
        took = time.monotonic() - began
        said.seek(0)
        assert child.returncode == 0, said.read()[-3000:]
    runs.seconds.append(took)
    runs.rss_bytes.append(most)


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants that live."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def rss_bytes(pid: int) -> int:
    """Return the memory of one process that is its own, 0 where it has ended.

    Pages shared with a forked parent are counted once, in proportion.
    """
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return (
        next((int(line.split()[1]) for line in told.splitlines() if line[:4] == "Pss:"), 0) * 1024
    )


def empty(port: int) -> None:
    """Delete what was uploaded: the next run must not find it, nor the disk fill up."""
    from google.cloud import storage
    from google.oauth2.credentials import Credentials

    url = {"api_endpoint": f"http://127.0.0.1:{port}"}
    bucket = storage.Client("bench", Credentials(TOKEN), client_options=url).bucket(BUCKET)
    for blob in list(bucket.list_blobs()):
        blob.delete()


if __name__ == "__main__":
    main()
