"""A cluster on loopback whose Pods are acted by a fake kubelet; official clients call it."""

from __future__ import annotations

import asyncio
import http.server
import json
import secrets
import threading
import time
from collections import defaultdict
from contextlib import ExitStack

import pytest
import requests
from aiohttp import web
from kubernetes import client, dynamic

from warmbook_rehearsal.kubernetes import ApiServer, Store, add_node, node_object, run_controllers
from warmbook_rehearsal.kubernetes.objects import now, set_condition
from warmbook_rehearsal.time_scale import TimeScale

PATIENCE_S = 30
"""From one event of the Pod's server to the next, in seconds."""


class FakeKubelet:
    """Takes Pods to Running and Ready at once; does to a Pod what its annotations say."""

    def __init__(self, store, folder):
        self.store, self.folder = store, folder
        self.addresses = defaultdict(lambda: "127.0.0.1")
        self.holds = False

    async def run(self):
        changes = self.store.history.subscribe()
        async for change in changes:
            if change.kind == "Pod" and change.type != "DELETED":
                self.act(change.obj)

    def act(self, pod):
        pod = self.store.find("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if pod is None or not pod["spec"].get("nodeName"):
            return
        place = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if "deletionTimestamp" in pod["metadata"]:
            self.store.remove("Pod", *place)
        elif not self.holds and pod["status"]["phase"] == "Pending":
            self.begin(place, pod)

    def begin(self, place, pod):
        wanted = pod["metadata"].get("annotations") or {}
        self.path(*place).touch()

        def change(new):
            over = wanted.get("test/exit")
            ready = wanted.get("test/ready", "True") if over is None else "False"
            state = {"running": {"startedAt": now()}}
            new["status"]["phase"] = "Running"
            if over is not None:
                new["status"]["phase"] = "Succeeded" if over == "0" else "Failed"
                state = {"terminated": {"exitCode": int(over), "reason": "Error"}}
            new["status"]["podIP"] = self.addresses[place]
            new["status"]["containerStatuses"] = [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": ready == "True",
                    "restartCount": 0,
                    "state": state,
                }
                for container in new["spec"]["containers"]
            ]
            set_condition(new, "Ready", ready)

        self.store.update("Pod", *place, change, manager="kubelet", subresource="status")

    def path(self, namespace, pod, suffix=""):
        return self.folder / f"{namespace}.{pod}{suffix}.log"

    def log_file(self, namespace, pod, container, *, previous):
        path = self.path(namespace, pod, ".previous" if previous else "")
        return path if path.exists() else None

    def address(self, namespace, pod):
        return self.addresses[namespace, pod]

    async def exec(self, namespace, pod, container, command, *, stdin, tty):
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe if stdin else asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )


class Cluster:
    """One API server with its controllers, in a thread with a loop of its own."""

    def __init__(self, folder, *, mode="autopilot", minute_s=0.02, tls=None, **controllers):
        self.folder, self.mode, self.minute_s, self.tls = folder, mode, minute_s, tls
        self.controllers = controllers
        self.token = secrets.token_hex(8)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._await(self._start())
        return self

    def __exit__(self, *_):
        self._await(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def _await(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    async def _start(self):
        self.store = Store()
        self.kubelet = FakeKubelet(self.store, self.folder)
        app = ApiServer(self.store, self.kubelet, token=self.token).application()
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{port}"
        run = run_controllers(
            self.store, TimeScale(self.minute_s), mode=self.mode, **self.controllers
        )
        self.tasks = [asyncio.create_task(run), asyncio.create_task(self.kubelet.run())]
        await asyncio.sleep(0)

    async def _stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def on_loop(self, act):
        """Let `act` use the store on the server's loop, and return its result."""

        async def run():
            return act()

        return self._await(run())

    def add_gpu_node(self, name="gpu-0", *, zone="us-central1-a", count=1):
        return self.on_loop(
            lambda: add_node(
                self.store,
                node_object(
                    name=name,
                    pool="g2-gpu-pool",
                    zone=zone,
                    machine_type="g2-standard-16",
                    gpus={"nvidia-l4": count},
                ),
            )
        )

    def api(self):
        """Return an official client."""
        config = client.Configuration()
        config.host = self.url
        config.api_key["authorization"] = self.token
        config.api_key_prefix["authorization"] = "Bearer"
        config.no_proxy = "127.0.0.1"
        config.proxy = None
        return client.ApiClient(config)

    def events(self, namespace, reason=None):
        found = self.on_loop(lambda: self.store.list("Event", namespace))
        return [e for e in found if reason in (None, e["reason"])]


def _eventually(holds, *, within_s=PATIENCE_S):
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s")


def _deployment(name="web", *, replicas=1, image="web:1", gpus=0, annotations=None, **spec):
    container = {"name": "main", "image": image, "ports": [{"containerPort": 8000}]}
    pod = {"containers": [container]}
    if gpus:
        container["resources"] = {"limits": {"nvidia.com/gpu": str(gpus)}}
        pod["nodeSelector"] = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    metadata = {"labels": {"app": name}, "annotations": annotations or {}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": metadata, "spec": pod},
            **spec,
        },
    }


def _pod(name="one", *, image="web:1", **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **metadata},
        "spec": {"containers": [{"name": "main", "image": image}]},
    }


@pytest.fixture
def eventually():
    """Return a function that waits for the first true answer of another."""
    return _eventually


@pytest.fixture
def deployment():
    """Return a function that makes a Deployment's manifest."""
    return _deployment


@pytest.fixture
def pod():
    """Return a function that makes a Pod's manifest."""
    return _pod


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a cluster; all are stopped at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Cluster(tmp_path, **options))


@pytest.fixture
def cluster(start):
    running = start()
    _eventually(
        lambda: running.on_loop(lambda: running.store.find("ServiceAccount", "default", "default"))
    )
    return running


@pytest.fixture
def core(cluster):
    return client.CoreV1Api(cluster.api())


@pytest.fixture
def apps(cluster):
    return client.AppsV1Api(cluster.api())


@pytest.fixture
def dynamic_client(cluster, tmp_path):
    return dynamic.DynamicClient(cluster.api(), cache_file=str(tmp_path / "discovery.json"))


@pytest.fixture
def call(cluster):
    """Return a function that sends a plain request, and gives (status, JSON body)."""
    session = requests.Session()
    session.trust_env = False

    def send(method, path, body=None, *, media="application/json", raw=None, **headers):
        data = raw if raw is not None else None if body is None else json.dumps(body)
        sent = {"Authorization": f"Bearer {cluster.token}", "Content-Type": media, **headers}
        answer = session.request(method, cluster.url + path, data=data, headers=sent, timeout=10)
        send.headers = answer.headers
        return answer.status_code, answer.json()

    with session:
        yield send


@pytest.fixture
def running_pod(cluster, core, pod, eventually):
    """Return the name of a Pod that runs."""
    core.create_namespaced_pod("default", pod("one"))
    eventually(lambda: core.read_namespaced_pod("one", "default").status.phase == "Running")
    return "one"


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if "events" in self.path:
            return self.stream_events()
        if "seen" in self.path:
            self.server.seen.set()
        said = {"method": self.command, "path": self.path, "body": body.decode()}
        answer = json.dumps(said).encode()
        self.send_response(418 if "teapot" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        return self.wfile.write(answer)

    def stream_events(self):
        """Send one event, and the next when another request says that the first was seen."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in (b"data: 1\n\n", b"data: 2\n\n", b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
            self.server.seen.wait(PATIENCE_S)

    do_POST = do_GET  # noqa: N815 - the base class has it so

    def log_message(self, *_):
        pass


@pytest.fixture
def echo():
    """Return the port of an HTTP server that stands for a Pod's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.seen = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()
