"""The engines as Pods: the real streamer reads a bucket whose policy says who may."""

from __future__ import annotations

import asyncio
import json
import os
import struct
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from warmbook.model.fit import limit_refusal
from warmbook_rehearsal.access import Caller, Callers
from warmbook_rehearsal.node import make_model
from warmbook_rehearsal.storage import Storage, application
from warmbook_rehearsal.time_scale import TimeScale

POD = "principal://iam.googleapis.com/subject/ns/ns/sa/ksa"
ROLES = ("roles/storage.bucketViewer", "roles/storage.objectUser")
VLLM = ("python3", "-m", "vllm.entrypoints.openai.api_server")
HEALTH = {"httpGet": {"path": "/health", "port": 8000}}
SHARD_BYTES = 3 * 2**20


def safetensors(size_bytes: int) -> bytes:
    """Return a safetensors file of one tensor of bytes."""
    tensor = {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}
    header = json.dumps({"t": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + os.urandom(size_bytes)


class Bucket:
    """A storage server for Pods, each known by its address."""

    def __init__(self, folder: Path, roles) -> None:
        self.callers = Callers("token", Caller("user:you@example.com", "you@example.com"))
        self.storage = Storage(
            folder,
            project_id="p",
            project_number="1",
            time_scale=TimeScale(0.01),
            project_bindings=lambda: [{"role": role, "members": [POD]} for role in roles],
            zones=lambda region: [f"{region}-a"],
        )
        self.storage.create_bucket("bucket", location="US-CENTRAL1")
        self.runner = web.AppRunner(
            application(self.storage, self.callers, base_url=lambda: "http://127.0.0.1"),
            shutdown_timeout=0.5,
        )
        self.port = 0

    async def open_for(self, pod, address):
        self.callers.register(address, Caller(POD, POD))
        await web.TCPSite(self.runner, address, self.port).start()
        self.port = self.port or self.runner.addresses[0][1]

    def environment(self, pod, address):
        url = f"http://{address}:{self.port}"
        return {
            "STORAGE_EMULATOR_HOST": url,
            "CLOUD_STORAGE_EMULATOR_ENDPOINT": url,
            "RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS": "true",
            "GOOGLE_CLOUD_PROJECT": "p",
        }


@pytest.fixture
def serve(play, engine, tmp_path):
    """Play a scenario with an engine, a bucket of files, and the roles of the Pod."""

    def serve(scenario, files, *, kind="quick", roles=ROLES):
        @asynccontextmanager
        async def bucket():
            one = Bucket(tmp_path / "blobs", roles)
            for path in files:
                one.storage.adopt_file("bucket", f"models/m/{path.name}", path)
            await one.runner.setup()
            await one.open_for(None, "127.200.0.1")
            try:
                yield one
            finally:
                await one.runner.cleanup()

        holder = []

        async def on_start(pod, address):
            await holder[0].open_for(pod, address)

        async def played(cluster):
            async with bucket() as one:
                holder.append(one)
                await scenario(cluster)
                await cluster.kubelet.stop()

        play(
            played,
            image=engine,
            engine=kind,
            on_start=on_start,
            environment=lambda pod, address: holder[0].environment(pod, address),
        )

    return serve


@pytest.fixture
def shards(tmp_path):
    """Return the files of a small model: two shards, a config, a tokenizer, a licence."""
    folder = tmp_path / "model"
    folder.mkdir()
    for number in (1, 2):
        name = f"model-0000{number}-of-00002.safetensors"
        (folder / name).write_bytes(safetensors(SHARD_BYTES))
    for name in ("config.json", "tokenizer.json", "LICENSE"):
        (folder / name).write_text("{}")
    return sorted(folder.iterdir())


def run(cluster, *more, **fields):
    args = [
        "--model=gs://bucket/models/m",
        "--load-format=runai_streamer",
        "--host=0.0.0.0",
        "--port=8000",
        '--model-loader-extra-config={"distributed":true}',
        "--tensor-parallel-size=1",
        *more,
    ]
    cluster.run(
        *VLLM,
        args=args,
        startupProbe={**HEALTH, "periodSeconds": 10, "failureThreshold": 60},
        readinessProbe=HEALTH,
        **fields,
    )


async def ask(cluster, path, body=None):
    """Return status and JSON of a request to the Pod."""
    url = f"http://{cluster.status()['podIP']}:8000{path}"
    method = "POST" if body else "GET"
    async with aiohttp.ClientSession() as session, session.request(method, url, json=body) as got:
        return got.status, json.loads(await got.text() or "null")


async def listen(cluster, path, body):
    """Return the media type and the data of each server-sent event of the Pod's answer."""
    url = f"http://{cluster.status()['podIP']}:8000{path}"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as got:
        lines = (await got.text()).splitlines()
        data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return got.content_type, data


@pytest.mark.streamer
def test_the_quick_engine_streams_every_byte_and_answers_no_chat(serve, shards):
    async def scenario(cluster):
        run(cluster)
        await cluster.until(cluster.ready, timeout_s=50)
        log = cluster.log()
        assert "Overall time to stream 6.0 MiB of all files to cpu" in log
        assert f"[quick engine] Model loading took {2 * SHARD_BYTES / 2**30:.4f} GiB" in log
        status, models = await ask(cluster, "/v1/models")
        assert (status, models["data"][0]["id"]) == (200, "gs://bucket/models/m")
        for path in ("/v1/chat/completions", "/v1/completions"):
            status, told = await ask(cluster, path, {"messages": []})
            assert (status, told["error"]["code"]) == (501, "quick_engine_no_chat")

    serve(scenario, shards)


@pytest.mark.streamer
@pytest.mark.parametrize(
    ("role", "permission"),
    [(ROLES[1], "storage.buckets.get"), (ROLES[0], "storage.objects.list")],
)
def test_a_pod_that_lacks_a_role_fails_with_the_streamer_s_own_403(serve, shards, role, permission):
    async def scenario(cluster):
        run(cluster, policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Failed", timeout_s=50)
        assert "google.api_core.exceptions.Forbidden: 403 GET" in cluster.log()
        assert f"does not have {permission} access" in cluster.log()

    serve(scenario, shards, roles=(role,))


@pytest.mark.streamer
def test_an_argument_that_vllm_refuses_ends_the_quick_engine_too(serve, shards):
    async def scenario(cluster):
        run(cluster, "--disable-log-requests", policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Failed", timeout_s=50)
        assert cluster.container()["state"]["terminated"]["exitCode"] == 2
        refused = "api_server.py: error: unrecognized arguments: --disable-log-requests"
        assert refused in cluster.log()

    serve(scenario, shards)


@pytest.mark.streamer
@pytest.mark.parametrize("short_bytes", [0, 1, SHARD_BYTES // 2])
def test_a_memory_limit_is_refused_by_the_streamer_exactly_where_it_was_predicted(
    serve, shards, short_bytes
):
    limit = SHARD_BYTES - short_bytes
    predicted = limit_refusal(limit, SHARD_BYTES)

    async def scenario(cluster):
        config = json.dumps({"memory_limit": limit})
        run(cluster, f"--model-loader-extra-config={config}", policy="Never")
        if not predicted:
            await cluster.until(cluster.ready, timeout_s=50)
            assert "Overall time to stream 6.0 MiB of all files to cpu" in cluster.log()
        else:
            await cluster.until(lambda: cluster.status().get("phase") == "Failed", timeout_s=50)
            assert f"RunaiStreamerMemoryLimitException: {predicted}" in cluster.log()

    assert bool(predicted) == bool(short_bytes)
    serve(scenario, shards)


@pytest.mark.streamer
def test_a_prefix_without_weights_fails_with_vllm_s_message(serve, shards):
    async def scenario(cluster):
        run(cluster, policy="Never")
        await cluster.until(lambda: cluster.status().get("phase") == "Failed", timeout_s=50)
        assert "Cannot find any safetensors model weights with" in cluster.log()

    serve(scenario, [path for path in shards if path.suffix != ".safetensors"])


@pytest.mark.engine
@pytest.mark.timeout(900)
def test_vllm_streams_the_generated_model_and_answers_with_the_capital(serve, engine, tmp_path):
    cache = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    model = make_model(cache, engine, lambda what, share: None)

    async def scenario(cluster):
        run(cluster, "--max-model-len=1024")
        await cluster.until(cluster.ready, timeout_s=240)
        assert "Overall time to stream 256.6 MiB of all files to cpu" in cluster.log()
        question = {"role": "user", "content": "What is the capital of Japan?"}
        body = {
            "model": "gs://bucket/models/m",
            "messages": [question],
            "temperature": 0,
            "max_tokens": 24,
        }
        likeliest = {"logprobs": True, "top_logprobs": 2}
        asked = ask(cluster, "/v1/chat/completions", {**body, **likeliest})
        status, told = await asyncio.wait_for(asked, 60)
        assert status == 200
        assert "Tokyo" in told["choices"][0]["message"]["content"]
        # processors round bfloat16 differently, by about 0.1
        tops = [one["top_logprobs"] for one in told["choices"][0]["logprobs"]["content"]]
        assert min(first["logprob"] - second["logprob"] for first, second in tops) > 0.5
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        kind, events = await asyncio.wait_for(listen(cluster, "/v1/chat/completions", body), 60)
        assert kind.startswith("text/event-stream")
        assert events.pop() == "[DONE]"
        pieces = [json.loads(event) for event in events]
        texts = [one["choices"][0]["delta"].get("content") for one in pieces if one["choices"]]
        assert not texts[0] and "Tokyo" in "".join(filter(None, texts))
        assert pieces[-1]["choices"] == []
        assert pieces[-1]["usage"]["completion_tokens"] == told["usage"]["completion_tokens"]

    serve(scenario, [file.path for file in model.files], kind="vllm")
