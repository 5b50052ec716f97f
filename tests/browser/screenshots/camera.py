"""Pictures of the cells of the notebook that is open, in both themes and at two widths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..lab import Lab

THEMES, WIDTHS, TALL = ("light", "dark"), (1280, 760), 700
LIMIT_S = 1200
"""How long one notebook may run: the ninth compares loaders for its budget of minutes."""

SHOWN = """() => window.jupyterapp.shell.currentWidget.content.widgets.map((cell, index) => {
    const prose = cell.model.type === 'markdown' && cell.node.querySelector('img, details')
    const results = cell.model.type === 'code' && cell.model.outputs.length
      && cell.node.querySelector('.jp-Cell-outputArea')
    const node = prose ? cell.node : results
    if (!node) return null
    node.dataset.result = `${String(index).padStart(2, '0')}-${cell.model.id}`
    return node.dataset.result
  }).filter(Boolean)"""
"""Marks the cells that have something to see, and returns their names: number and id."""
TAGGED = """tag => window.jupyterapp.shell.currentWidget.content.widgets
  .map((cell, index) => (cell.model.getMetadata('tags') || []).includes(tag) ? index : -1)
  .filter(index => index >= 0)"""
UNFOLD = """() => Array.from(document.querySelectorAll('[data-result]'))
  .filter(node => {
    const folded = Array.from(node.querySelectorAll('details'))
    folded.forEach(one => { one.open = true })
    return folded.length
  }).map(node => node.dataset.result)"""
HEIGHT = """() => Math.max(...Array.from(document.querySelectorAll('[data-result]'),
  node => node.getBoundingClientRect().height))"""
OVERFLOW = """() => Array.from(document.querySelectorAll('[data-result]'))
  .filter(node => [node, ...node.querySelectorAll('.jp-OutputArea-output')]
    .some(part => part.scrollWidth > part.clientWidth + 1))
  .map(node => node.dataset.result)"""


class Camera:
    """A JupyterLab, the folder for its pictures, and what was noticed meanwhile.

    A picture is named by its notebook, its cell's number and id, what had been done before it was
    taken ("" for the run of all cells), its language, theme and width.
    """

    def __init__(self, lab: Lab, folder: Path, language: str) -> None:
        self.lab, self.folder, self.language = lab, folder, language
        self.written: list[Path] = []
        self.noticed: list[str] = []

    def open(self, path: str) -> None:
        """Open a notebook and run its cells."""
        self.lab.page.set_viewport_size({"width": WIDTHS[0], "height": TALL})
        self.lab.open(path)
        self.lab.run_all(timeout_s=LIMIT_S)

    def tagged(self, tag: str) -> list[int]:
        """Return the numbers of the cells that have a tag."""
        return list(self.lab.page.evaluate(TAGGED, tag))

    def shoot(self, notebook: str, state: str = "", only: Sequence[int] | None = None) -> None:
        """Take the pictures of all results, or of some cells."""
        shown = self.lab.page.evaluate(SHOWN)
        cells = [cell for cell in shown if only is None or int(cell[:2]) in only]
        self._in_both_themes(notebook, state, cells, WIDTHS)
        print(f"{notebook} {self.language} {state}: {len(cells)} results", flush=True)

    def shoot_unfolded(self, notebook: str) -> None:
        """Take the pictures of all results with something folded, unfolded, at the lesser width."""
        self.lab.page.evaluate(SHOWN)
        self._in_both_themes(notebook, "unfolded", self.lab.page.evaluate(UNFOLD), WIDTHS[-1:])

    def _in_both_themes(
        self, notebook: str, state: str, cells: Sequence[str], widths: Sequence[int]
    ) -> None:
        for theme in THEMES:
            self.lab.theme(dark=theme == "dark")
            for width in widths:
                self._fit(width)
                seen = f"{self.language}.{theme}.{width}"
                for cell in self.lab.page.evaluate(OVERFLOW):
                    self.noticed.append(f"{notebook} {cell} {state} {seen}: too wide")
                for cell in cells:
                    name = ".".join(filter(None, (notebook, cell, state, seen)))
                    self._shoot(cell, self.folder / f"{name}.png")

    def _shoot(self, cell: str, path: Path) -> None:
        self.lab.page.locator(f'[data-result="{cell}"]').screenshot(path=str(path))
        self.written.append(path)

    def _fit(self, width: int) -> None:
        """Make the window so wide, and as tall as the tallest result: what is outside is cut."""
        for _ in range(2):  # the height follows from the width
            height = int(self.lab.page.evaluate(HEIGHT)) + 200
            self.lab.page.set_viewport_size({"width": width, "height": max(TALL, height)})
            self.lab.page.wait_for_timeout(400)
