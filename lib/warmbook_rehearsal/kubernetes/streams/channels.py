"""The channel protocol on a WebSocket: the first byte of each message says which stream.

Source: Kubernetes, k8s.io/apimachinery/pkg/util/remotecommand (v4, v5.channel.k8s.io).
"""

from __future__ import annotations

import asyncio

from aiohttp import WSMessage, WSMsgType, web

from ..errors import bad_request
from ..request import Call

STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)
CLOSE = 255
"""In v5: the next byte names a stream that its sender has closed."""
CHUNK = 32 * 1024


async def upgrade(call: Call, protocols: tuple[str, ...]) -> web.WebSocketResponse:
    """Turn a request into a WebSocket that speaks the first protocol both sides know.

    Raises:
        ApiError: 400, the request is no WebSocket upgrade.
    """
    socket = web.WebSocketResponse(protocols=protocols, max_msg_size=0, timeout=1.0)
    key = call.request.headers.get("Sec-WebSocket-Key", "")
    if not key.isascii() or not socket.can_prepare(call.request):
        raise bad_request("Upgrade request required")
    await socket.prepare(call.request)
    return socket


def payload(message: WSMessage) -> bytes:
    """Return the bytes of a message: the Python client sends standard input as text."""
    if message.type == WSMsgType.TEXT:
        return str(message.data).encode()
    return bytes(message.data) if message.type == WSMsgType.BINARY else b""


async def pump(reader: asyncio.StreamReader, socket: web.WebSocketResponse, channel: int) -> None:
    """Send what is read on a channel until it ends."""
    while data := await reader.read(CHUNK):
        await socket.send_bytes(bytes([channel]) + data)
