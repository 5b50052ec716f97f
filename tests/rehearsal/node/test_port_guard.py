"""The port of a Pod's server: open when the server is there, and to this user only."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

import pytest

from warmbook_rehearsal.node.port_guard import SOCKET, Port, PortGuard
from warmbook_rehearsal.peers import Own

from ...other_user import needs_root, said_by_nobody

HOST = "127.204.0.1"


@pytest.fixture
def port():
    with socket.create_server((HOST, 0)) as free:
        return Port(*free.getsockname())


async def shout(reader, writer):
    """Answer in capitals once the caller has said all; then hang up."""
    writer.write((await reader.read()).upper())
    writer.close()


@asynccontextmanager
async def server(folder):
    running = await asyncio.start_unix_server(shout, folder / SOCKET)
    try:
        yield
    finally:
        running.close()


@asynccontextmanager
async def guarded(port, folder, fail=lambda: pytest.fail("the port was not opened")):
    guard = PortGuard(port, folder)
    guard.take()
    async with guard.passing_on(fail):
        yield


async def said_to(port, text=b"hello"):
    reader, writer = await asyncio.open_connection(*port)
    writer.write(text)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()


async def answered(port, text=b"hello"):
    """Ask again until the port is open."""
    for _ in range(1000):
        with suppress(ConnectionRefusedError):
            return await said_to(port, text)
        await asyncio.sleep(0.01)
    raise AssertionError("the port stays closed")


def test_what_is_sent_and_answered_passes_whole(port, tmp_path):
    async def scenario():
        async with guarded(port, tmp_path), server(tmp_path):
            return await answered(port, b"a" * 10**6)

    assert asyncio.run(scenario()) == b"A" * 10**6


def test_the_port_is_closed_until_the_server_is_there(port, tmp_path):
    async def scenario():
        async with guarded(port, tmp_path):
            with pytest.raises(ConnectionRefusedError):
                await said_to(port)
            async with server(tmp_path):
                return await answered(port)

    assert asyncio.run(scenario()) == b"HELLO"


def test_the_port_is_taken_all_the_while_and_free_again_at_the_end(port, tmp_path):
    async def scenario():
        async with guarded(port, tmp_path):
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(port)

    asyncio.run(scenario())
    with socket.create_server(port):
        pass


def test_a_port_in_use_is_reported_at_once(port, tmp_path):
    guard = PortGuard(port, tmp_path)
    with socket.create_server(port), pytest.raises(OSError, match="in use"):
        guard.take()
    guard.close()


def test_a_port_taken_by_another_process_first_is_a_failure(port, tmp_path):
    async def scenario():
        failed = asyncio.Event()
        guard = PortGuard(port, tmp_path)
        guard.take()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(port)
            other.listen()
            async with server(tmp_path), guard.passing_on(failed.set):
                await asyncio.wait_for(failed.wait(), 10)

    asyncio.run(scenario())


def test_connections_end_with_the_container(port, tmp_path):
    async def scenario():
        guard = PortGuard(port, tmp_path)
        guard.take()
        async with server(tmp_path):
            async with guard.passing_on(pytest.fail):
                await answered(port)
                reader, writer = await asyncio.open_connection(*port)
                writer.write(b"not all yet")
                await writer.drain()
            with suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.close()

    asyncio.run(scenario())


def test_the_socket_of_an_instance_that_was_killed_is_no_hindrance(port, tmp_path):
    (tmp_path / SOCKET).touch()

    async def scenario():
        async with guarded(port, tmp_path), server(tmp_path):
            return await answered(port)

    assert asyncio.run(scenario()) == b"HELLO"


def test_a_folder_may_have_a_path_that_no_socket_may_have(port, tmp_path, monkeypatch):
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    monkeypatch.chdir(folder)

    async def scenario():
        async with guarded(port, folder):
            running = await asyncio.start_unix_server(shout, SOCKET)
            told = await answered(port)
        running.close()
        return told

    assert asyncio.run(scenario()) == b"HELLO"


def test_without_a_port_it_does_nothing(tmp_path):
    async def scenario():
        async with guarded(None, tmp_path):
            return "done"

    assert asyncio.run(scenario()) == "done"


def test_a_connection_that_is_not_this_users_is_reset(port, tmp_path, monkeypatch):
    async def scenario():
        async with guarded(port, tmp_path), server(tmp_path):
            assert await answered(port) == b"HELLO"
            monkeypatch.setattr(Own, "has", lambda *_: False)
            with pytest.raises(OSError, match=r"reset|not connected"):
                await said_to(port)

    asyncio.run(scenario())


@needs_root
def test_another_user_s_connection_is_reset(port, tmp_path):
    call = f"""
peer = socket.create_connection({tuple(port)})
try:
    peer.sendall(b"hello"); peer.shutdown(socket.SHUT_WR)
    print(peer.recv(100))
except OSError:  # reset, or not connected any more
    print("refused")
"""

    async def scenario():
        async with guarded(port, tmp_path), server(tmp_path):
            await answered(port)
            return await asyncio.to_thread(said_by_nobody, call)

    assert asyncio.run(scenario()) == "refused\n"
