"""SPDY/3.1 inside WebSocket messages, as far as `kubectl port-forward` speaks it.

Source: SPDY Protocol Draft 3.1 (spdy3.dict is the dictionary of its section 2.6.10.1);
Kubernetes KEP-4006 (port-forward over WebSockets).
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSMsgType, web

PROTOCOL = "SPDY/3.1+portforward.k8s.io"

_DICTIONARY = (Path(__file__).parent / "spdy3.dict").read_bytes()
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING = 1, 2, 3, 6
_FIN = 1
_CONTROL = 0x8003
_CHUNK = 32 * 1024
_HEADER_BYTES = 8
_MOST_STREAMS = 1024
Header = Mapping[str, str]


@dataclass
class _Stream:
    """One forwarded connection: what is written to it waits until it is open."""

    to_send: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(64))
    task: asyncio.Task[None] | None = None


class Connection:
    """One caller's tunnel; each pair of streams (`error`, `data`) is one connection."""

    def __init__(self, socket: web.WebSocketResponse, address: str) -> None:
        self._socket, self._address = socket, address
        self._inflate = zlib.decompressobj(zdict=_DICTIONARY)
        self._deflate = zlib.compressobj(zdict=_DICTIONARY)
        self._buffer = b""
        self._streams: dict[int, _Stream] = {}
        self._error_streams: dict[str, int] = {}

    async def run(self) -> None:
        """Serve until the caller leaves."""
        try:
            async for message in self._socket:
                if message.type == WSMsgType.BINARY:
                    await self._received(message.data)
        except (ConnectionError, RuntimeError, ValueError, IndexError, struct.error, zlib.error):
            await self._socket.close()  # no SPDY, or the caller is gone
        finally:
            tasks = [stream.task for stream in self._streams.values() if stream.task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= _HEADER_BYTES:
            end = _HEADER_BYTES + int.from_bytes(self._buffer[5:8], "big")
            if len(self._buffer) < end:
                return
            frame, self._buffer = self._buffer[:end], self._buffer[end:]
            await self._frame(frame[:4], frame[4], frame[_HEADER_BYTES:])

    async def _frame(self, head: bytes, flags: int, body: bytes) -> None:
        if not head[0] & 0x80:
            if stream := self._streams.get(int.from_bytes(head, "big")):
                if body:
                    await stream.to_send.put(body)
                if flags & _FIN:
                    await stream.to_send.put(None)
            return
        match int.from_bytes(head[2:], "big"):
            case 1:  # SYN_STREAM
                await self._open(body)
            case 6:  # PING
                await self._send_control(_PING, 0, body)
            case 3:  # RST_STREAM
                self._reset(int.from_bytes(body[:4], "big"))

    async def _open(self, body: bytes) -> None:
        number = int.from_bytes(body[:4], "big") & 0x7FFFFFFF
        header = _header(self._inflate.decompress(body[10:]))
        no_headers = self._deflate.compress(struct.pack(">I", 0))
        no_headers += self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._send_control(_SYN_REPLY, 0, struct.pack(">I", number) + no_headers)
        request = header.get("requestid", "")
        if header.get("streamtype") == "error":
            self._error_streams[request] = number
            return
        port = int(header.get("port", "0"))
        if len(self._streams) >= _MOST_STREAMS:
            raise ValueError("too many streams")
        # bytes may follow before the connection is up: the stream takes them meanwhile
        stream = self._streams[number] = _Stream()
        error = self._error_streams.pop(request, None)
        stream.task = asyncio.create_task(self._carry(number, stream, port, error))

    def _reset(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream and stream.task:
            stream.task.cancel()

    async def _carry(self, number: int, stream: _Stream, port: int, error: int | None) -> None:
        """Carry one connection from its opening to its end."""
        try:
            reader, writer = await asyncio.open_connection(self._address, port)
        except OSError as refused:
            said = f"error forwarding port {port} to pod: {refused}"
            await self._finish(number, error, said)
            return
        sending = asyncio.create_task(_send(stream, writer))
        try:
            with suppress(ConnectionError):
                while data := await reader.read(_CHUNK):
                    await self._send_data(number, data)
            await self._finish(number, error, "")
        finally:
            sending.cancel()
            writer.close()
            self._streams.pop(number, None)

    async def _finish(self, number: int, error: int | None, said: str) -> None:
        with suppress(ConnectionError, RuntimeError):
            if error is not None:
                await self._send_data(error, said.encode(), fin=True)
            await self._send_data(number, b"", fin=True)

    async def _send_control(self, kind: int, flags: int, body: bytes) -> None:
        head = struct.pack(">HHI", _CONTROL, kind, flags << 24 | len(body))
        await self._socket.send_bytes(head + body)

    async def _send_data(self, number: int, data: bytes, *, fin: bool = False) -> None:
        head = struct.pack(">II", number, (_FIN if fin else 0) << 24 | len(data))
        await self._socket.send_bytes(head + data)


async def _send(stream: _Stream, writer: asyncio.StreamWriter) -> None:
    """Write what arrives on a stream to its connection, and its end."""
    with suppress(ConnectionError):
        while (data := await stream.to_send.get()) is not None:
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _header(raw: bytes) -> Header:
    """Read a block of names and values."""
    count, at, found = int.from_bytes(raw[:4], "big"), 4, {}
    for _ in range(count):
        name, at = _text(raw, at)
        value, at = _text(raw, at)
        found[name.lower()] = value.lower()
    return found


def _text(raw: bytes, at: int) -> tuple[str, int]:
    length = int.from_bytes(raw[at : at + 4], "big")
    if at + 4 + length > len(raw):
        raise ValueError("header block is too short")
    return raw[at + 4 : at + 4 + length].decode("latin-1"), at + 4 + length
