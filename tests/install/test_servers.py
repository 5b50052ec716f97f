"""The index and the proxy of the tests themselves: what they serve, refuse and write down."""

from __future__ import annotations

import http.client
import socket
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from .connect_proxy import ConnectProxy
from .simple_index import SimpleIndex, sha256

WHEEL = "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl"


@pytest.fixture
def index(tmp_path):
    with SimpleIndex(tmp_path / "wheels") as index:
        yield index


@pytest.fixture
def wheel(index):
    index.folder.mkdir()
    (index.folder / WHEEL).write_bytes(bytes(range(256)) * 9000)
    return index.folder / WHEEL


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


def test_a_page_leads_to_the_wheel_and_its_digest(index, wheel):
    page = get(f"{index.url}/torch/").decode()
    link = page.partition('href="')[2].partition('"')[0]
    path, _, digest = link.partition("#")
    assert digest == f"sha256={sha256(wheel)}"
    host = f"http://{urlsplit(index.url).netloc}"
    assert get(host + path) == wheel.read_bytes()
    assert index.paths == ["/whl/cpu/torch/", path]
    assert index.projects == {"torch"}


@pytest.mark.parametrize("asked", ["torch", "numpy", "numpy-2.0-py3-none-any.whl"])
def test_an_empty_index_has_no_packages_and_logs_requests(index, asked):
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(f"{index.url}/{asked}")
    assert raised.value.code == 404
    assert index.projects == {asked.partition("-")[0]}


@pytest.fixture
def echo():
    """A server on loopback that sends back the first bytes it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(connection.recv(100))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)
        assert not thread.is_alive()


def tunnel(proxy, host, port):
    connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=5)
    connection.set_tunnel(host, port)
    connection.connect()
    return connection


def test_an_allowed_host_is_reached_through_a_tunnel(echo):
    with ConnectProxy({"127.0.0.1"}) as proxy:
        connection = tunnel(proxy, "127.0.0.1", echo)
        connection.sock.sendall(b"as it is")
        assert connection.sock.recv(100) == b"as it is"
        connection.close()
        assert proxy.hosts == ["127.0.0.1"]


def test_other_hosts_get_a_403_and_are_logged():
    with ConnectProxy({"127.0.0.1"}) as proxy:
        with pytest.raises(OSError, match="403"):
            tunnel(proxy, "elsewhere.example", 443)
        assert proxy.hosts == ["elsewhere.example"]


def test_plain_http_is_refused_even_to_an_allowed_host():
    with ConnectProxy({"127.0.0.1"}) as proxy:
        handler = urllib.request.ProxyHandler({"http": proxy.url})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.build_opener(handler).open("http://127.0.0.1:9/", timeout=5)
        assert proxy.hosts == ["127.0.0.1"]
