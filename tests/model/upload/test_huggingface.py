"""Models on Hugging Face, read over the wire from the rehearsal's Hub by the genuine client."""

from __future__ import annotations

import base64
import logging
import random
import sys
import threading
import traceback
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from aiohttp import web

from warmbook.errors import AccessError, MissingError, ResourceFailedError, UnreachableError
from warmbook.model.upload import huggingface
from warmbook.model.upload.source import SERVED
from warmbook_rehearsal.hub import GATED, OPEN

from ...conftest import safetensors_file
from ...doubles.hub import served

MIB = 2**20
GRANTED, NOT_GRANTED = "hf_rehearsal_with_access", "hf_rehearsal_without_access"


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("origin")
    weights = safetensors_file(1000) + random.Random(2).randbytes(8 * MIB)
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text('{"a": 1}')
    with served(tmp_path_factory.mktemp("beside"), sorted(folder.iterdir())) as running:
        running.weights = weights
        yield running


@pytest.fixture(autouse=True)
def pointed_at_it(origin, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", origin.url)
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(huggingface, "FIRST_WAIT_S", 0.01)
    yield
    origin.fault, origin.hub.limited = (lambda request: None), 0


def found(name=OPEN, revision="", **more):
    return huggingface.find(name, revision, SERVED, **more)


def weights_of(model):
    return next(file for file in model.files if file.name == "model.safetensors")


def test_only_what_serving_needs_is_taken_and_the_rest_is_named():
    model = found()
    assert [f.name for f in model.files] == ["config.json", "model.safetensors", "tokenizer.json"]
    assert {"README.md", "pytorch_model.bin", "original/params.json"} <= set(model.left)
    assert len(model.repository.commit) == 40
    large = weights_of(model)
    assert len(large.sha256) == 64 and not large.local
    assert all(not file.sha256 for file in model.files if file is not large)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (
            ["consolidated.safetensors", "model.safetensors", "config.json"],
            ["config.json", "model.safetensors"],
        ),
        (["consolidated.safetensors", "params.json"], ["consolidated.safetensors", "params.json"]),
        (["original/model.safetensors", "a/config.json"], []),
        (["model.gguf", "pytorch_model.bin", "README.md", ".gitattributes"], []),
    ],
)
def test_weights_are_never_taken_twice(names, wanted):
    assert huggingface._wanted(names, SERVED) == wanted


def test_ranges_are_those_very_bytes_in_many_threads(origin):
    large = weights_of(found())
    spans = [
        (start, min(700_001, large.size_bytes - start)) for start in range(0, 8 * MIB, 700_001)
    ]
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda span: large.read(*span), spans))
    assert b"".join(read) == origin.weights
    assert large.read(5, 0) == b""


def test_a_branch_that_moves_meanwhile_does_not_change_what_is_read(origin):
    model = found(revision="main")
    assert model.repository.commit in weights_of(model).repository.url("model.safetensors")
    origin.asked.clear()
    weights_of(model).read(0, 10)
    assert [path for path in origin.asked if "/main/" in path] == []


def test_a_connection_that_breaks_is_taken_up_where_it_broke(origin):
    large, broken = weights_of(found()), []

    def fault(request):
        return broke(request) if request.path.startswith("/cdn/") and len(broken) < 3 else None

    async def broke(request):
        broken.append(request.headers["Range"])
        first, last = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        headers = {"Content-Range": f"bytes {first}-{last}/{large.size_bytes}"}
        response = web.StreamResponse(status=206, headers=headers)
        response.content_length = last - first + 1
        await response.prepare(request)
        await response.write(origin.weights[first : first + 100_000])
        request.transport.close()
        return response

    origin.fault = fault
    assert large.read(1000, MIB) == origin.weights[1000 : 1000 + MIB]
    assert len(broken) == 3
    firsts = [int(told.removeprefix("bytes=").split("-")[0]) for told in broken]
    assert firsts == sorted(set(firsts)), "what had arrived was asked for again"


def test_a_server_that_ignores_ranges_is_not_read_into_memory(origin):
    large, sent = weights_of(found()), []

    def fault(request):
        return whole(request) if request.path.startswith("/cdn/") else None

    async def whole(request):
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        try:
            for _ in range(10_000):
                await response.write(bytes(MIB))
                sent.append(MIB)
        except ConnectionError:
            pass
        return response

    origin.fault = fault
    tracemalloc.start()
    with pytest.raises(ResourceFailedError, match="different byte range"):
        large.read(0, MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MIB


def test_a_small_file_with_other_bytes_is_refused(origin):
    small = next(file for file in found().files if file.name == "tokenizer.json")

    def fault(request):
        return other() if request.path.endswith("tokenizer.json") else None

    async def other():
        size = small.size_bytes
        headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
        return web.Response(status=206, body=b"x" * size, headers=headers)

    assert small.read(0, small.size_bytes) == b'{"a": 1}'
    origin.fault = fault
    with pytest.raises(ResourceFailedError, match="Checksum mismatch"):
        small.read(0, small.size_bytes)


def test_reading_takes_one_part_of_memory_and_no_disk(origin, tmp_path, monkeypatch):
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    large = weights_of(found())
    large.read(0, 1000)
    tracemalloc.start()
    for start in range(0, 8 * MIB, 2 * MIB):
        large.read(start, 2 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 2 * MIB + 2 * MIB  # a part, once more while it grows, and what is on the wire
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("token", "pitfall", "page", "asks_for_a_token"),
    [
        ("", "gated-model", GATED, True),
        (NOT_GRANTED, "gated-model", GATED, False),
        ("hf_somebody_elses", "", "settings/tokens", True),
        ("hf_\u00e9\n", "", "settings/tokens", True),
    ],
)
def test_a_gated_model_is_an_error_with_a_remedy(
    monkeypatch, token, pitfall, page, asks_for_a_token
):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(AccessError) as caught:
        found(GATED)
    assert caught.value.pitfall == pitfall
    assert f"https://huggingface.co/{page}" in caught.value.remedy
    assert ("HF_TOKEN" in caught.value.remedy) == asks_for_a_token


def test_a_granted_token_opens_it(monkeypatch, origin):
    monkeypatch.setenv("HF_TOKEN", GRANTED)
    assert weights_of(found(GATED)).read(0, 9) == origin.weights[:9]


def test_what_is_missing_is_named():
    with pytest.raises(MissingError, match="nobody/nothing"):
        found("nobody/nothing")
    with pytest.raises(MissingError, match=" v9"):
        found(revision="v9")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["pytorch_model.bin", "config.json"], " pytorch_model.bin:"),
        (["a.gguf", "b.gguf", "c.gguf", "d.gguf"], " a.gguf, b.gguf, c.gguf, …:"),
        (["transformer/model.safetensors"], " transformer."),
        (["README.md"], "a/b "),
    ],
)
def test_a_model_without_streamable_weights_is_reported_with_its_files(names, told):
    from warmbook.model.upload.huggingface_errors import no_weights

    error = no_weights("a/b", names)
    assert told in error.what and "README.md" not in error.what
    assert error.pitfall == "weights-not-found"


def answers(status, **headers):
    async def answer():
        return web.json_response({"error": "no"}, status=status, headers=headers)

    return lambda request: answer()


@pytest.mark.parametrize(
    ("status", "kind", "pitfall"),
    [
        (429, UnreachableError, "rate-limited"),
        (503, UnreachableError, "service-unavailable"),
        (403, AccessError, ""),
    ],
)
def test_a_refusal_of_the_hub_is_reported(origin, status, kind, pitfall):
    origin.fault = answers(status)
    with pytest.raises(kind) as caught:
        found()
    assert caught.value.pitfall == pitfall


def test_a_reading_waits_for_the_rate_limit(origin):
    large = weights_of(found())
    origin.hub.limited, origin.hub.wait_s = 1, 0
    assert large.read(0, 5) == origin.weights[:5]


def test_a_hub_that_does_not_listen_is_unreachable(monkeypatch):
    large = weights_of(found())
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    for ask in (found, lambda: large.read(0, 5)):
        with pytest.raises(UnreachableError) as caught:
            ask()
        assert caught.value.pitfall == "unreachable"


def test_an_unresponsive_hub_ends_with_a_timeout(origin, monkeypatch):
    monkeypatch.setattr(huggingface, "TIMEOUT_S", 0.2)
    silent = threading.Event()

    async def wait():
        import asyncio

        while not silent.is_set():
            await asyncio.sleep(0.02)
        return web.Response(status=500)

    origin.fault = lambda request: wait()
    try:
        with pytest.raises(UnreachableError) as caught:
            found()
    finally:
        silent.set()
    assert caught.value.pitfall == "unreachable"


def test_offline_mode_is_named(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: True)
    with pytest.raises(UnreachableError, match="HF_HUB_OFFLINE"):
        found()


class Cluster:
    """A cluster with, or without, the secret of GKE's guides."""

    def __init__(self, token=None, error=None):
        self.asked, self._token, self._error = 0, token, error

    @property
    def kubernetes(self):
        self.asked += 1
        if self._error:
            raise self._error
        return self

    def find(self, kind, name, namespace):
        assert (kind, name, namespace) == ("Secret", "hf-secret", "vllm")
        if self._token is None:
            return None
        return {"data": {"hf_api_token": base64.b64encode(self._token.encode()).decode()}}


def test_the_clusters_secret_is_asked_only_where_a_token_is_missing(monkeypatch):
    held = Cluster(GRANTED + "\n")
    ask = huggingface.secret_in(held, "vllm")
    found(OPEN, secret=ask)
    assert held.asked == 0
    assert found(GATED, secret=ask).files
    assert held.asked == 1
    monkeypatch.setenv("HF_TOKEN", NOT_GRANTED)
    with pytest.raises(AccessError):
        found(GATED, secret=ask)
    assert held.asked == 1, "the reader's own token stands"


@pytest.mark.parametrize("held", [Cluster(), Cluster(error=MissingError("none", remedy="04"))])
def test_without_a_cluster_or_its_secret_the_hubs_refusal_is_reported(held):
    with pytest.raises(AccessError) as caught:
        found(GATED, secret=huggingface.secret_in(held, "vllm"))
    assert caught.value.pitfall == "gated-model"


@pytest.mark.parametrize("token", [GRANTED, NOT_GRANTED, "hf_somebody_elses", "hf_\u00e9vil\t"])
def test_a_token_is_in_no_text(origin, monkeypatch, caplog, capfd, token):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HF_TOKEN", token)
    told = []

    def run():
        model = found(GATED)
        told.extend([repr(model), str(model), repr(model.files[0])])
        origin.fault = answers(401)
        model.files[0].read(0, 1)

    try:
        run()
    except Exception:
        kind, error, trace = sys.exc_info()
        trace = trace.tb_next  # this test's own frame holds the token
        told += [str(error), repr(error), "".join(traceback.format_exception(error))]
        shown = traceback.TracebackException(kind, error, trace, capture_locals=True)
        told.append("".join(shown.format()))
    else:
        raise AssertionError("it was to fail")
    told += [caplog.text, *capfd.readouterr()]
    text = "\n".join(told)
    secret = token.removeprefix("hf_").strip()
    assert secret not in text
    assert base64.b64encode(token.encode()).decode() not in text


def test_nothing_of_huggingface_is_imported_before_it_is_needed():
    import subprocess

    code = "import sys, warmbook, warmbook.steps.upload; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_session_closed_by_another_thread_is_opened_again(origin, monkeypatch):
    import huggingface_hub.utils

    large, real, turns = weights_of(found()), huggingface_hub.utils.http_stream_backoff, []

    def closed(*words, **more):
        turns.append(1)
        if len(turns) == 1:
            raise RuntimeError("Cannot send a request, as the client has been closed.")
        return real(*words, **more)

    monkeypatch.setattr(huggingface_hub.utils, "http_stream_backoff", closed)
    assert large.read(0, 7) == origin.weights[:7]
    assert len(turns) == 2


def test_an_odd_listing_is_no_traceback(origin, monkeypatch):
    odd = SimpleNamespace(sha="0" * 40, siblings=None)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", lambda *a, **k: odd)
    with pytest.raises(MissingError, match="no safetensors"):
        found()
