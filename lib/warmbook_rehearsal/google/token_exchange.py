"""The Security Token Service, for one token: whoever has the rehearsal's gets an access token."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from ..access import Callers

PATH = "/v1/token"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
SUBJECT_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
LIFE_S = 3600
"""How long clients keep an access token, in seconds."""


def exchange(callers: Callers) -> Handler:
    """Return the handler of POST /v1/token: the token in force, for itself.

    Source: Security Token Service API, `v1.token`; RFC 8693.
    """

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != GRANT_TYPE:
            return _refusal("unsupported_grant_type", "Only token exchange is supported.")
        if form.get("subject_token") != callers.token:
            return _refusal("invalid_grant", "The subject token is not this rehearsal's.")
        return web.json_response(
            {
                "access_token": callers.token,
                "issued_token_type": ACCESS_TOKEN_TYPE,
                "token_type": "Bearer",
                "expires_in": LIFE_S,
            }
        )

    return answer


def _refusal(error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=400)
