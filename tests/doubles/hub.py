"""The rehearsal's Hub by itself: its application on a port, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import contextmanager

from aiohttp import web

from warmbook_rehearsal.hub import CDN_HOST, Hub, application, repositories


class Served:
    """A Hub that answers at `url`; `asked` counts requests, `bytes_sent` the bytes of files."""

    def __init__(self, hub, url):
        self.hub, self.url = hub, url
        self.asked, self.ranges, self.headers = Counter(), [], []
        self.fault = lambda request: None

    @web.middleware
    async def watch(self, request, handler):
        self.asked[request.path] += 1
        self.headers.append((request.path, dict(request.headers)))
        if "Range" in request.headers and request.path.startswith("/cdn/"):
            self.ranges.append(request.headers["Range"])
        response = self.fault(request)
        return await handler(request) if response is None else await response


@contextmanager
def served(folder, files):
    """Serve the files as the two repositories of a rehearsal."""
    up, loop = threading.Event(), asyncio.new_event_loop()
    done = []

    async def run():
        stop = asyncio.Event()
        hub = Hub(repositories(folder, files), base_url=lambda: done[0].url)
        running = Served(hub, "")
        done.append(running)
        app = application(hub)
        app.middlewares.append(running.watch)
        runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        await web.TCPSite(runner, CDN_HOST, port).start()
        running.url = f"http://127.0.0.1:{port}"
        running.stop = lambda: loop.call_soon_threadsafe(stop.set)
        up.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert up.wait(10)
    try:
        yield done[0]
    finally:
        done[0].stop()
        thread.join(10)
        loop.close()
