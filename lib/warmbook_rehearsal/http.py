"""What the rehearsal's HTTP servers have in common: ranges of bytes, and how refusals go out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

E = TypeVar("E", bound=Exception)


def span(first: str | None, last: str | None, size_bytes: int) -> range:
    """Return the bytes that the two numbers of a Range header ask for; empty if there are none."""
    if first:
        return range(int(first), min(size_bytes, int(last) + 1) if last else size_bytes)
    if last:
        return range(max(0, size_bytes - int(last)), size_bytes)
    return range(0)


def refusing(
    known: type[E],
    of_aiohttp: Callable[[web.HTTPException], E],
    of_a_fault: Callable[[], E],
    rendered: Callable[[web.Request, E], web.Response],
) -> Middleware:
    """Return the middleware that answers errors as the real service does.

    `known` are the service's own refusals; aiohttp's and a fault of ours are turned into one.
    """

    @web.middleware
    async def refused(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except known as error:
            return rendered(request, error)
        except web.HTTPException as error:
            return rendered(request, of_aiohttp(error))
        except (ConnectionError, web.RequestPayloadError):
            return web.Response(status=499)  # the client is gone: nobody reads this
        except Exception:
            logging.getLogger(known.__module__).exception("%s %s", request.method, request.path)
            return rendered(request, of_a_fault())

    return refused
