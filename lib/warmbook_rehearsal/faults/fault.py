"""A fault: one thing that goes wrong in real life, staged in a rehearsal by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..access import Callers
    from ..clusters import Clusters
    from ..google import Cloud
    from ..listener import Listener
    from ..node import Model
    from ..request_faults import RequestFaults
    from ..storage import Storage
    from ..time_scale import TimeScale


class Target(Protocol):
    """What faults act on: the parts of a rehearsal that is up."""

    callers: Callers
    cloud: Cloud
    clusters: Clusters
    folder: Path
    google_listener: Listener
    model: Model
    model_uri: str
    pod_hooks: list[Callable[[dict[str, Any]], None]]
    request_faults: RequestFaults
    staged: list[Fault]
    storage: Storage
    time_scale: TimeScale
    token: str

    def stage(self, fault: Fault) -> None:
        """Let a fault begin."""

    def servers(self) -> Mapping[str, str]:
        """Return the addresses of the servers that the workbook calls."""


Stage = Callable[[Target], None]
"""Makes it go wrong in a rehearsal that is up; runs on the rehearsal's loop."""


@dataclass(frozen=True)
class Fault:
    """A switch: `what` goes wrong in a line, and the `pitfall` that the workbook must name.

    `passes`: it goes by itself, and the workbook must outlast it. `ahead`: only a look ahead
    tells, because nothing fails for half an hour, or at all. `unseen`: only the model's answers
    tell. `choices` are the settings under which it bites, where the defaults don't meet it.
    """

    name: str
    what: str
    pitfall: str
    stage: Stage
    passes: bool = False
    ahead: bool = False
    unseen: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


class UnknownFaultError(LookupError):
    """There is no fault of that name; says which come close."""


FAULTS: dict[str, Fault] = {}
"""Every fault by its name, in the order of the guide."""


def fault(
    name: str,
    what: str,
    *,
    pitfall: str,
    passes: bool = False,
    ahead: bool = False,
    unseen: bool = False,
    **choices: str,
) -> Callable[[Stage], Stage]:
    """Register the function below as the stage of a fault; `choices` are settings' values."""

    def register(stage: Stage) -> Stage:
        assert name not in FAULTS, name
        FAULTS[name] = Fault(name, what, pitfall, stage, passes, ahead, unseen, choices)
        return stage

    return register


def named(names: Iterable[str]) -> list[Fault]:
    """Return the faults of these names.

    Raises:
        UnknownFaultError: One of them is no fault's name.
    """
    found = []
    for name in names:
        if name not in FAULTS:
            near = get_close_matches(name, FAULTS, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UnknownFaultError(f"there is no fault {name!r}{hint} (--list-faults lists them)")
        found.append(FAULTS[name])
    return found


def is_server(pod: dict[str, Any]) -> bool:
    """Tell the server's Pod from a probe or a job: it asks for a GPU."""
    limits = (pod["spec"]["containers"][0].get("resources") or {}).get("limits") or {}
    return "nvidia.com/gpu" in limits
