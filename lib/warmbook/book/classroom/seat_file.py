"""`seat.json`: what the supervisor of a seat writes while it runs.

The learner of a seat can write anything into it, and a trainer reads it, often as root. So the
file and each value in it are limited in size, and what is not as a supervisor writes it is
refused as a whole. No address leads away from this machine: a trainer's requests go to `faults`,
and a trainer opens `link`.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ...files import read_regular
from .processes import Process

FILE = "seat.json"
MOST_BYTES = 20_000
"""Of the file; a supervisor writes some 500."""

MOST_LETTERS = 2000
"""Of each value; a link has some 100."""

MOST_PID = 2**22
"""The highest number of a process. Source: proc(5), /proc/sys/kernel/pid_max."""

_LOOPBACK = r"http://127(\.[0-9]{1,3}){3}(:[0-9]{1,5})?"
_ADDRESS = rf"^({_LOOPBACK})?$"
_LINK = rf"^({_LOOPBACK}/[!-~]*)?$"
_VISIBLE = r"^[!-~]*$"
"""A token is sent in a header, where a line break would end the header."""
_UTC = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"

State = Literal["starting", "up", "resetting"]


class Running(BaseModel):
    """What a supervisor tells of its seat."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_max_length=MOST_LETTERS, allow_inf_nan=False
    )

    pid: int = Field(gt=0, le=MOST_PID)
    started: int = Field(ge=0, lt=2**63)
    """When the supervisor started, in clock ticks since the machine's start."""
    state: State
    since: str = Field(pattern=_UTC)
    """When that state began, in UTC."""
    faults: str = Field(default="", pattern=_ADDRESS)
    """Where the rehearsal stages faults; empty until it is up."""
    token: str = Field(default="", pattern=_VISIBLE, repr=False)
    """The rehearsal's token."""
    link: str = Field(default="", pattern=_LINK, repr=False)
    """What the learner opens; empty where JupyterHub has the link."""
    engine: str = Field(default="", pattern="^(vllm|quick)?$")
    """The rehearsal's engine."""
    resets: int = Field(default=0, ge=0, lt=2**31)
    ready_s: float | None = Field(default=None, ge=0, le=1e9)
    """From the last start or reset to the first answer of the learner's server, in seconds."""

    @field_validator("faults", "link")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        """Refuse what would be looked up as a name, which can take long."""
        if url:
            at = urlsplit(url)
            ip_address(at.hostname or "")
            _ = at.port  # raises ValueError above 65535
        return url

    @property
    def process(self) -> Process:
        """The process that the file names as the supervisor."""
        return Process(self.pid, self.started)


def read(path: Path, owner: int) -> Running:
    """Return what the file tells; it must belong to `owner`.

    Raises:
        OSError: It can't be read, is no regular file, is too large or somebody else's.
        ValueError: It is not as a supervisor writes it.
    """
    return Running.model_validate_json(read_regular(path, MOST_BYTES, owner=owner))


def loopback(link: str) -> str:
    """Return a link that leads to this machine, "" for any other."""
    return link if re.fullmatch(_LINK, link) and len(link) <= MOST_LETTERS else ""
