"""A request to a rehearsal ends in time, whatever answers there."""

import time
from contextlib import closing
from socket import create_server

import pytest

from warmbook.cloud.rehearsal_request import MOST_BYTES, request

from ..doubles.raw_server import ENDLESS, OK, answering

WITHIN_S = 0.5


@pytest.mark.parametrize("content", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_arrives_byte_by_byte_is_given_up_in_time(content):
    with answering(content, byte_s=0.1) as server:
        began = time.monotonic()
        with pytest.raises(OSError):
            request("GET", f"{server.url}/staged", "token", within_s=WITHIN_S)
        assert WITHIN_S <= time.monotonic() - began < 3


def test_a_server_that_accepts_and_sends_nothing_is_given_up_in_time():
    with closing(create_server(("127.0.0.1", 0))) as silent, pytest.raises(OSError):
        request("GET", url_of(silent), "token", within_s=WITHIN_S)


def test_a_port_where_nobody_listens_is_an_error():
    with closing(create_server(("127.0.0.1", 0))) as server:
        url = url_of(server)
    with pytest.raises(ConnectionRefusedError):
        request("GET", url, "token", within_s=WITHIN_S)


def url_of(server):
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\r\n\r\n", OK + b"\r\n" + b" " * (MOST_BYTES + 1)],
    ids=["nothing", "no HTTP", "too much"],
)
def test_what_is_no_answer_is_an_error(content):
    with answering(content) as server, pytest.raises(OSError):
        request("GET", server.url, "token", within_s=5)


def test_the_token_is_sent_and_no_redirect_followed():
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\nelsewhere"
    with answering(redirect) as server:
        answer = request("PUT", f"{server.url}/round", "secret", within_s=5, body={"a": 1})
        assert answer == (302, "elsewhere")
        assert b"Bearer secret" in server.asked[0]
