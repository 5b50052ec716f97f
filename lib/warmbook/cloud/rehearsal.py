"""What a rehearsal tells by its environment: where it is, and how its network is shaped."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..texts import say

URL = "WARMBOOK_REHEARSAL_URL"
"""Where the rehearsal's Google APIs are; not set, the target is Google Cloud."""

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
        return ", ".join(self._figures()) or say("its figures can't be read")

    @property
    def label(self) -> str:
        """The sentence without which no rate that was measured here is shown."""
        return say(
            "The rehearsal's network is shaped: {figures}. No rate of it is Cloud Storage's.",
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
