"""The build's own step: translations are compiled for wheels and source distributions."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledTranslations(BuildHookInterface):
    """Adds each `warmbook.po` of the library as a `warmbook.mo`; the clone stays as it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into a folder of this build; an editable install reads the sources itself."""
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory()
        library = Path(self.root, "lib")
        for source in library.glob("*/locale/*/LC_MESSAGES/*.po"):
            compiled = Path(self.folder.name, f"{len(build_data['force_include'])}.mo")
            compiled.write_bytes(_compile(source))
            place = source.relative_to(library if self.target_name == "wheel" else self.root)
            build_data["force_include"][str(compiled)] = place.with_suffix(".mo").as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder; nothing was made for an editable install."""
        if version != "editable":
            self.folder.cleanup()


def _compile(source: Path) -> bytes:
    """Return a .po as a .mo; fuzzy and empty translations are left out."""
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file))
    return compiled.getvalue()
