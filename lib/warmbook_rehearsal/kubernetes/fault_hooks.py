"""What befalls a cluster's objects and containers: nothing, unless a fault puts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .objects import Obj


@dataclass(frozen=True)
class End:
    """An end that a container plays: its last `lines`, its exit code, and the node's `reason`.

    `evicted` is why the node puts the whole Pod out, "" where the container alone ends.
    """

    lines: tuple[str, ...] = ()
    code: int = 1
    reason: str = ""
    evicted: str = ""


@dataclass
class FaultHooks:
    """Hooks of one cluster, asked in the order in which they were added.

    `sent` is called with the kind and what a client sends, before it is read; `admission` with
    the kind and each object on its way in that is new or applied, a node that joins too. Both
    may change it.
    `scale_up` tells why no machine comes up for a Pod in a zone, "" where one does. `pull`
    tells why a Pod's image can't be had, "" where it can; `slow` how many minutes of the cloud
    it takes beyond the usual. `refuse` tells why the node takes a Pod that was given to it not
    at all: reason and message, "" where it does; `sandbox` why it can't set the Pod up (yet).
    `end` tells how a Pod's container ends instead of doing its work,
    None where it works.
    """

    sent: list[Callable[[str, Any], None]] = field(default_factory=list)
    admission: list[Callable[[str, Obj], None]] = field(default_factory=list)
    scale_up: list[Callable[[Obj, str], str]] = field(default_factory=list)
    pull: list[Callable[[Obj], str]] = field(default_factory=list)
    slow: list[Callable[[Obj], float]] = field(default_factory=list)
    refuse: list[Callable[[Obj], tuple[str, str]]] = field(default_factory=list)
    sandbox: list[Callable[[Obj], str]] = field(default_factory=list)
    end: list[Callable[[Obj], End | None]] = field(default_factory=list)

    def arrive(self, kind: str, body: Any) -> None:
        """Let the hooks change what a client sends."""
        for hook in tuple(self.sent):
            hook(kind, body)

    def admit(self, kind: str, obj: Obj) -> None:
        """Let the hooks change a new object."""
        for hook in tuple(self.admission):
            hook(kind, obj)

    def no_machine(self, pod: Obj, zone: str) -> str:
        """Return why no machine comes up for the Pod in a zone, "" where one does."""
        return next(filter(None, (hook(pod, zone) for hook in tuple(self.scale_up))), "")

    def no_image(self, pod: Obj) -> str:
        """Return why the Pod's image can't be pulled, "" where it can."""
        return next(filter(None, (hook(pod) for hook in tuple(self.pull))), "")

    def pull_minutes(self, pod: Obj) -> float:
        """Return how much longer than usual the Pod's image is pulled, in the cloud's minutes."""
        return sum(hook(pod) for hook in tuple(self.slow))

    def refusal(self, pod: Obj) -> tuple[str, str]:
        """Return by which reason, and why, the node does not take the Pod; "" and "" if it does."""
        told = (hook(pod) for hook in tuple(self.refuse))
        return next((one for one in told if one[0]), ("", ""))

    def no_sandbox(self, pod: Obj) -> str:
        """Return why the Pod can't be set up on its node, "" where it can."""
        return next(filter(None, (hook(pod) for hook in tuple(self.sandbox))), "")

    def end_of(self, pod: Obj) -> End | None:
        """Return how the Pod's container ends, None where it does its work."""
        return next(filter(None, (hook(pod) for hook in tuple(self.end))), None)
