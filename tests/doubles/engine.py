"""A server for the tests of the steps: reads the bucket as the streamer does, answers chat.

It stands for the engine's interpreter, so that the steps can be tested in seconds; the real
engine has tests of its own.
"""

import json
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import environ
from pathlib import Path

PACKAGES = str(Path(__file__).with_name("packages"))
STORAGE = environ.get("STORAGE_EMULATOR_HOST", "")
REFUSALS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 412: "PreconditionFailed"}
"""As google-cloud-storage calls what the service refuses."""
METRICS = """# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="m"}} 0.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{engine="0",model_name="m"}} {waiting}.0
# TYPE vllm:request_success_total counter
vllm:request_success_total{{engine="0",finished_reason="stop",model_name="m"}} {count}.0
vllm:request_success_total{{engine="0",finished_reason="length",model_name="m"}} 0.0
"""


def get(path, **headers):
    request = urllib.request.Request(f"{STORAGE}/storage/v1/{path}", headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        body = error.read().decode()  # that of a media download is the message itself
        message = json.loads(body)["error"]["message"] if body.startswith("{") else body
        name = f"google.api_core.exceptions.{REFUSALS.get(error.code, 'GoogleAPICallError')}"
        raise SystemExit(f"{name}: {error.code} GET {error.url}: {message}") from None


def stream(uri):
    if not uri.startswith("gs://"):
        raise NotImplementedError("pull files is not implemented for file system paths")
    bucket, _, folder = uri.removeprefix("gs://").partition("/")
    get(f"b/{bucket}")
    query = urllib.parse.urlencode({"prefix": f"{folder}/", "delimiter": "/"})
    listed = json.loads(get(f"b/{bucket}/o?{query}")).get("items", [])
    sizes = {item["name"]: int(item["size"]) for item in listed}
    start, weights = time.monotonic(), b""
    for name in filter(lambda name: name.endswith(".safetensors"), sizes):
        path = f"b/{bucket}/o/{urllib.parse.quote(name, safe='')}?alt=media"
        weights += get(path, Range=f"bytes=0-{sizes[name] - 1}")
    size = len(weights)
    took = max(0.01, time.monotonic() - start)
    told = f"{size} Bytes of all files to cpu: {took:.2f}s, {size / took:.1f} Bytes/s"
    print(f"[RunAI Streamer] Overall time to stream {told}", file=sys.stderr, flush=True)
    return weights


def choice(at, tokens):
    return {"index": at, "text": " ".join(map(str, tokens)), "token_ids": tokens}


class Answers(BaseHTTPRequestHandler):
    answered, asked, lock = 0, 0, threading.Lock()

    def do_GET(self):
        if self.path == "/metrics":
            waiting = max(0, Answers.asked - 4)
            told = METRICS.format(count=Answers.answered, waiting=waiting)
            self.send_bytes(told.encode(), "text/plain")
        elif self.path == "/version":
            self.send({"version": "0.0.0"})
        else:
            self.send({"data": [{"id": MODEL}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompts = len(body.get("prompt", []))
        self.count(prompts)
        time.sleep(0.3 if prompts else 0)
        self.count(-prompts)
        Answers.answered += 1
        if body.get("return_token_ids"):
            assert body["temperature"] == 0
            said = [answer(WEIGHTS, prompt, body["max_tokens"]) for prompt in body["prompt"]]
            self.send({"choices": [choice(at, tokens) for at, tokens in enumerate(said)]})
        elif body.get("stream"):
            self.send_events(body["messages"][-1]["content"])
        else:
            self.send({"choices": [{"message": {"content": " Tokyo. "}}]})

    def send_events(self, question):
        """Stream an answer as vLLM does; a question that says so breaks it off."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for text in ("", " Par", "ís", ". "):
            delta = {"content": text} if text else {"role": "assistant", "content": ""}
            self.send_event({"choices": [{"index": 0, "delta": delta}]})
            time.sleep(0.2)
            if question == "break off" and text:
                return self.send_event({"error": {"message": "EngineCore died", "code": 500}})
        self.send_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.send_event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
        return self.wfile.write(b"data: [DONE]\n\n")

    def send_event(self, piece):
        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.flush()

    def count(self, more):
        with Answers.lock:
            Answers.asked += more

    def send(self, body):
        self.send_bytes(json.dumps(body).encode(), "application/json")

    def send_bytes(self, data, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def words(name, default=None):
    return next((w.partition("=")[2] for w in sys.argv if w.startswith(f"--{name}=")), default)


if "-c" in sys.argv:
    script = sys.argv[sys.argv.index("-c") + 1]
    if "importlib.metadata" not in script:
        environ["PYTHONPATH"] = PACKAGES
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    print(json.dumps({"vllm": "0.0.0", "runai-model-streamer": "0.0.0"}))  # asked for versions
    raise SystemExit
if "--use-v2-block-manager" in sys.argv:
    print("api_server.py: error: unrecognized arguments: --use-v2-block-manager", file=sys.stderr)
    raise SystemExit(2)
for word in sys.argv:
    name, _, value = word.partition("=")
    known = {"distributed", "concurrency", "memory_limit"}
    if name == "--model-loader-extra-config" and (extra := json.loads(value).keys() - known):
        raise ValueError(f"Unexpected extra config keys for runai_streamer: {extra}")
MODEL = words("model")
for told in ("non-default args: {}", "Resolved architecture: Double", "Starting to load model"):
    print(f"[double] {told}", file=sys.stderr, flush=True)
WEIGHTS = stream(MODEL)
sys.path.insert(0, PACKAGES)
from vllm import answer  # noqa: E402 - the Job's, so that both answer alike


class BehindASocket(ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self):
        self.socket.bind(self.server_address)


if uds := words("uds"):
    server = BehindASocket(uds, Answers)
else:  # a shell has started it: the Pod's own address, whatever --host says
    server = ThreadingHTTPServer((environ["HOSTNAME"], int(words("port"))), Answers)
print("[double] Application startup complete.", file=sys.stderr, flush=True)
server.serve_forever()
