"""What the containers of one Pod share: its address, its folder, its volumes, its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kubernetes import Store
from ..time_scale import TimeScale
from .fields import Fields
from .image import Image
from .volumes import Volumes

Obj = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """What a Pod needs of the node that it runs on.

    `environment` gives the variables that point a Pod at its services, `claim_folder` the
    folder of a claim by its namespace and name.
    """

    store: Store
    image: Image
    engine: str
    time_scale: TimeScale
    environment: Callable[[Obj, str], Mapping[str, str]]
    claim_folder: Callable[[str, str], Path]


class Sandbox:
    """The surroundings of a Pod's containers."""

    def __init__(self, node: Node, pod: Obj, address: str, folder: Path) -> None:
        self.node, self.pod, self.address, self.folder = node, pod, address, folder
        self.fields = Fields(node.store, pod, address)
        self.volumes = Volumes(node.store, self.fields, pod, folder / "volumes", node.claim_folder)
        self.pulled: set[str] = set()
        """The images that are there already."""

    @property
    def full_name(self) -> str:
        """How messages name the Pod: NAME_NAMESPACE(UID)."""
        meta = self.pod["metadata"]
        return f"{meta['name']}_{meta['namespace']}({meta['uid']})"

    def event(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell an event about the Pod."""
        kind_of = "Warning" if warning else "Normal"
        self.node.store.event(self.pod, reason, message, kind_of=kind_of)
