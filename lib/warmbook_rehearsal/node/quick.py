"""The quick engine: stands where vLLM would, streams the weights with the real streamer.

Run by the engine's interpreter with vLLM's own arguments. It reads the bucket in vLLM's
order (the small files twice over, the listing, the tensors) and then answers /health and
/v1/models; it keeps no weights and answers no chat, and says so. How far it is, it tells in
vLLM's words, each line marked as its own.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_CHAT = {
    "error": {
        "code": "quick_engine_no_chat",
        "message": "This is the rehearsal's quick engine: it streams the weights and "
        "answers no chat.",
    }
}
CONFIG = ("*.model", "*.py", "*.json")
WEIGHTS = ("*.pt", "*.safetensors", "*.bin", "*.tensors", "*.pth")
LOADER_KEYS = {"distributed", "concurrency", "memory_limit"}


def arguments() -> argparse.Namespace:
    """Return vLLM's arguments, refusing unknown ones as vLLM does."""
    parser = argparse.ArgumentParser(prog="api_server.py", allow_abbrev=False)
    parser.add_argument("model_tag", nargs="?")
    parser.add_argument("--model")
    parser.add_argument("--load-format", default="auto")
    parser.add_argument("--model-loader-extra-config", type=json.loads, default={})
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--uds")
    parser.add_argument("--served-model-name", nargs="+")
    parser.add_argument("--enforce-eager", action="store_true")
    parser.add_argument("--tensor-parallel-size", "-tp", type=int, default=1)
    for unused in ("--max-model-len", "--gpu-memory-utilization", "--dtype", "--max-num-seqs"):
        parser.add_argument(unused)
    options = parser.parse_args()
    options.model = options.model or options.model_tag
    if not options.model:
        parser.error("the quick engine has no default model: give --model")
    if options.load_format not in ("auto", "runai_streamer"):
        parser.error(f"the quick engine only streams, not --load-format={options.load_format}")
    return options


def tune(config: dict[str, Any]) -> None:
    """Pass the loader's parameters to the streamer, as vLLM's loader does.

    Source: vLLM 0.32.0, model_executor/model_loader/runai_streamer_loader.py.
    """
    if unexpected := set(config) - LOADER_KEYS:
        raise ValueError(f"Unexpected extra config keys for runai_streamer: {unexpected}")
    for key in ("concurrency", "memory_limit"):
        if key in config:
            os.environ[f"RUNAI_STREAMER_{key.upper()}"] = str(int(config[key]))


def stream(model: str) -> None:
    """Read the model as vLLM does: pull the small files, list the weights, stream them."""
    from runai_model_streamer import SafetensorsStreamer, list_safetensors, pull_files

    say(f"non-default args: {sys.argv[1:]}")
    with tempfile.TemporaryDirectory() as folder:
        pull_files(f"{model.rstrip('/')}/", folder, list(CONFIG), None)
        pull_files(f"{model.rstrip('/')}/", folder, None, list(WEIGHTS))
    say("Resolved architecture: any, for the weights are read and not used")
    files = list_safetensors(model)
    if not files:
        raise RuntimeError(f"Cannot find any safetensors model weights with `{model}`")
    say(f"Starting to load model {model}...")
    start, size_bytes = time.monotonic(), 0
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files, device="cpu")
        for _, tensor in streamer.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
    took = time.monotonic() - start
    say(f"Model loading took {size_bytes / 2**30:.4f} GiB memory and {took:.6f} seconds")


class Answers(BaseHTTPRequestHandler):
    """Health and the model's name; no chat."""

    protocol_version = "HTTP/1.1"
    model = ""

    def do_GET(self) -> None:
        """Answer what a client looks up before it chats."""
        known = {
            "/health": None,
            "/version": {"version": "quick engine"},
            "/v1/models": {"object": "list", "data": [{"id": self.model, "object": "model"}]},
        }
        if self.path in known:
            self.answer(200, known[self.path])
        else:
            self.answer(404, {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Refuse to chat."""
        self.take_body()
        self.answer(501, NO_CHAT)

    def take_body(self) -> None:
        """Read the request's body, sized or chunked, so that the connection can go on."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            self.rfile.read(size + 2)
        self.rfile.readline()

    def answer(self, status: int, body: Any) -> None:
        """Send the answer as JSON, or empty."""
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the log for the streamer."""


class BehindASocket(ThreadingHTTPServer):
    """The same on a socket of the file system, as with vLLM's --uds."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """Bind the socket; its path is no host with a port."""
        self.socket.bind(self.server_address)


def serve(options: argparse.Namespace) -> None:
    """Answer until ended."""
    where = options.uds or (options.host, options.port)
    kind = BehindASocket if options.uds else ThreadingHTTPServer
    with kind(where, Answers) as server:
        told = f"unix:{where}" if options.uds else f"http://{options.host}:{options.port}"
        say(f"Starting server on {told}")
        say("Application startup complete.")
        server.serve_forever()


def say(text: str) -> None:
    """Write a line to the log, marked so that nobody takes it for vLLM's."""
    print(f"[quick engine] {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Stream the model, then serve until ended; a SIGTERM ends it with 0, as vLLM's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = arguments()
    tune(options.model_loader_extra_config)
    stream(options.model)
    Answers.model = (options.served_model_name or [options.model])[0]
    serve(options)


if __name__ == "__main__":
    main()
