"""What stands for images of other programs than vLLM, where a rehearsal is given any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Programs = Mapping[str, "Program"]
"""By the last part of an image's name, without its tag."""


@dataclass(frozen=True)
class Program:
    """An image's own command, and the files that it brings: path in a container -> here.

    `environ` returns the variables that it brings, `note` says what stands for the image.

    The entrypoint runs where a manifest gives no command, with these arguments where it gives no
    arguments either. Source: Kubernetes, "Define a Command and Arguments for a Container".
    """

    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    environ: Callable[[], Mapping[str, str]] = dict
    note: str = ""

    def words(self, command: list[str], arguments: list[str]) -> list[str]:
        """Return what runs where a manifest gives this command and these arguments."""
        if command:
            return [*command, *arguments]
        return [*self.entrypoint, *(arguments or self.arguments)]


def program_of(programs: Programs, image: str) -> Program | None:
    """Return what stands for an image, None if nothing special does."""
    return programs.get(image.rpartition("/")[2].partition("@")[0].partition(":")[0])
