"""Inside a shaped rehearsal: the real streamer by its concurrency, and download-then-load.

Prints JSON; all figures are for ratios. A connection for each of the streamer's clients: by
itself it opens as many as two a core, whatever its concurrency.
"""

from __future__ import annotations

import json
import statistics
import sys

from .streamer import LOAD, RUNS, in_engine

SCRIPT = (
    LOAD
    + """
import json, sys, tempfile
from pathlib import Path
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from safetensors import safe_open
uri, runs = sys.argv[1], int(sys.argv[3])
bucket_name, _, prefix = uri.removeprefix("gs://").partition("/")

def streamed(concurrency, connections):
    os.environ.pop("RUNAI_STREAMER_S3_MAX_CONNECTIONS", None)
    return load(uri, RUNAI_STREAMER_CONCURRENCY=concurrency, **connections)

def downloaded():
    client, size = storage.Client("bench", AnonymousCredentials()), 0
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        for blob in client.list_blobs(bucket_name, prefix=prefix):
            path = Path(folder) / Path(blob.name).name
            blob.download_to_filename(str(path))
            with safe_open(path, "pt") as file:
                for name in file.keys():
                    # what is mapped is not read yet
                    tensor = file.get_tensor(name).clone()
                    size += tensor.numel() * tensor.element_size()
        return size / (time.monotonic() - start)

one = {"RUNAI_STREAMER_S3_MAX_CONNECTIONS": "1"}
def once():
    return {
        "1": streamed("1", one),
        "8": streamed("8", one),
        "default_1": streamed("1", {}),
        "default_8": streamed("8", {}),
        "downloaded": downloaded(),
    }
streamed("8", one)
print(json.dumps([once() for _ in range(runs)]))
"""
)


def main() -> None:
    """Measure all in turn, in one process, so that the machine's mood is shared."""
    runs = in_engine(SCRIPT, str(RUNS))
    rate = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    found = {
        "concurrency": rate["8"] / rate["1"],
        "default_concurrency": rate["default_8"] / rate["default_1"],
        "download": rate["default_8"] / rate["downloaded"],
    }
    print(json.dumps({**found, "runs": runs}))


if __name__ == "__main__":
    sys.exit(main())
