"""A load on a server: its queue is read, its refusal told, and it ends."""

import time

import pytest

from warmbook.measure.loaders.load_generator import AT_ONCE, PROMPTS, LoadGenerator, waiting
from warmbook.serving.openai_api import DeclinedError


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
def test_the_queue_is_what_the_server_says(metrics, count):
    assert waiting(Server(metrics)) == count


def test_it_goes_on_until_the_context_ends_and_no_longer():
    server = Server()
    with LoadGenerator(server):
        time.sleep(0.1)
    time.sleep(0.05)
    ended = len(server.bodies)
    assert ended > AT_ONCE
    assert all(len(body["prompt"]) == PROMPTS for body in server.bodies)
    time.sleep(0.1)
    assert len(server.bodies) == ended


def test_a_server_that_answers_nothing_is_not_asked_for_ever():
    server = Server(error=DeclinedError("quick engine"))
    with LoadGenerator(server) as load:
        time.sleep(0.1)
    assert load.refused == "quick engine"
