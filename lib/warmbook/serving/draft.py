"""A Deployment on its way from the guide's to the workbook's: how its parts are changed."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings
from .containers import server_container
from .engines import Engine, chosen_engine
from .guide_manifest import Manifest


@dataclass(frozen=True)
class Needs:
    """What a look at the model tells about its Pod; sizes in bytes."""

    weight_bytes: int
    largest_tensor_bytes: int
    architecture: str = ""


@dataclass(frozen=True)
class Improvement:
    """One difference from the guide's manifest, as a reader finds it there, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Draft:
    """A Deployment on its way from the guide's to the workbook's."""

    manifest: Manifest
    settings: Settings
    needs: Needs | None

    @property
    def pod(self) -> Manifest:
        """The Pod's spec."""
        spec: Manifest = self.manifest["spec"]["template"]["spec"]
        return spec

    @property
    def container(self) -> Manifest:
        """The server's container."""
        return server_container(self.pod)

    @property
    def engine(self) -> Engine:
        """The server that the form chooses."""
        return chosen_engine(self.settings)

    @property
    def architecture(self) -> str:
        """The model's architecture, as far as it was looked at."""
        return self.needs.architecture if self.needs else "unknown"

    @property
    def shared(self) -> bool:
        """Whether several GPUs share the reading."""
        return '"distributed":true' in "".join(self.container["args"])

    def give(self, flag: str, value: object) -> None:
        """Set an argument of the server, in its place or at the end."""
        words = self.container["args"]
        at = next((n for n, word in enumerate(words) if word.partition("=")[0] == flag), len(words))
        words[at : at + 1] = [f"{flag}={value}"]

    def take(self, flag: str) -> None:
        """Take an argument of the server away."""
        kept = [word for word in self.container["args"] if word.partition("=")[0] != flag]
        self.container["args"] = kept

    def let(self, name: str, value: object) -> None:
        """Set a variable of the container's environment."""
        self.container.setdefault("env", []).append({"name": name, "value": str(value)})
