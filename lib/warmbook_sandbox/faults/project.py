"""What goes wrong around the project: who pays, what is on, who may, what is left to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..google.errors import GoogleError
from ..interference import Incoming
from .fault import fault

if TYPE_CHECKING:
    from ..sandbox import Sandbox

A_WHILE = 4
"""How many requests in a row meet an outage that passes."""


@fault("billing-off", "no billing account pays for the project", pitfall="billing-off")
def billing_off(sandbox: Sandbox) -> None:
    """Take the billing account away."""
    sandbox.cloud.project.billing_account = ""


@fault(
    "service-unavailable",
    "Google Cloud answers 503 for a while, then works",
    pitfall="service-unavailable",
    passes=True,
)
def service_unavailable(sandbox: Sandbox) -> None:
    """Refuse the first requests; a client that tries again gets through."""
    left = A_WHILE

    async def refuse(incoming: Incoming) -> None:
        nonlocal left
        if incoming.service == "google" and left:
            left -= 1
            raise GoogleError("UNAVAILABLE", "The service is currently unavailable.")

    sandbox.interference.add(refuse)
