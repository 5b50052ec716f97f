"""A container's log: from its file to the caller, to the end or as it grows.

Source: Kubernetes, CRI logging format (`TIME STREAM P|F TEXT`, P for a part of a line).
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aiohttp import web

from ...timestamps import parse_time
from ..errors import bad_request
from ..objects import Obj
from ..request import Call
from .channels import upgrade
from .pods import container_of, see_node, state_of

_ENTRY = re.compile(rb"(?P<time>\d{4}-\d\d-\d\dT\S+) (?:stdout|stderr) (?P<tag>[PF]) ?(?P<text>.*)")
_LOOK_S = 0.05
"""How often a followed log's file is looked at."""
_GLANCE_S = 1.0
_CHUNK = 64 * 1024
_PROTOCOLS = ("binary.k8s.io",)
"""Over a WebSocket: the text in binary messages. Source: apiserver/pkg/util/wsstream/stream.go."""


@dataclass(frozen=True)
class _Wanted:
    """Which part of a log the caller wants and how."""

    tail: int | None
    since: str
    times: bool
    most_bytes: int | None


async def log(call: Call) -> web.StreamResponse:
    """Stream the log of a container; with `follow`, until the container ends."""
    pod = call.store.get("Pod", call.namespace, call.name)
    container, previous = container_of(pod, call.option("container")), call.flag("previous")
    file, wanted = _file(call, pod, container, previous=previous), _wanted(call)
    response, send = await _begun(call)
    sender = _Sender(send, wanted)
    try:
        with file.open("rb") as opened:
            past = await asyncio.to_thread(_complete_lines, opened.read())
            await sender.send(_tail(past.lines, wanted))
            opened.seek(past.end)
            if call.flag("follow") and not previous:
                await _follow(call, container, file, opened.fileno(), past.end, sender)
        if isinstance(response, web.WebSocketResponse):
            await response.close()
    except (ConnectionError, RuntimeError):  # the caller left
        return response
    return response


async def _begun(call: Call) -> tuple[web.StreamResponse, Callable[[bytes], Awaitable[None]]]:
    """Begin the answer, as a WebSocket where one is asked for; return it and what sends text."""
    if "upgrade" in call.request.headers.get("Connection", "").lower():
        socket = await upgrade(call, _PROTOCOLS)
        return socket, socket.send_bytes
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(call.request)
    return response, response.write


def _file(call: Call, pod: Obj, container: str, *, previous: bool) -> Path:
    see_node(pod)
    namespace = call.namespace or "default"
    found = call.runtime.log_file(namespace, call.name, container, previous=previous)
    if found is not None and found.exists():
        return found
    if previous:
        raise bad_request(
            f'previous terminated container "{container}" in pod "{call.name}" not found'
        )
    waiting = (state_of(pod, container).get("state") or {}).get("waiting") or {}
    reason = waiting.get("reason", "ContainerCreating")
    raise bad_request(f'container "{container}" in pod "{call.name}" is waiting to start: {reason}')


def _wanted(call: Call) -> _Wanted:
    tail, since_s, most = (call.number(n) for n in ("tailLines", "sinceSeconds", "limitBytes"))
    since = ""
    if (tail or 0) < 0 or (most is not None and most < 1) or (since_s is not None and since_s < 1):
        raise bad_request("tailLines, sinceSeconds and limitBytes can't be negative")
    if since_s is not None:
        begin = datetime.now(timezone.utc) - timedelta(seconds=min(since_s, 10**9))
        since = begin.isoformat()
    elif text := call.option("sinceTime"):
        try:
            since = parse_time(text).astimezone(timezone.utc).isoformat()
        except ValueError:
            raise bad_request(f'parsing time "{text}": cannot parse') from None
    return _Wanted(tail, since[:19], call.flag("timestamps"), most)


@dataclass(frozen=True)
class _Lines:
    lines: list[bytes]
    end: int


def _complete_lines(data: bytes) -> _Lines:
    """Return the lines that are complete and how many bytes they are."""
    end = data.rfind(b"\n") + 1
    # by newlines alone: a progress bar's carriage returns are within its line
    return _Lines(data[:end].split(b"\n")[:-1], end)


def _tail(lines: list[bytes], wanted: _Wanted) -> Iterable[bytes]:
    """Return the entries of the last lines; a line that was cut into parts is one line."""
    if wanted.tail is None:
        return lines
    start, left = len(lines), wanted.tail
    while start and left:
        start -= 1
        while start and _is_part(lines[start - 1]):
            start -= 1
        left -= 1
    return lines[start:]


def _is_part(entry: bytes) -> bool:
    found = _ENTRY.fullmatch(entry)
    return found is not None and found["tag"] == b"P"


class _Sender:
    """Sends entries as the text they hold, within the limit of bytes."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], wanted: _Wanted) -> None:
        self._send, self._wanted = send, wanted
        self._left = wanted.most_bytes

    async def send(self, entries: Iterable[bytes]) -> None:
        """Send the entries that are wanted."""
        text = b"".join(self._texts(entries))
        if self._left is not None:
            text = text[: self._left]
            self._left -= len(text)
        for start in range(0, len(text), _CHUNK):
            await self._send(text[start : start + _CHUNK])

    def _texts(self, entries: Iterable[bytes]) -> Iterator[bytes]:
        for entry in entries:
            found = _ENTRY.fullmatch(entry)
            if found is None:  # a log that is plain text
                yield entry + b"\n"
            elif found["time"].decode()[:19] >= self._wanted.since:
                stamp = found["time"] + b" " if self._wanted.times else b""
                yield stamp + found["text"] + (b"\n" if found["tag"] == b"F" else b"")


async def _follow(
    call: Call, container: str, file: Path, descriptor: int, at: int, sender: _Sender
) -> None:
    glanced = time.monotonic()
    while True:
        over = _ended(call, container, file)  # before reading, so that the last lines are read
        new = _complete_lines(os.pread(descriptor, 1 << 20, at))
        if new.end:
            at += new.end
            await sender.send(new.lines)
        elif over:
            return
        else:
            await asyncio.sleep(_LOOK_S)
        if time.monotonic() - glanced > _GLANCE_S:
            glanced = time.monotonic()
            transport = call.request.transport
            if transport is None or transport.is_closing():
                return


def _ended(call: Call, container: str, file: Path) -> bool:
    """Tell whether nothing more will be written: the container or its Pod is gone."""
    pod = call.store.find("Pod", call.namespace, call.name)
    if pod is None:
        return True
    namespace = call.namespace or "default"
    if call.runtime.log_file(namespace, call.name, container, previous=False) != file:
        return True  # restarted
    state = state_of(pod, container).get("state") or {}
    backing_off = (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    return "terminated" in state or backing_off
