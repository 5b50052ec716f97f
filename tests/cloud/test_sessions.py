"""Sessions against a server that refuses, breaks off and recovers, over real sockets."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from google.auth.credentials import AnonymousCredentials

from warmbook.cloud import retry, sessions

LOCK = Path(__file__).parents[2] / "requirements.txt"


class Turns(ThreadingHTTPServer):
    """Answers each request with the next turn: a status, or `cut` in the middle of the answer."""

    def __init__(self, *turns):
        super().__init__(("127.0.0.1", 0), Handler)
        self.turns, self.asked = list(turns), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, sent))
        turn = self.server.turns.pop(0)
        body = b"quota exceeded" if turn == 429 else b"answer"
        self.send_response(200 if turn == "cut" else turn)
        self.send_header("Content-Length", str(len(body) * (2 if turn == "cut" else 1)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = turn == "cut"

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@pytest.fixture
def served(monkeypatch):
    """Serve turns, and make the pauses short."""
    monkeypatch.setattr(retry, "FIRST_S", 0.01)
    servers = []

    def serve(*turns):
        server = Turns(*turns)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def session():
    with requests.Session() as session:
        sessions.make_persistent(session, patience_s=5)
        yield session


@pytest.mark.parametrize("turn", [500, 502, 503, 504, "cut"])
def test_a_post_is_sent_again_with_its_body_until_it_is_answered(served, session, turn):
    server = served(turn, turn, 200)
    answer = session.post(server.url, data=b"body")
    assert (answer.status_code, answer.text) == (200, "answer")
    assert server.asked == [("POST", b"body")] * 3


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_permanent_errors_are_not_retried(served, session, status):
    server = served(status)
    assert session.get(server.url).status_code == status
    assert len(server.asked) == 1


def test_a_quota_that_must_be_raised_is_not_retried(served, session):
    server = served(429)
    assert session.get(server.url).status_code == 429
    assert len(server.asked) == 1


def test_refused_connections_are_not_retried_for_long(served, monkeypatch):
    monkeypatch.setattr(retry, "NOBODY_S", 0.05)
    server = served()
    url = server.url
    server.shutdown()
    server.server_close()
    with requests.Session() as session, pytest.raises(requests.ConnectionError):
        sessions.make_persistent(session, patience_s=60)
        session.get(url, timeout=5)


def test_a_streamed_answer_is_handed_over_before_its_end(served, session):
    server = served("cut")
    answer = session.get(server.url, stream=True)
    assert answer.raw.read(6) == b"answer"
    assert len(server.asked) == 1


def test_the_clients_have_their_sessions_at_the_expected_attributes():
    from google.auth.transport.requests import AuthorizedSession
    from google.cloud import (
        billing_v1,
        container_v1,
        resourcemanager_v3,
        service_usage_v1,
        storage,
    )

    for client in (
        billing_v1.CloudBillingClient,
        container_v1.ClusterManagerClient,
        resourcemanager_v3.ProjectsClient,
        service_usage_v1.ServiceUsageClient,
    ):
        made = client(transport="rest", credentials=AnonymousCredentials())
        assert isinstance(sessions.session_of_rest(made), AuthorizedSession)
    made = storage.Client("p", AnonymousCredentials())
    kept = sessions.session_of_storage(made)
    sessions.keep_connections(kept, 7)
    assert kept.get_adapter("https://storage.googleapis.com/")._pool_maxsize == 7


def test_the_releases_that_were_tried_are_those_that_are_installed_from_the_lock():
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK.read_text(), re.MULTILINE))
    assert {name: locked[name] for name in sessions.TRIED} == sessions.TRIED
