"""Take a picture of each result of each notebook: light and dark, English and Spanish, two widths.

`make screenshots DIR=…` runs this file. Each language walks the ten notebooks once, in a
rehearsal of its own; themes and widths change without running a cell again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from warmbook.texts import LANGUAGES

from .lab import ROOT, Lab, chromium_browser, serving

THEMES, WIDTHS, TALL = ("light", "dark"), (1280, 760), 700
LIMIT_S = 1200
"""How long one notebook may run: the ninth compares loaders for its budget of minutes."""
QUICK_COMPARISON = {"WARMBOOK_COMPARE_RUNS": "2", "WARMBOOK_COMPARE_MINUTES": "4"}

SHOWN = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map(cell => {
    const prose = cell.model.type === 'markdown' && cell.node.querySelector('img')
    const results = cell.model.type === 'code' && cell.model.outputs.length
      && cell.node.querySelector('.jp-Cell-outputArea')
    const node = prose ? cell.node : results
    if (!node) return null
    node.dataset.result = cell.model.id
    return cell.model.id
  }).filter(Boolean)"""
HEIGHT = """() => Math.max(...Array.from(document.querySelectorAll('[data-result]'),
  node => node.getBoundingClientRect().height))"""
OVERFLOW = """() => Array.from(document.querySelectorAll('[data-result]'))
  .filter(node => [node, ...node.querySelectorAll('.jp-OutputArea-output')]
    .some(part => part.scrollWidth > part.clientWidth + 1))
  .map(node => node.dataset.result)"""


class Shooting:
    """The pictures of one language: where they go, and what was noticed meanwhile."""

    def __init__(self, lab: Lab, folder: Path, language: str) -> None:
        self.lab, self.folder, self.language = lab, folder, language
        self.written: list[Path] = []
        self.noticed: list[str] = []

    def walk(self, notebook: str) -> None:
        """Run a notebook and take the pictures of its results."""
        self.lab.page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
        self.lab.open(f"notebooks/{self.language}/{notebook}.ipynb")
        self.lab.run_all(timeout_s=LIMIT_S)
        if '"output_type":"error"' in self.lab.text():
            self.noticed.append(f"{notebook} {self.language}: a cell ended with an error")
        cells = self.lab.page.evaluate(SHOWN)
        for theme in THEMES:
            self.lab.theme(dark=theme == "dark")
            for width in WIDTHS:
                self._shoot(notebook, cells, theme, width)
        print(f"{notebook} {self.language}: {len(cells)} results", flush=True)

    def _shoot(self, notebook: str, cells: list[str], theme: str, width: int) -> None:
        self._fit(width)
        for cell in self.lab.page.evaluate(OVERFLOW):
            self.noticed.append(f"{notebook} {cell} {self.language} {theme} {width}: too wide")
        for cell in cells:
            path = self.folder / f"{notebook}.{cell}.{self.language}.{theme}.{width}.png"
            self.lab.page.locator(f'[data-result="{cell}"]').screenshot(path=str(path))
            self.written.append(path)

    def _fit(self, width: int) -> None:
        """Make the window so wide, and as tall as the tallest result: what is outside is cut."""
        for _ in range(2):  # the height follows from the width
            height = int(self.lab.page.evaluate(HEIGHT)) + 200
            self.lab.page.set_viewport_size({"width": width, "height": max(TALL, height)})
            self.lab.page.wait_for_timeout(400)


def shoot(folder: Path, language: str, engine: str, chosen: list[str]) -> Shooting:
    """Walk the notebooks of a language and return what was taken."""
    quick = QUICK_COMPARISON if engine == "quick" else {}
    with (
        tempfile.TemporaryDirectory() as base,
        serving(Path(base), engine=engine, windowing="none", **quick) as (url, work),
        chromium_browser() as browser,
    ):
        taken = Shooting(Lab(browser.new_page(), url, work), folder, language)
        for path in sorted((ROOT / "notebooks" / language).glob("*.ipynb")):
            if not chosen or path.stem[:2] in chosen:
                taken.walk(path.stem)
    return taken


def main() -> int:
    """Take the pictures that the command line asks for; 1 where a cell ended with an error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--engine", choices=("quick", "vllm"), default="quick")
    parser.add_argument("--language", choices=tuple(LANGUAGES), action="append")
    parser.add_argument("--notebooks", default="", help="such as 01,02: default all")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    chosen = [number for number in asked.notebooks.split(",") if number]
    languages = asked.language or LANGUAGES
    taken = [shoot(asked.folder, language, asked.engine, chosen) for language in languages]
    noticed = [line for shooting in taken for line in shooting.noticed]
    print("\n".join(noticed))
    written = sum(len(shooting.written) for shooting in taken)
    print(f"{written} pictures in {os.path.relpath(asked.folder)}")
    return 1 if any("error" in line for line in noticed) else 0


if __name__ == "__main__":
    sys.exit(main())
