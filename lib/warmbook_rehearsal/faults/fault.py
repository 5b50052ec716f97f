"""A fault: one thing that goes wrong in real life, staged in a rehearsal by its name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..kubernetes.objects import now
from ..request_faults import RequestFaults
from .mends import Mend
from .once import Left, Once

if TYPE_CHECKING:
    from ..access import Callers
    from ..clusters import Clusters, Running
    from ..google import Cloud
    from ..kubernetes import FaultHooks
    from ..listener import Listener
    from ..node import Model
    from ..storage import Storage
    from ..time_scale import TimeScale

Hook = TypeVar("Hook")


class Parts(Protocol):
    """The parts of a rehearsal that is up."""

    callers: Callers
    cloud: Cloud
    clusters: Clusters
    folder: Path
    google_listener: Listener
    model: Model
    model_uri: str
    pod_hooks: list[Callable[[dict[str, Any]], None]]
    request_faults: RequestFaults
    storage: Storage
    time_scale: TimeScale


PutBack = Callable[[], Awaitable[None] | None]
"""Puts back what a fault has changed, as far as nobody else has changed it since."""


class Target:
    """What one fault acts on: the parts of a rehearsal, and what it is taken back by.

    Its `request_faults` are the fault's own, and go with it.
    """

    def __init__(self, parts: Parts) -> None:
        self.callers, self.cloud, self.clusters = parts.callers, parts.cloud, parts.clusters
        self.folder, self.google_listener = parts.folder, parts.google_listener
        self.model, self.model_uri, self.storage = parts.model, parts.model_uri, parts.storage
        self.pod_hooks, self.time_scale = parts.pod_hooks, parts.time_scale
        self.request_faults = RequestFaults()
        self.once_acts: list[Once[Any]] = []
        self.held_since = ""
        """When the hold began, as Kubernetes writes times; "" outside of one."""
        self._back: list[PutBack] = []
        parts.request_faults.add(self.request_faults.meet)
        self.put_back(lambda: parts.request_faults.remove(self.request_faults.meet))

    def put_back(self, back: PutBack) -> None:
        """Have `back` called when the fault is taken back; the last one comes first."""
        self._back.append(back)

    def once(
        self, in_place: Callable[[], Left], again: Callable[[], None] | None = None
    ) -> Once[Left]:
        """Return an act that is due once; `in_place` tells whether its effect is there.

        `again` repeats it where nothing else does: see `Once`.
        """
        act = Once(in_place, again) if again else Once(in_place)
        self.once_acts.append(act)
        return act

    def hold(self) -> None:
        """Let what is in place stay in place, whatever the guide does."""
        for act in self.once_acts:
            act.hold()
        self.held_since = now()

    def release(self) -> None:
        """End the hold."""
        for act in self.once_acts:
            act.release()
        self.held_since = ""

    def may_change(self, obj: Mapping[str, Any]) -> bool:
        """Tell whether an object may be the guide's: in a hold, one that is as young as that."""
        return str(obj["metadata"].get("creationTimestamp", "")) >= self.held_since

    def put(self, hooks: list[Hook], hook: Hook) -> None:
        """Add a hook until the fault is taken back; it may be removed before."""

        def remove() -> None:
            if hook in hooks:
                hooks.remove(hook)

        hooks.append(hook)
        self.put_back(remove)

    def each_cluster(self, act: Callable[[Running], None]) -> None:
        """Call `act` with each cluster, those that start later too, until it is taken back."""
        self.put_back(lambda: self.clusters.no_more(act))
        self.clusters.each(act)

    def hang(self, among: Callable[[FaultHooks], list[Any]], hook: Callable[..., object]) -> None:
        """Add a hook to each cluster's until the fault is taken back."""
        self.each_cluster(lambda cluster: self.put(among(cluster.store.fault_hooks), hook))

    async def take_back(self) -> None:
        """Put everything back."""
        while self._back:
            if waited := self._back.pop()():
                await waited


DEPLOYMENT = "the server's Deployment"
FILES = "the model's files"
BUCKET = "the bucket's place"
BUCKET_POLICY = "the bucket's policy"
CLUSTER = "how the cluster is made"
GPUS = "the GPUs of nodes"
POLICY = "the project's policy"
POOL = "how the node pool is made"
QUOTAS = "the quotas for GPUs"

Stage = Callable[[Target], None]
"""Makes it go wrong in a rehearsal that is up; runs on the rehearsal's loop."""


@dataclass(frozen=True)
class Fault:
    """A switch: `what` goes wrong in a line, and the `pitfall` that the workbook must name.

    `passes`: it goes by itself, and the workbook must outlast it. `ahead`: only a look ahead
    tells, because nothing fails for half an hour, or at all. `unseen`: only the model's answers
    tell. `waits`: a Pod waits for half an hour, and a look at it tells why. `choices` are the
    settings under which it bites, where the defaults don't meet it. `places` are what it changes:
    of two faults that change the same, one is staged at a time. `mend` is how a reader can mend
    it, None where only waiting, somebody else or taking the fault back helps; `beyond` says why.
    """

    name: str
    what: str
    pitfall: str
    stage: Stage
    passes: bool = False
    ahead: bool = False
    unseen: bool = False
    waits: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    mend: Mend | None = None
    beyond: str = ""

    @property
    def mendable(self) -> bool:
        """Whether a reader can mend it in a rehearsal, after which the guide completes."""
        return self.mend is not None


class UnknownFaultError(LookupError):
    """There is no fault of that name; says which come close."""


class ConflictError(Exception):
    """The fault can't be staged here, or not beside another; says why, and names that one."""


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
    waits: bool = False,
    places: tuple[str, ...] = (),
    mend: Mend | None = None,
    beyond: str = "",
    **choices: str,
) -> Callable[[Stage], Stage]:
    """Register the function below as the stage of a fault; `choices` are settings' values."""

    def register(stage: Stage) -> Stage:
        assert name not in FAULTS, name
        flags: dict[str, Any] = {"passes": passes, "ahead": ahead, "unseen": unseen, "waits": waits}
        more: dict[str, Any] = {"choices": choices, "places": places, "mend": mend}
        FAULTS[name] = Fault(name, what, pitfall, stage, beyond=beyond, **flags, **more)
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


def together(names: Iterable[str]) -> list[Fault]:
    """Return the faults of these names, each once.

    Raises:
        UnknownFaultError: One of them is no fault's name.
        ConflictError: Two of them can't be staged beside each other.
    """
    found: list[Fault] = []
    for one in named(dict.fromkeys(names)):
        check_beside(found, one)
        found.append(one)
    return found


def check_beside(staged: Iterable[Fault], other: Fault) -> None:
    """Raise a ConflictError where `other` can't be staged beside those that are."""
    for one in staged:
        if why := _contradiction(one, other):
            raise ConflictError(
                f"{other.name} can't be staged beside {one.name}: {why}.\n"
                f"  → Stage one of them, or take the first back: --unstage {one.name}"
            )


def _contradiction(one: Fault, other: Fault) -> str:
    for place in one.places:
        if place in other.places:
            return f"both change {place}"
    for name in one.choices.keys() & other.choices.keys():
        if one.choices[name] != other.choices[name]:
            return f"one needs {name} {one.choices[name]}, the other {other.choices[name]}"
    return ""


def is_server(pod: dict[str, Any]) -> bool:
    """Tell the server's Pod from a probe or a job: it asks for a GPU."""
    limits = (pod["spec"]["containers"][0].get("resources") or {}).get("limits") or {}
    return "nvidia.com/gpu" in limits
