"""What befalls a cluster's objects and containers: nothing, unless a fault puts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .objects import Obj


@dataclass(frozen=True)
class End:
    """An end that a container plays: its last `lines`, its exit code, and the node's `reason`."""

    lines: tuple[str, ...]
    code: int = 1
    reason: str = ""


@dataclass
class Mishaps:
    """Hooks of one cluster, asked in the order in which they were added.

    `admission` is called with the kind and each new object on its way in, and may change it.
    `pull` tells why a Pod's image can't be had, "" where it can. `end` tells how a Pod's
    container ends instead of doing its work, None where it works.
    """

    admission: list[Callable[[str, Obj], None]] = field(default_factory=list)
    pull: list[Callable[[Obj], str]] = field(default_factory=list)
    end: list[Callable[[Obj], End | None]] = field(default_factory=list)

    def admit(self, kind: str, obj: Obj) -> None:
        """Let the hooks change a new object."""
        for hook in tuple(self.admission):
            hook(kind, obj)

    def no_image(self, pod: Obj) -> str:
        """Return why the Pod's image can't be pulled, "" where it can."""
        return next(filter(None, (hook(pod) for hook in tuple(self.pull))), "")

    def end_of(self, pod: Obj) -> End | None:
        """Return how the Pod's container ends, None where it does its work."""
        return next(filter(None, (hook(pod) for hook in tuple(self.end))), None)
