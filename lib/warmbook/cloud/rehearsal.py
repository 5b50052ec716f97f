"""What a rehearsal tells by its environment: where it is, and how its network is shaped."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import SettingsError, UnreachableError
from ..texts import say

URL = "WARMBOOK_REHEARSAL_URL"
"""Where the rehearsal's Google APIs are; not set, the target is Google Cloud."""

TOKEN = "WARMBOOK_REHEARSAL_TOKEN"
DESK = "WARMBOOK_REHEARSAL_FAULTS"
"""Where the rehearsal itself answers, whatever fails in the services that it imitates."""

EMULATOR = "STORAGE_EMULATOR_HOST"
OVERRIDE = "API_ENDPOINT_OVERRIDE"
"""Where Cloud Storage's library sends its calls. Source: google.cloud.storage._helpers."""

ADDRESSES = {
    "google": URL,
    "storage": EMULATOR,
    "caches": "WARMBOOK_REHEARSAL_GRPC",
    "hub": "HF_ENDPOINT",
    "desk": DESK,
}
"""The variables that name a rehearsal's servers; it has them all."""

OF_REHEARSALS_ONLY = (URL, TOKEN, DESK, EMULATOR, ADDRESSES["caches"])
"""Variables that nothing but a rehearsal sets; a mirror of the Hub may stand in HF_ENDPOINT."""

ANSWER_S = 10
"""How long the rehearsal may take to say where its servers are, in seconds."""

VARIABLE = "WARMBOOK_SHAPED"
"""Where a shaped rehearsal tells its figures, as a JSON object."""

Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Network(BaseModel):
    """A shaped network; a figure of 0 is as the machine has it, all 0 could not be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    latency_ms: Figure = 0
    """From a request to the first byte of its answer, in milliseconds."""
    stream_mib_s: Figure = 0
    """Of one stream, in MiB/s (2**20 bytes per second)."""
    nic_gbps: Figure = 0
    """Of one machine, in Gbps (1e9 bits per second)."""
    region_gbps: Figure = 0
    """Of what leaves the buckets, shared by all machines, in Gbps; caches have no part in it."""
    jitter: Figure = 0
    """The share, 0 to 1, by which latency and time per byte vary."""

    @property
    def figures(self) -> str:
        """The figures as people read them."""
        return ", ".join(self._figures()) or say("its values can't be read")

    @property
    def label(self) -> str:
        """The sentence without which no rate that was measured here is shown."""
        return say(
            "The rehearsal's network is shaped: {figures}. Its rates say nothing about Cloud "
            "Storage.",
            figures=self.figures,
        )

    def _figures(self) -> Iterator[str]:
        if self.latency_ms:
            yield say("{number:g} ms to the first byte", number=self.latency_ms)
        if self.stream_mib_s:
            yield say("{number:g} MiB/s per stream", number=self.stream_mib_s)
        if self.nic_gbps:
            yield say("{number:g} Gbps per machine", number=self.nic_gbps)
        if self.region_gbps:
            yield say("{number:g} Gbps for the region", number=self.region_gbps)
        if self.jitter:
            yield say("jitter {number:g}", number=self.jitter)


def address(environ: Mapping[str, str] = os.environ) -> str:
    """Return the address of the rehearsal's Google APIs, "" where the target is Google Cloud."""
    return environ.get(URL, "")


@dataclass(frozen=True)
class Servers:
    """Where a rehearsal's servers are, as its variables name them, and the token they ask for."""

    google: str
    storage: str
    caches: str
    """Host and port; the others are URLs."""
    hub: str
    desk: str
    token: str = field(repr=False)


def servers(environ: Mapping[str, str]) -> Servers | None:
    """Return the rehearsal's servers by its variables, None where the target is Google Cloud.

    Raises:
        SettingsError: Only a part of a rehearsal's variables is set, as in a shell in which
            some are left, or one of them names another machine.
    """
    present = [name for name in OF_REHEARSALS_ONLY if environ.get(name)]
    if is_loopback(environ.get(OVERRIDE, "")) and not environ.get(URL):
        present.append(OVERRIDE)
    if not present:
        return None
    missing = [name for name in (*ADDRESSES.values(), TOKEN) if not environ.get(name)]
    if missing:
        raise _half(present, missing)
    found = {server: environ[name] for server, name in ADDRESSES.items()}
    if elsewhere := [ADDRESSES[name] for name, at in found.items() if not is_loopback(at)]:
        raise _elsewhere(elsewhere, environ)
    return Servers(**found, token=environ[TOKEN])


def is_loopback(at: str) -> bool:
    """Tell whether an address, a URL or host and port, is this machine's own."""
    try:
        host = urlsplit(at if "//" in at else f"//{at}").hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def confirm(expected: Servers) -> None:
    """Ask the rehearsal whether it is up and these are its servers.

    Raises:
        SettingsError: One of them is another rehearsal's.
        UnreachableError: It has stopped.
    """
    status, told = _request_servers(expected)
    if status == 401:
        raise _of_others([DESK, TOKEN])
    if status != 200 or not isinstance(told, dict):  # by now that port is another program's
        raise stopped()
    others = [ADDRESSES[name] for name, at in told.items() if at != getattr(expected, name, at)]
    if others:
        raise _of_others([*others, DESK])


def _request_servers(expected: Servers) -> tuple[int, Any]:
    """Return status and JSON of the rehearsal's answer."""
    from .rehearsal_request import request

    try:
        at = f"{expected.desk}/servers"
        status, text = request("GET", at, expected.token, within_s=ANSWER_S)
        return status, json.loads(text) if status == 200 else None
    except (OSError, ValueError, RecursionError):
        raise stopped() from None


def refuse_if_gone(environ: Mapping[str, str] = os.environ) -> None:
    """Return unless this is a rehearsal that has ended; to be asked after a broken connection.

    Nothing that a rehearsal lets fail closes its desk's port, so where that refuses connections
    no later attempt can succeed.

    Raises:
        UnreachableError: It has ended, or was killed.
    """
    if is_loopback(desk := environ.get(DESK, "")) and _refuses(desk):
        raise stopped()


def _refuses(desk: str) -> bool:
    at = urlsplit(desk)
    try:
        socket.create_connection((at.hostname or "", at.port or 0), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError):  # busy, perhaps
        return False
    return False


def stopped() -> UnreachableError:
    """Return the error for a rehearsal that is no longer there."""
    return UnreachableError(
        say("The rehearsal has stopped: its servers don't respond."),
        remedy=say(
            "Start it again with `python -m warmbook lab`, then run the notebook from the top."
        ),
        pitfall="unreachable",
    )


def _half(present: Iterable[str], missing: Iterable[str]) -> SettingsError:
    return SettingsError(
        say(
            "Only some of a rehearsal's environment variables are set. Set: {present}. Not set: "
            "{missing}. Some calls would reach Google Cloud.",
            present=", ".join(present),
            missing=", ".join(missing),
        ),
        remedy=_choose(present),
    )


def _elsewhere(names: Iterable[str], environ: Mapping[str, str]) -> SettingsError:
    told = ", ".join(f"{name}={environ[name]}" for name in names)
    return SettingsError(
        say(
            "A rehearsal's servers run on this machine; these addresses do not: {addresses}.",
            addresses=told,
        ),
        remedy=_choose(OF_REHEARSALS_ONLY),
    )


def _of_others(names: Iterable[str]) -> SettingsError:
    return SettingsError(
        say(
            "These environment variables belong to different rehearsals: {names}.",
            names=", ".join(names),
        ),
        remedy=_choose(OF_REHEARSALS_ONLY),
    )


def _choose(names: Iterable[str]) -> str:
    return say(
        "For Google Cloud open a new shell, or run `unset {names}`. For a rehearsal start "
        "`python -m warmbook lab`, or `python -m warmbook rehearse -- CMD`.",
        names=" ".join(names),
    )


def shaped(environ: Mapping[str, str]) -> Network | None:
    """Return the network that the environment tells of, None where it is not shaped.

    Words that are damaged still say that it is.
    """
    if not (told := environ.get(VARIABLE)):
        return None
    try:
        return Network.model_validate_json(told)
    except ValidationError:
        return Network()
