"""Whose program is at the other end of a connection; the kernel is asked, once a connection.

Clients inside a Pod send no token to an emulator: google-cloud-storage is anonymous where
STORAGE_EMULATOR_HOST is set, and so is the streamer's C++ reader but for a service account's
private key. The Hub's clients ask for public models without one. On loopback the kernel knows
which user has opened a socket, whatever the client, and no client has to be changed for it. So a
request without a token is believed only if its connection belongs to the user of this process.

Sources: google.cloud.storage.Client; runai-model-streamer 0.17.0, cpp/gcs/client_configuration;
sock_diag(7); proc(5), /proc/net/tcp.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Address = tuple[str, int]
"""A host's IPv4 address and a port."""

_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ANY_STATE, _LISTEN = 4, 20, 1, 0xFFFFFFFF, 10
_HEADER = struct.Struct("=IHHII")
"""Of a netlink message: length, type, flags, sequence, port."""
_ASKED = struct.Struct("=BBBxI")
"""Family, protocol, extensions, states; a socket's id follows."""
_PORTS = struct.Struct("!HH")
_REPLY = struct.Struct("=BBxx4s56xII")
"""Family, state, both ports; then after what is skipped the user and the inode."""
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


class Socket(NamedTuple):
    """A socket as the kernel tells of it; an inode of 0 is one that its program has closed."""

    user: int
    inode: int


class Kernel:
    """Asks for one socket by netlink: some microseconds, however many sockets there are."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def ask(self, peer: Address, local: Address) -> Socket | None:
        """Return the socket at `peer` that is connected to `local`, None if it is not told."""
        try:
            kernel = self._socket or self._open()
            kernel.send(_question(peer, local))
            return _understood(kernel.recv(4096), peer[1], local[1])
        except OSError:  # a kernel without it, or a sandbox that forbids it
            self.close()  # no answer that is late may be taken for the next one's
            return None

    def close(self) -> None:
        """Let go of the socket; the next question opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    __del__ = close

    def _open(self) -> socket.socket:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        self._socket.setblocking(False)  # the answer is there when the question was sent
        return self._socket


def _question(peer: Address, local: Address) -> bytes:
    hosts = (socket.inet_aton(host).ljust(16, b"\0") for host, _ in (peer, local))
    any_device_and_cookie = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    asked = _ASKED.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ANY_STATE)
    asked += _PORTS.pack(peer[1], local[1]) + b"".join(hosts) + any_device_and_cookie
    return _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _REQUEST, 1, 0) + asked


def _understood(answer: bytes, *ports: int) -> Socket | None:
    """Return the socket of an answer; where there is no connection a listener may be told."""
    if len(answer) < _HEADER.size + _REPLY.size or _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    _, state, between, user, inode = _REPLY.unpack_from(answer, _HEADER.size)
    if state == _LISTEN or _PORTS.unpack(between) != ports:
        return None
    return Socket(user, inode)


def _listed(peer: Address, local: Address) -> Socket | None:
    """Look through the table of all connections."""
    wanted = (f":{peer[1]:04X}", f":{local[1]:04X}")
    for words in _rows():
        ends = words[1:3]
        if all(map(str.endswith, ends, wanted)) and list(map(_host, ends)) == [peer[0], local[0]]:
            return Socket(int(words[7]), int(words[9]))
    return None


def _rows() -> Iterator[list[str]]:
    for table in _TABLES:
        with suppress(OSError):
            yield from (line.split() for line in Path(table).read_text().splitlines()[1:])


def _host(end: str) -> str:
    """Return the IPv4 address in an entry of the table; its last four bytes, mapped or not."""
    packed = struct.pack("=I", int(end.partition(":")[0][-8:], 16))
    return socket.inet_ntoa(packed)


class Own:
    """Tells which connections are of this user's programs, and remembers those that are."""

    def __init__(self) -> None:
        self._found, self._kernel = weakref.WeakSet[asyncio.BaseTransport](), Kernel()

    def has(self, transport: asyncio.BaseTransport | None) -> bool:
        """Say whether the connection is this user's; one that has ended is nobody's."""
        if transport is None:
            return False
        if transport in self._found:
            return True
        peer, local = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        if own := bool(peer and local) and self.is_own(peer, local):
            self._found.add(transport)
        return own

    def is_own(self, peer: Address, local: Address) -> bool:
        """Say whether the socket at `peer`, connected to ours at `local`, is this user's.

        One whose program has closed it belongs to nobody: the kernel may tell user 0 of it.
        """
        found = self._kernel.ask(peer, local) or _listed(peer, local)
        return found is not None and found.inode != 0 and found.user == os.geteuid()


def can_tell() -> bool:
    """Say whether this machine tells whose a connection is."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        return Own().is_own(client.getsockname(), server.getsockname())


def ask_strangers(
    signed_in: Callable[[str | None], bool], refusal: Callable[[], Exception]
) -> Middleware:
    """Return the middleware that raises `refusal` for another user's request without a token.

    `signed_in` says whether an Authorization header has the rehearsal's token.
    """
    own = Own()

    @web.middleware
    async def asked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if own.has(request.transport) or signed_in(request.headers.get("Authorization")):
            return await handler(request)
        raise refusal()

    return asked
