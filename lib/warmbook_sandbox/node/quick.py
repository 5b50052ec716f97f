"""The quick engine: stands where vLLM would, streams the weights with the real streamer.

Run by the engine's interpreter with vLLM's own arguments. It reads the bucket in vLLM's
order (the small files, the listing, the tensors) and then answers /health and /v1/models;
it holds no model and answers no chat, and says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NO_CHAT = {
    "error": {
        "code": "quick_engine_no_chat",
        "message": "This is the rehearsal's quick engine: "
        "it streams the weights and answers no chat.",
    }
}


def arguments() -> argparse.Namespace:
    """Return vLLM's arguments, refusing unknown ones as vLLM does."""
    parser = argparse.ArgumentParser(prog="api_server.py")
    parser.add_argument("--model", required=True)
    parser.add_argument("--load-format", default="auto")
    parser.add_argument("--model-loader-extra-config", type=json.loads, default={})
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--tensor-parallel-size", type=int, default=1)
    parser.add_argument("--max-model-len", type=int)
    parser.add_argument("--served-model-name")
    parser.add_argument("--gpu-memory-utilization", type=float)
    parser.add_argument("--enforce-eager", action="store_true")
    return parser.parse_args()


def stream(options: argparse.Namespace) -> None:
    """Read the model as vLLM does: pull the small files, list the weights, stream them."""
    from runai_model_streamer import SafetensorsStreamer, list_safetensors, pull_files

    with tempfile.TemporaryDirectory() as folder:
        pull_files(f"{options.model}/", folder, ["*.model", "*.py", "*.json"], None)
    files = list_safetensors(options.model)
    if not files:
        raise RuntimeError(f"Cannot find any safetensors model weights with `{options.model}`")
    start, size_bytes = time.monotonic(), 0
    with SafetensorsStreamer() as streamer:
        streamer.stream_files(files)
        for _, tensor in streamer.get_tensors():
            size_bytes += tensor.numel() * tensor.element_size()
    took = time.monotonic() - start
    say(f"Model loading took {size_bytes / 2**30:.4f} GiB memory and {took:.6f} seconds")


class Answers(BaseHTTPRequestHandler):
    """Health and the model's name; no chat."""

    protocol_version = "HTTP/1.1"
    model = ""

    def do_GET(self) -> None:  # noqa: D102
        if self.path == "/health":
            self.answer(200, None)
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": self.model, "object": "model"}]})
        else:
            self.answer(404, {"detail": "Not Found"})

    def do_POST(self) -> None:  # noqa: D102
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

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, D102
        return


def say(text: str) -> None:
    """Write a line to the log, marked so that nobody takes it for vLLM's."""
    print(f"[quick engine] {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Stream the model, then serve until ended."""
    options = arguments()
    stream(options)
    Answers.model = options.served_model_name or options.model
    with ThreadingHTTPServer((options.host, options.port), Answers) as server:
        say(f"Starting server on http://{options.host}:{options.port}")
        server.serve_forever()


if __name__ == "__main__":
    main()
