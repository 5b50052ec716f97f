"""Whose a connection is: the kernel's word, by netlink and by its table."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from warmbook_rehearsal import peers
from warmbook_rehearsal.peers import Kernel, Own, can_tell

from ..other_user import NOBODY, needs_root, python_as_nobody

CALL = """
with socket.create_connection({address}) as peer:
    print("there", flush=True)
    input()
    {act}
    print("done", flush=True)
    input()
"""


class Transport:
    """An accepted connection, as asyncio tells of it."""

    def __init__(self, accepted, peer):
        self._names = {"sockname": accepted.getsockname(), "peername": peer}

    def get_extra_info(self, name):
        return self._names[name]


@pytest.fixture
def server():
    with socket.create_server(("127.203.0.1", 0)) as listening:
        yield listening


@contextmanager
def called(server, family=socket.AF_INET, host="127.203.0.1"):
    with socket.socket(family) as client:
        client.connect((host, server.getsockname()[1]))
        accepted, peer = server.accept()
        with accepted:
            yield Transport(accepted, peer), client


@pytest.fixture(params=["netlink", "table"])
def each_way(request, monkeypatch):
    """Ask in each of the two ways."""
    if request.param == "netlink":
        monkeypatch.setattr(peers, "_listed", lambda *_: None)
    else:
        monkeypatch.setattr(Kernel, "ask", lambda *_: None)


def test_this_machine_reports_the_owner_of_a_connection(each_way):
    assert can_tell()


def test_a_connection_of_this_process_is_recognised_as_own(server, each_way):
    with called(server) as (transport, _):
        assert Own().has(transport)


def test_an_ipv6_connection_of_this_process_is_recognised_as_own(server, each_way):
    with called(server, socket.AF_INET6, "::ffff:127.203.0.1") as (transport, _):
        assert Own().has(transport)


def test_a_missing_connection_has_no_owner(server, each_way):
    with called(server) as (transport, _):
        transport._names["peername"] = ("127.203.0.1", 1)
        assert not Own().has(transport)
    assert not Own().has(None)


def test_a_closed_connection_has_no_owner(server, each_way):
    with called(server) as (transport, client):
        client.sendall(b"DELETE")
        client.close()
        assert not Own().has(transport)


def test_a_connection_of_another_user_id_is_not_own(server, each_way, monkeypatch):
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with called(server) as (transport, _):
        assert not Own().has(transport)
        assert not can_tell()


@needs_root
def test_another_users_connection_is_not_own_open_or_closed(server, each_way):
    call = CALL.format(address=server.getsockname(), act="peer.sendall(b'DELETE'); peer.close()")
    with python_as_nobody(call) as caller:
        accepted, peer = server.accept()
        with accepted:
            transport = Transport(accepted, peer)
            assert caller.stdout.readline() == "there\n"
            assert not Own().has(transport)
            caller.stdin.write("\n")
            caller.stdin.flush()
            assert caller.stdout.readline() == "done\n"
            assert not Own().has(transport)


@needs_root
def test_a_socket_without_an_owner_is_reported_as_such(server):
    call = CALL.format(address=server.getsockname(), act="")
    with python_as_nobody(call):
        accepted, peer = server.accept()
        with accepted:
            local = accepted.getsockname()
            for found in (Kernel().ask(peer, local), peers._listed(peer, local)):
                assert (found.user, found.inode > 0) == (NOBODY, True)


def test_the_owner_of_a_connection_is_looked_up_once(server, monkeypatch):
    own = Own()
    with called(server) as (transport, _):
        assert own.has(transport)
        monkeypatch.setattr(Own, "is_own", lambda *_: pytest.fail("asked again"))
        assert own.has(transport)


def test_a_rehearsal_does_not_start_if_owners_cannot_be_determined(monkeypatch):
    code = (
        "import sys; from warmbook_rehearsal import peers; "
        "peers.Kernel.ask = peers._listed = lambda *_: None; "
        "from warmbook_rehearsal.__main__ import main; "
        "sys.exit(main(['--engine', 'quick', '--', 'true']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "/proc/net/tcp" in done.stderr
