"""The port of a Pod's server: what other users of the machine send to it goes nowhere.

The guide's server asks nobody for a key, and on GKE nobody outside the cluster reaches it. Here
every user of the machine reaches a loopback address. So the server listens on a socket in the
Pod's folder, which nobody else can enter, and this passes on to it what comes from this user's
programs. A network namespace for each Pod would keep others out too, but many containers and
distributions allow none.

Source: vLLM 0.32.0, `--uds`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ..peers import Own

SOCKET = "server.sock"
"""The server's socket, in its working folder: by that name it has no path that is too long."""

LOOK_S = 0.05
"""How often it is looked whether the server takes connections, in seconds."""

BACKLOG = 2048
"""Connections that wait to be taken. Source: uvicorn's own default."""

_PIECE_BYTES = 64 * 1024


class Port(NamedTuple):
    """Where the clients of a Pod's server find it."""

    host: str
    number: int


class PortGuard:
    """A port that is taken at once, and open from when the server behind it is.

    Without a port, for a container that has no such server, it does nothing.
    """

    def __init__(self, port: Port | None, folder: Path) -> None:
        self._port, self._path = port, folder
        self._own, self._passing = Own(), set[asyncio.Task[None]]()
        self._socket: socket.socket | None = None
        self._folder = -1

    def take(self) -> None:
        """Take the port, as vLLM does before it loads the model.

        Raises:
            OSError: Somebody else has it, or there is no such host.
        """
        if self._port is None:
            return
        (self._path / SOCKET).unlink(missing_ok=True)  # of the instance before this one
        self._folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(self._port)

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._socket.close()
            os.close(self._folder)
        self._socket = None

    @asynccontextmanager
    async def passing_on(self, fail: Callable[[], None]) -> AsyncIterator[None]:
        """Pass connections on during the block; call `fail` if the port can't be opened."""
        task = asyncio.create_task(self._run(fail))
        try:
            yield
        finally:
            tasks = (task, *self._passing)
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.close()

    async def _run(self, fail: Callable[[], None]) -> None:
        if self._socket is None:
            return
        while not await self._is_there():
            await asyncio.sleep(LOOK_S)
        try:
            server = await asyncio.start_server(self._take, sock=self._socket, backlog=BACKLOG)
        except OSError:
            return fail()
        try:
            await asyncio.Event().wait()
        finally:
            server.close()

    async def _is_there(self) -> bool:
        with suppress(OSError):
            _, writer = await self._connect()
            writer.close()
            return True
        return False

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # a socket's path may have 107 characters, and a folder's more
        return await asyncio.open_unix_connection(f"/proc/self/fd/{self._folder}/{SOCKET}")

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._own.has(writer.transport):
            writer.transport.abort()
            return
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server until the server has nothing more to say."""
        try:
            with suppress(OSError):
                answers, server = await self._connect()
                asking = asyncio.create_task(_pump(reader, server))
                try:
                    await _pump(answers, writer)
                finally:
                    asking.cancel()
                    server.close()
        finally:
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_PIECE_BYTES):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):  # not connected any more
        writer.write_eof()
