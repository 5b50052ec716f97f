"""A load on a server: its queue is read, its refusal told, and it ends."""

import json
import threading
import time

import pytest
import requests
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError

from warmbook.measure.loaders import load_generator
from warmbook.measure.loaders.load_generator import AT_ONCE, PROMPTS, LoadGenerator, waiting
from warmbook.serving.openai_api import DeclinedError

from ...doubles.wire import Wire
from ...processes import until


class Server:
    """Answers after a while; tells so many as wait."""

    model = "m"

    def __init__(self, metrics="", error=None):
        self.metrics, self.error, self.bodies = metrics, error, []

    def read(self, path):
        assert path == "metrics"
        return self.metrics

    def post(self, path, body):
        if self.error:
            raise self.error
        self.bodies.append(body)
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("metrics", "count"),
    [
        ('vllm:num_requests_waiting{engine="0",model_name="m"} 7.0\n', 7),
        ("vllm:num_requests_waiting 7\nvllm:num_requests_waiting 1\n", 8),
        ('vllm:num_requests_waiting_by_reason{reason="x"} 7.0\n', 0),
        ("vllm:num_requests_waiting NaN\nvllm:num_requests_waiting e\n", 0),
        ("", 0),
    ],
)
def test_the_queue_length_is_the_servers_metric(metrics, count):
    assert waiting(Server(metrics)) == count


def test_it_goes_on_until_the_context_ends_and_no_longer():
    server = Server()
    before = set(threading.enumerate())
    with LoadGenerator(server):
        until(lambda: len(server.bodies) > AT_ONCE)
        senders = set(threading.enumerate()) - before
    for sender in senders:
        sender.join(10)
    assert not any(sender.is_alive() for sender in senders)
    assert all(len(body["prompt"]) == PROMPTS for body in server.bodies)


def test_the_load_stops_if_the_server_declines_to_answer():
    server = Server(error=DeclinedError("quick engine"))
    with LoadGenerator(server) as load:
        until(lambda: load.refused)
    assert load.refused == "quick engine"


class Breaking:
    """A server of HTTP that breaks each connection in the middle while it is `broken`."""

    model = "m"

    def __init__(self):
        self.broken = False
        self._wire = Wire("http://127.0.0.1:9")  # nobody is asked behind it
        self._wire.fault = lambda request: "cut" if self.broken else 200

    def post(self, path, body):
        requests.post(f"{self._wire.url}/{path}", json=body, timeout=10)


def test_connections_that_break_are_counted_and_the_load_goes_on(monkeypatch):
    monkeypatch.setattr(load_generator, "PAUSE_S", 0.01)
    server = Breaking()
    with LoadGenerator(server) as load:
        until(lambda: load.answered > AT_ONCE)
        assert (load.failed, load.failure) == (0, "")
        server.broken = True
        until(lambda: load.failed > 2 * AT_ONCE)  # each thread has gone on after a failure
        assert "aborted" in load.failure
        server.broken = False
        answered = load.answered
        until(lambda: load.answered > answered + 2 * AT_ONCE)
    assert load.refused == ""


def test_an_answer_that_is_not_json_is_a_failure_too():
    with LoadGenerator(Server(error=ValueError("no JSON"))) as load:
        until(lambda: load.failed >= AT_ONCE)
    assert (load.answered, load.failure, load.refused) == (0, "no JSON", "")


def answered(status, body):
    """Return what the client raises for an answer of the cluster or of the server behind it."""
    error = ApiException(status=status, reason="no reason")
    error.body = json.dumps(body)
    return DynamicApiError(error)


def test_a_pod_that_is_not_reached_for_a_moment_is_a_failure_and_no_refusal(monkeypatch):
    monkeypatch.setattr(load_generator, "PAUSE_S", 0.01)
    said = "error trying to reach service: dial tcp 127.0.0.2:8000: Server disconnected"
    server = Server(error=answered(503, {"kind": "Status", "message": said}))
    with LoadGenerator(server) as load:
        until(lambda: load.failed > 2 * AT_ONCE)
        assert (load.failure, load.refused) == (said, "")
        server.error = None
        until(lambda: load.answered > AT_ONCE)


def test_a_request_that_the_server_does_not_take_ends_the_load_with_its_message():
    server = Server(error=answered(400, {"error": {"message": "max_tokens is too large"}}))
    with LoadGenerator(server) as load:
        until(lambda: load.refused)
    assert (load.refused, load.failed) == ("max_tokens is too large", 0)
