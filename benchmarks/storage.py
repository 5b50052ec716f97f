"""Measure the rehearsal's storage server: upload, 64-way ranged reads, peak memory; prints JSON.

python -m benchmarks.storage [--gib 2]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

# What only the client or only the server needs is imported where it is used: the server's
# process must not be charged for the client's modules.

TOKEN, BUCKET, OBJECT = "bench", "bench-bucket", "big"
READERS, RANGE_BYTES = 64, 8 * 2**20
MB = 1e6
NOT_CALLED = ("WARMBOOK_REHEARSAL_GRPC", "WARMBOOK_REHEARSAL_FAULTS", "HF_ENDPOINT")
"""Variables that a rehearsal has too, for servers that no measurement here calls."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.0, help="size of the object")
    parser.add_argument("--folder", type=Path, help="where the contents go")
    args = parser.parse_args()
    size_bytes = int(args.gib * 2**30)
    with (
        tempfile.TemporaryDirectory(dir=args.folder) as folder,
        server(Path(folder)) as (pid, port),
    ):
        upload_s = timed_upload(Path(folder), port, size_bytes)
        read_s, read_bytes = timed_reads(port, size_bytes)
        print(
            json.dumps(
                {
                    "object_gib": args.gib,
                    "upload_mb_s": round(size_bytes / upload_s / MB),
                    "ranged_reads_mb_s": round(read_bytes / read_s / MB),
                    "readers": READERS,
                    "range_mib": RANGE_BYTES / 2**20,
                    "server_peak_rss_mb": round(peak_rss_bytes(pid) / MB, 1),
                    "cores": os.cpu_count(),
                }
            )
        )


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the server in a process of its own; yield its process id and its port."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(folder / "blobs", theirs), daemon=True)
    process.start()
    try:
        yield process.pid or 0, ours.recv()
    finally:
        process.terminate()
        process.join()


def serve(folder: Path, ready: Connection) -> None:
    asyncio.run(_serve(folder, ready))


async def _serve(folder: Path, ready: Connection) -> None:
    _, app = a_storage(folder)
    await answer(app, ready)


def a_storage(folder: Path) -> tuple[Any, Any]:
    """Return a storage with an empty bucket, and the application that serves it."""
    from warmbook_rehearsal.access import Caller, Callers
    from warmbook_rehearsal.storage import Storage, application
    from warmbook_rehearsal.time_scale import TimeScale

    reader = Caller("user:bench@example.com", "bench@example.com")
    storage = Storage(
        folder,
        project_id="bench",
        project_number="1",
        time_scale=TimeScale(),
        project_bindings=lambda: [{"role": "roles/owner", "members": [reader.member]}],
        zones=lambda region: [f"{region}-a"],
    )
    storage.create_bucket(BUCKET, "us-central1")
    return storage, application(storage, Callers(TOKEN, reader), base_url=lambda: "")


async def answer(app: Any, ready: Connection) -> None:
    """Serve until the process is ended; tell the port."""
    from aiohttp import web

    from warmbook_rehearsal.storage import RUNNER_OPTIONS

    runner = web.AppRunner(app, **RUNNER_OPTIONS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ready.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def timed_upload(folder: Path, port: int, size_bytes: int) -> float:
    from google.cloud import storage
    from google.oauth2.credentials import Credentials

    source = folder / "source"
    write_random(source, size_bytes)
    client = storage.Client(
        "bench", Credentials(TOKEN), client_options={"api_endpoint": f"http://127.0.0.1:{port}"}
    )
    blob = client.bucket(BUCKET).blob(OBJECT)
    began = time.perf_counter()
    blob.upload_from_filename(source)
    took = time.perf_counter() - began
    source.unlink()
    return took


def write_random(path: Path, size_bytes: int) -> None:
    block = os.urandom(16 * 2**20)
    with path.open("wb") as file:
        for written in range(0, size_bytes, len(block)):
            file.write(block[: size_bytes - written])


def timed_reads(port: int, size_bytes: int) -> tuple[float, int]:
    """Read the object three times over, in ranges, by as many connections as there are readers."""
    offsets = list(range(0, size_bytes, RANGE_BYTES)) * 3
    shares = [offsets[reader::READERS] for reader in range(READERS)]
    with ThreadPoolExecutor(READERS) as pool:
        began = time.perf_counter()
        read_bytes = sum(pool.map(lambda share: read_ranges(port, share), shares))
        took = time.perf_counter() - began
    assert read_bytes == 3 * size_bytes, (read_bytes, size_bytes)
    return took, read_bytes


def read_ranges(port: int, offsets: list[int]) -> int:
    """Read 8 MiB at each offset over one connection; return how many bytes came."""
    total, buffer = 0, memoryview(bytearray(2**20))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
        for offset in offsets:
            peer.sendall(
                f"GET /storage/v1/b/{BUCKET}/o/{OBJECT}?alt=media HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {TOKEN}\r\n"
                f"Range: bytes={offset}-{offset + RANGE_BYTES - 1}\r\n\r\n".encode()
            )
            total += read_body(peer, buffer)
    return total


def read_body(peer: socket.socket, buffer: memoryview) -> int:
    head = b""
    while b"\r\n\r\n" not in head:
        head += peer.recv(4096) or lost()
    head, _, body = head.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    assert length and b" 206 " in head, head
    left = int(length[1]) - len(body)
    while left:
        left -= peer.recv_into(buffer, min(left, len(buffer))) or lost()
    return int(length[1])


def lost() -> NoReturn:
    raise ConnectionResetError("the server closed the connection")


def peak_rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    peak = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert peak
    return int(peak[1]) * 1024


if __name__ == "__main__":
    main()
