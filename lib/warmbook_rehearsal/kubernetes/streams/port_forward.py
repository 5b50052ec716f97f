"""Ports of a Pod on the caller's machine: both framings that official clients use."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress

from aiohttp import web

from ..errors import bad_request
from ..request import Call
from . import spdy
from .channels import payload, pump, upgrade
from .pods import address_of

_PROTOCOLS = (spdy.PROTOCOL, "v4.channel.k8s.io", "portforward.k8s.io")


async def forward(call: Call) -> web.StreamResponse:
    """Connect streams to ports of a Pod for as long as the caller stays."""
    pod = call.store.get("Pod", call.namespace, call.name)
    address = address_of(call, pod)
    ports = _ports(call)
    socket = await upgrade(call, _PROTOCOLS)
    if socket.ws_protocol == spdy.PROTOCOL:
        await spdy.Connection(socket, address).run()
    else:
        await _Channels(socket, address, ports).run()
    return socket


def _ports(call: Call) -> list[int]:
    texts = [
        part for text in call.request.query.getall("ports", []) for part in text.split(",") if part
    ]
    for text in texts:
        if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
            raise bad_request(f'unable to parse "{text}" as a port')
    return [int(text) for text in texts]


class _Channels:
    """Two channels per port: data, and errors; each begins with its port number.

    Source: Kubernetes, pkg/kubelet cri/streaming/portforward/websocket.go.
    """

    def __init__(self, socket: web.WebSocketResponse, address: str, ports: list[int]) -> None:
        self._socket, self._address, self._ports = socket, address, ports
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def run(self) -> None:
        """Serve until the caller leaves or every port's connection has ended."""
        for index, port in enumerate(self._ports):
            for channel in (2 * index, 2 * index + 1):
                await self._socket.send_bytes(bytes([channel]) + struct.pack("<H", port))
        pumps = [await self._connect(index, port) for index, port in enumerate(self._ports)]
        closing = asyncio.create_task(self._close_after([p for p in pumps if p]))
        try:
            await self._listen()
        finally:
            for task in (closing, *filter(None, pumps)):
                task.cancel()
            for writer in self._writers.values():
                writer.close()

    async def _connect(self, index: int, port: int) -> asyncio.Task[None] | None:
        try:
            reader, writer = await asyncio.open_connection(self._address, port)
        except OSError as error:
            said = f"an error occurred forwarding {port} -> {port}: {error}"
            await self._socket.send_bytes(bytes([2 * index + 1]) + said.encode())
            return None
        self._writers[2 * index] = writer
        return asyncio.create_task(pump(reader, self._socket, 2 * index))

    async def _close_after(self, pumps: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*pumps, return_exceptions=True)
        with suppress(ConnectionError, RuntimeError):
            await self._socket.close()

    async def _listen(self) -> None:
        async for message in self._socket:
            raw = payload(message)
            if raw and (writer := self._writers.get(raw[0])):
                with suppress(ConnectionError):
                    writer.write(raw[1:])
                    await writer.drain()
