"""Take a picture of each result of each notebook: light and dark, English and Spanish, two widths.

`make screenshots DIR=…` runs this file. Each language walks the ten notebooks once, in a
rehearsal of its own, and a round of the gym in another; themes and widths change without running a
cell again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warmbook.texts import LANGUAGES

from ..lab import ROOT, Lab, chromium_browser, serving
from .camera import Camera
from .gym import play
from .notebooks import walk

QUICK_COMPARISON = {"WARMBOOK_COMPARE_RUNS": "2", "WARMBOOK_COMPARE_MINUTES": "4"}
GYM = "gym"
"""What `--notebooks` calls the gym's notebook."""


@contextmanager
def camera(folder: Path, language: str, engine: str) -> Iterator[Camera]:
    """Have a JupyterLab in a new rehearsal, and a camera in front of it."""
    quick = QUICK_COMPARISON if engine == "quick" else {}
    with (
        tempfile.TemporaryDirectory() as base,
        serving(Path(base), engine=engine, windowing="none", **quick) as (url, work),
        chromium_browser() as browser,
    ):
        yield Camera(Lab(browser.new_page(), url, work), folder, language)


def shoot(folder: Path, language: str, engine: str, chosen: list[str]) -> list[Camera]:
    """Take the pictures of a language."""
    books = sorted(path.stem for path in (ROOT / "notebooks" / language).glob("*.ipynb"))
    if chosen:
        books = [name for name in books if name[:2] in chosen]
    cameras = []
    if books:
        with camera(folder, language, engine) as one:
            for name in books:
                walk(one, name)
            cameras.append(one)
    if GYM in chosen or not chosen:
        with camera(folder, language, engine) as one:
            play(one)
            cameras.append(one)
    return cameras


def main() -> int:
    """Take the pictures that the command line asks for; 1 where a cell ended with an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--engine", choices=("quick", "vllm"), default="quick")
    parser.add_argument("--language", choices=tuple(LANGUAGES), action="append")
    parser.add_argument("--notebooks", default="", help="such as 01,02,gym: default all")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    chosen = [number for number in asked.notebooks.split(",") if number]
    cameras = [
        camera
        for language in asked.language or LANGUAGES
        for camera in shoot(asked.folder, language, asked.engine, chosen)
    ]
    noticed = [line for camera in cameras for line in camera.noticed]
    print("\n".join(noticed))
    written = sum(len(camera.written) for camera in cameras)
    print(f"{written} pictures in {os.path.relpath(asked.folder)}")
    return 1 if any("error" in line for line in noticed) else 0


if __name__ == "__main__":
    sys.exit(main())
