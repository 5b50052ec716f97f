"""Logs, commands, ports and proxy of a Pod, as the official client speaks them."""

from __future__ import annotations

import json
import threading

import pytest
import requests
import websocket
from kubernetes import client, stream, watch

LOG = "/api/v1/namespaces/default/pods/one/log"


def _entry(text, *, second=0, tag="F"):
    return f"2026-01-01T00:00:{second:02}.000000001Z stdout {tag} {text}\n"


@pytest.fixture
def log(cluster, running_pod):
    return cluster.kubelet.path("default", running_pod)


def test_a_log_is_the_text_without_the_runtime_s_marks(core, log):
    log.write_text(_entry("first") + _entry("one ", tag="P") + _entry("line") + _entry(""))
    assert core.read_namespaced_pod_log("one", "default") == "first\none line\n\n"


def test_the_carriage_returns_of_a_progress_bar_are_within_its_line(core, log):
    log.write_text(_entry("\r 0%\r 100%"))
    text = core.read_namespaced_pod_log("one", "default", timestamps=True)
    assert text == "2026-01-01T00:00:00.000000001Z \r 0%\r 100%\n"


def test_a_log_that_is_plain_text_is_sent_as_it_is(core, log):
    log.write_text("plain\n")
    assert core.read_namespaced_pod_log("one", "default") == "plain\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tail_lines": 1}, "long line\n"),
        ({"tail_lines": 0}, ""),
        ({"timestamps": True, "tail_lines": 2}, None),
        ({"limit_bytes": 5}, "first"),
        ({"since_seconds": 60}, ""),
    ],
    ids=str,
)
def test_options_of_a_log(core, log, options, said):
    parts = _entry("long ", second=2, tag="P") + _entry("line", second=2)
    log.write_text(_entry("first") + _entry("second", second=1) + parts)
    text = core.read_namespaced_pod_log("one", "default", **options)
    if said is None:
        assert text.startswith("2026-01-01T00:00:01.000000001Z second\n2026-01-01T00:00:02")
    else:
        assert text == said


def _socket(cluster, path, protocol):
    return websocket.create_connection(
        cluster.url.replace("http", "ws") + path,
        header=[f"Authorization: Bearer {cluster.token}"],
        subprotocols=[protocol],
        timeout=10,
    )


def _received(socket):
    """Return what comes until the server closes."""
    found = []
    while (frame := socket.recv_data())[0] != websocket.ABNF.OPCODE_CLOSE:
        found.append(frame[1])
    socket.shutdown()
    return found


def test_a_log_comes_over_a_websocket_too(cluster, log):
    """Pods should support retrieving logs from the container over websockets."""
    log.write_text(_entry("container is alive"))
    socket = _socket(cluster, f"{LOG}?container=main", "binary.k8s.io")
    assert socket.subprotocol == "binary.k8s.io"
    assert _received(socket) == [b"container is alive\n"]


def test_a_followed_log_ends_with_its_container(cluster, core, log):
    log.write_text(_entry("one"))
    seen = []
    lines = watch.Watch().stream(core.read_namespaced_pod_log, "one", "default", follow=True)
    seen.append(next(lines))
    with log.open("a") as file:
        file.write(_entry("two"))
    seen.append(next(lines))
    core.delete_namespaced_pod("one", "default")
    assert [*seen, *lines] == ["one", "two"]


def test_the_log_before_the_restart(cluster, core, log, call):
    status, body = call("GET", f"{LOG}?previous=true")
    assert status == 400
    assert body["message"] == 'previous terminated container "main" in pod "one" not found'
    cluster.kubelet.path("default", "one", ".previous").write_text(_entry("crashed"))
    assert core.read_namespaced_pod_log("one", "default", previous=True) == "crashed\n"


def test_a_log_that_does_not_exist_yet_is_an_error_with_the_reason(cluster, call, core, pod):
    cluster.kubelet.holds = True
    core.create_namespaced_pod("default", pod())
    messages = {
        'container "main" in pod "one" is waiting to start: ContainerCreating',
        "pod one does not have a host assigned",
    }
    status, body = call("GET", LOG)
    assert status == 400 and body["message"] in messages
    status, body = call("GET", f"{LOG}?container=other")
    assert body["message"] == "container other is not valid for pod one"


def _run(core, command, **options):
    return stream.stream(
        core.connect_get_namespaced_pod_exec,
        *("one", "default"),
        command=command,
        **{"stdout": True, "stderr": True, "stdin": False, "tty": False, **options},
    )


def test_a_command_answers_on_both_streams_and_with_its_status(cluster, running_pod):
    # stream.stream patches the client it is given: one of its own
    own = client.CoreV1Api(cluster.api())
    said = _run(own, ["sh", "-c", "echo out; echo err >&2; exit 3"], _preload_content=False)
    said.run_forever(timeout=5)
    assert (said.read_stdout(), said.read_stderr()) == ("out\n", "err\n")
    assert said.returncode == 3


def test_a_command_s_whole_output_comes_back(cluster, running_pod):
    own = client.CoreV1Api(cluster.api())
    assert _run(own, ["seq", "20000"]) == "".join(f"{n}\n" for n in range(1, 20001))


def test_a_command_reads_standard_input(cluster, running_pod):
    own = client.CoreV1Api(cluster.api())
    said = _run(own, ["head", "-n1"], stdin=True, _preload_content=False)
    said.write_stdin("hello\n")
    said.run_forever(timeout=5)
    assert said.read_stdout() == "hello\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("command=echo&command=hello", [b"\1hello\n"]),
        ("command=false", [b"\3command terminated with non-zero exit code: exit status 1"]),
    ],
)
def test_the_first_protocol_reports_failures_only(cluster, running_pod, command, said):
    """Pods should support remote command execution over websockets."""
    path = f"/api/v1/namespaces/default/pods/one/exec?stdout=1&stderr=1&{command}"
    assert _received(_socket(cluster, path, "channel.k8s.io")) == said


def test_a_missing_command_is_reported_on_the_status_channel(cluster, running_pod):
    own = client.CoreV1Api(cluster.api())
    said = _run(own, ["no-such-program"], _preload_content=False)
    said.run_forever(timeout=5)
    assert "no-such-program" in said.read_channel(3)


def test_the_proxy_passes_status_path_and_body(cluster, call, running_pod, echo):
    base = f"/api/v1/namespaces/default/pods/one:{echo}/proxy"
    assert call("GET", f"{base}/v1/models?a=b%20c") == (
        200,
        {"method": "GET", "path": "/v1/models?a=b%20c", "body": ""},
    )
    status, body = call("POST", f"{base}/teapot", {"prompt": "hi"})
    assert (status, json.loads(body["body"])) == (418, {"prompt": "hi"})
    assert call("GET", base)[1]["path"] == "/"


def test_the_proxy_passes_each_event_on_as_it_comes(cluster, running_pod, echo):
    """As the API server does: apimachinery's pkg/util/proxy/upgradeaware.go answers by Go's
    httputil.ReverseProxy, which flushes text/event-stream at once (reverseproxy.go,
    flushInterval)."""
    url = f"{cluster.url}/api/v1/namespaces/default/pods/one:{echo}/proxy/events"
    headers = {"Authorization": f"Bearer {cluster.token}"}
    with requests.post(url, json={}, headers=headers, stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        pieces = answer.iter_content(None)
        assert next(pieces) == b"data: 1\n\n"
        requests.get(f"http://127.0.0.1:{echo}/seen", timeout=10)
        assert list(pieces) == [b"data: 2\n\n"]


def test_the_proxy_takes_an_escaped_port(call, running_pod, echo):
    status, body = call("GET", f"/api/v1/namespaces/default/pods/one%3A{echo}/proxy/health")
    assert (status, body["path"]) == (200, "/health")


def test_a_closed_port_is_503(call, running_pod, unused_port):
    path = f"/api/v1/namespaces/default/pods/one:{unused_port}/proxy/"
    status, body = call("GET", path)
    assert (status, body["reason"]) == (503, "ServiceUnavailable")
    assert "error trying to reach service" in body["message"]


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]  # bound and not listening: refused


def _ask(forwarded, port, text):
    socket = forwarded.socket(port)
    socket.settimeout(5)
    body = text.encode()
    head = f"POST /x HTTP/1.1\r\nHost: pod\r\nContent-Length: {len(body)}\r\n\r\n"
    socket.sendall(head.encode() + body)
    answer = b""
    while b'"body"' not in answer or not answer.endswith(b"}"):
        answer += socket.recv(65536)
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def test_a_port_is_forwarded(cluster, running_pod, echo):
    own = client.CoreV1Api(cluster.api())
    forwarded = stream.portforward(
        own.connect_get_namespaced_pod_portforward, "one", "default", ports=str(echo)
    )
    assert _ask(forwarded, echo, "x" * 300_000)["body"] == "x" * 300_000
    assert forwarded.error(echo) is None
    forwarded.close()


def test_ports_are_forwarded_in_parallel(cluster, running_pod, echo):
    answers = []

    def ask(number):
        own = client.CoreV1Api(cluster.api())
        forwarded = stream.portforward(
            own.connect_get_namespaced_pod_portforward, "one", "default", ports=str(echo)
        )
        answers.append(_ask(forwarded, echo, str(number))["body"])
        forwarded.close()

    threads = [threading.Thread(target=ask, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(answers) == [str(number) for number in range(6)]


def test_a_closed_forwarded_port_is_reported(cluster, running_pod, unused_port, eventually):
    own = client.CoreV1Api(cluster.api())
    forwarded = stream.portforward(
        own.connect_get_namespaced_pod_portforward, "one", "default", ports=str(unused_port)
    )
    forwarded.socket(unused_port)
    said = eventually(lambda: forwarded.error(unused_port))
    assert f"an error occurred forwarding {unused_port}" in said


def test_a_stream_needs_an_upgrade(call, running_pod):
    for path in ("exec?command=ls", "portforward?ports=80"):
        status, body = call("GET", f"/api/v1/namespaces/default/pods/one/{path}")
        assert (status, body["message"]) == (400, "Upgrade request required")
