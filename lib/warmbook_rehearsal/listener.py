"""An HTTP application on the loopback addresses that the rehearsal gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .storage import RUNNER_OPTIONS

HOST = "127.0.0.1"


@dataclass
class Listener:
    """An HTTP application that can answer on several loopback addresses, on one port."""

    app: web.Application
    runner: web.AppRunner = field(init=False)
    port: int = 0
    _sites: dict[str, web.TCPSite] = field(default_factory=dict)

    async def start(self) -> None:
        """Start to answer on HOST, on a free port."""
        options: dict[str, Any] = {**RUNNER_OPTIONS, "shutdown_timeout": 0.5}
        self.runner = web.AppRunner(self.app, **options)
        await self.runner.setup()
        await self.open(HOST)
        server: Any = self._sites[HOST]._server
        self.port = server.sockets[0].getsockname()[1]

    async def open(self, address: str) -> None:
        """Answer on one more address; once is enough."""
        if address in self._sites:
            return
        self._sites[address] = web.TCPSite(self.runner, address, self.port)
        await self._sites[address].start()

    async def close(self, address: str) -> None:
        """Answer on that address no more."""
        if site := self._sites.pop(address, None):
            await site.stop()

    async def stop(self) -> None:
        """Answer nowhere any more."""
        await self.runner.cleanup()

    @property
    def url(self) -> str:
        """Address for clients on this machine."""
        return f"http://{HOST}:{self.port}"
