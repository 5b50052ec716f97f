"""Watches: an endless answer with one line for each change that concerns the caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from ..deadline import within
from . import go_json, tables
from .errors import bad_request, expired
from .history import Change, Subscription
from .objects import Obj, name_of, namespace_of
from .reads import included, wanted_form
from .request import Call
from .selectors import Matches, both

LONGEST_S = 1800.0
"""How long a watch lasts unless it is asked to end sooner."""
_GLANCE_S = 5.0
"""How often a quiet watch sees whether its caller is still there."""
_BOOKMARK_S = 60.0
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


async def watch(call: Call) -> web.StreamResponse:
    """Stream changes from a resourceVersion on; without one, first what there is."""
    return await _Watch(call, _matcher(call)).run()


def _matcher(call: Call) -> Matches:
    fits = both(call.kind.kind, call.option("labelSelector"), call.option("fieldSelector"))
    return lambda obj: (
        (call.namespace is None or namespace_of(dict(obj)) == call.namespace)
        and (not call.name or name_of(obj) == call.name)
        and fits(obj)
    )


@dataclass
class _Watch:
    call: Call
    fits: Matches

    async def run(self) -> web.StreamResponse:
        call = self.call
        ends = time.monotonic() + min(float(call.number("timeoutSeconds") or LONGEST_S), LONGEST_S)
        changes = call.store.history.subscribe()  # before reading, so that nothing falls between
        first = self._first_lines()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(call.request)
        try:
            for line in first:
                await response.write(line)
            if not self.failed:
                await self._follow(response, changes, ends)
        except (ConnectionError, RuntimeError):  # RuntimeError: aiohttp, the transport is closing
            return response
        return response

    failed = False

    def _first_lines(self) -> list[bytes]:
        """Return what a watch begins with: what there is, or what changed since a version."""
        store, kind = self.call.store, self.call.kind.kind
        initial = self.call.flag("sendInitialEvents")
        version = self.call.number("resourceVersion") or 0
        if version < 0:
            raise bad_request(f"invalid resource version: {version}")
        if initial or not version:
            present = store.list(kind, self.call.namespace)
            lines = [self._line("ADDED", obj) for obj in present if self.fits(obj)]
            return [*lines, self._bookmark(_INITIAL_END)] if initial else lines
        since = store.history.since(version)
        if since is None:
            self.failed = True
            gone = expired(version, store.history.oldest_version).status()
            return [go_json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n"]
        return list(self._lines(since))

    async def _follow(
        self, response: web.StreamResponse, changes: Subscription, ends: float
    ) -> None:
        told = time.monotonic()
        while (left := ends - time.monotonic()) > 0:
            for line in self._lines(await _next(changes, min(left, _GLANCE_S))):
                await response.write(line)
            transport = self.call.request.transport
            if transport is None or transport.is_closing():
                return
            if self._bookmarks and time.monotonic() - told > _BOOKMARK_S:
                told = time.monotonic()
                await response.write(self._bookmark())
        if self._bookmarks:
            await response.write(self._bookmark())

    @property
    def _bookmarks(self) -> bool:
        return self.call.flag("allowWatchBookmarks")

    def _lines(self, changes: Iterable[Change]) -> Iterable[bytes]:
        for change in changes:
            if change.kind == self.call.kind.kind and (type_ := self._type(change)):
                yield self._line(type_, change.obj)

    def _type(self, change: Change) -> str | None:
        """Return what a change is for this caller: an object that stops to fit is DELETED."""
        fitted = change.previous is not None and self.fits(change.previous)
        if change.type == "DELETED":
            return "DELETED" if fitted else None
        if self.fits(change.obj):
            return "MODIFIED" if fitted else "ADDED"
        return "DELETED" if fitted else None

    def _line(self, type_: str, obj: Obj) -> bytes:
        form, kind = wanted_form(self.call), self.call.kind
        if not form:
            whole = self.call.store.written(kind.kind, obj).whole(kind.kind, kind.api_version)
            return f'{{"type":"{type_}","object":{whole}}}\n'.encode()
        if form == "Table":
            version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            obj = tables.table(kind, [obj], version, included(self.call))
        else:
            obj = tables.partial(obj)
        return go_json.dumps({"type": type_, "object": obj}).encode() + b"\n"

    def _bookmark(self, annotations: Obj | None = None) -> bytes:
        metadata: Obj = {"resourceVersion": str(self.call.store.history.version)}
        if annotations:
            metadata["annotations"] = annotations
        kind = self.call.kind
        bookmark = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return go_json.dumps({"type": "BOOKMARK", "object": bookmark}).encode() + b"\n"


async def _next(changes: Subscription, timeout_s: float) -> list[Change]:
    """Return the changes that are there, waiting for the first one."""
    found: list[Change] = []
    if changes.queue.empty():
        try:
            found.append(await within(timeout_s, anext(changes)))
        except asyncio.TimeoutError:
            return found
    while not changes.queue.empty():
        found.append(changes.queue.get_nowait())
    return found
