"""Measure the X-ray of models of 1 to 1,000 shards in a bucket 20 ms away; prints JSON.

python -m benchmarks.xray [--latency-ms 20]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .storage import BUCKET, NOT_CALLED, a_storage, answer
from .wire import TOKEN, hosted

SIZES = (1, 10, 100, 1000)
SHARD_BYTES = 4 * 2**30
TENSORS = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=20, help="added to each request")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        hosted(partial(serve, Path(folder), args.latency_ms / 1000)) as port,
    ):
        url = f"http://127.0.0.1:{port}"
        measured(url, 1)  # imports, connections
        print(json.dumps([measured(url, shards) for shards in SIZES]))


def measured(url: str, shards: int) -> dict[str, Any]:
    """Look through a model of that many shards; return seconds, requests, share of bytes read."""
    import requests

    from warmbook.cloud.clients import Clients
    from warmbook.model.inspect import inspect_model

    environ = {
        "WARMBOOK_REHEARSAL_URL": url,
        "WARMBOOK_REHEARSAL_TOKEN": TOKEN,
        "STORAGE_EMULATOR_HOST": url,
        **dict.fromkeys(NOT_CALLED, url),
    }
    sent = 0
    send = requests.Session.send

    def counting(session: Any, request: Any, **more: Any) -> Any:
        nonlocal sent
        sent += 1
        return send(session, request, **more)

    requests.Session.send = counting  # type: ignore[method-assign]
    try:
        began = time.perf_counter()
        seen = inspect_model(Clients("bench", environ=environ), f"gs://{BUCKET}/model-{shards}")
        took_s = time.perf_counter() - began
    finally:
        requests.Session.send = send  # type: ignore[method-assign]
    assert len(seen.tensors) == shards * TENSORS
    return {
        "shards": shards,
        "seconds": round(took_s, 3),
        "requests": sent,
        "share_read": seen.read_bytes / seen.folder.size_bytes,
    }


def serve(folder: Path, latency_s: float, ready: Connection) -> None:
    asyncio.run(_serve(folder, latency_s, ready))


async def _serve(folder: Path, latency_s: float, ready: Connection) -> None:
    from aiohttp import web

    storage, app = a_storage(folder / "blobs")
    shard = a_shard(folder / "shard")
    for shards in SIZES:
        for number in range(shards):
            name = f"model-{shards}/model-{number:05}-of-{shards:05}.safetensors"
            storage.adopt_file(
                BUCKET, name, shard, crc32c="AAAAAA==", md5="AAAAAAAAAAAAAAAAAAAAAA=="
            )

    @web.middleware
    async def far(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        await asyncio.sleep(latency_s)
        return await handler(request)

    app.middlewares.insert(0, far)
    await answer(app, ready)


def a_shard(path: Path) -> Path:
    """Write a shard of 4 GiB that takes a few kilobytes of disk."""
    each = SHARD_BYTES // TENSORS // 2 * 2
    header = {
        f"model.layers.{number}.mlp.down_proj.weight": {
            "dtype": "BF16",
            "shape": [each // 2],
            "data_offsets": [number * each, (number + 1) * each],
        }
        for number in range(TENSORS)
    }
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with path.open("r+b") as file:
        file.truncate(8 + len(text) + TENSORS * each)
    return path


if __name__ == "__main__":
    main()
