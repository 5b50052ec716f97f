"""A picture as a notebook, a page and a file show it: SVG in the colours of the page, or PNG.

JupyterLab shows image/svg+xml as an <img>, which takes no colours from the page. Therefore the
SVG stands in text/html (source: renderSVG in @jupyterlab/rendermime).
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..terminal import printable
from .card import escape

# The tones of the cards are equally dark, so they melt into one for the colour-blind.
BLUE, GREEN, AMBER = "#4da3ea", "#0b5a34", "#b8700a"
GREY, PURPLE, PALE, INK = "#9d9d9d", "#5a1a86", "#e9ecef", "#000000"
RED = "#e5484d"

NAMES = {
    BLUE: "blue",
    GREEN: "green",
    AMBER: "amber",
    GREY: "grey",
    PURPLE: "purple",
    PALE: "pale",
    RED: "red",
    INK: "ink",
}
DARK = {
    "blue": "#5db0f2",
    "green": "#4fc48d",
    "amber": "#e0a04a",
    "grey": "#8b949e",
    "purple": "#c39bf0",
    "pale": "#3d444d",
    "red": "#ff7b72",
}
"""The colours on dark paper; those that are not named stay."""


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--wb-{name}:{colour};" for name, colour in colours.items())


_DARK = f"{{--wb-ink:var(--jp-content-font-color1,#e6edf3);{_variables(DARK)}}}"
STYLE = (
    "<style>.wb-picture{--wb-ink:var(--jp-content-font-color1,#1f2328);"
    + _variables({name: colour for colour, name in NAMES.items() if name != "ink"})
    + "--wb-font:var(--jp-ui-font-family,system-ui,sans-serif);color:var(--wb-ink)}"
    + f"[data-jp-theme-light=false] .wb-picture{_DARK}"
    + "@media(prefers-color-scheme:dark){"
    + f":root:not(:has([data-jp-theme-light])) .wb-picture{_DARK}}}"
    + ".wb-picture svg{display:block;max-width:100%;height:auto}"
    + ".wb-picture text{fill:var(--wb-ink)}"
    # bars that touch show no seam
    + ".wb-picture g[id*=patch] path{shape-rendering:crispEdges}"
    + ".wb-picture figcaption{font:600 13px var(--wb-font);margin:2px 0}</style>"
)


@dataclass(frozen=True)
class Picture:
    """A drawn figure, or None where there is nothing to draw; `caption` says what it shows.

    A long caption is for those who do not see the drawing; a `title` then stands above it.
    """

    figure: Any
    caption: str
    title: str = ""

    @cached_property
    def svg(self) -> str:
        """The drawing as an <svg> element whose colours are variables of the page; "" for none."""
        return _in_the_pages_colours(_written(self.figure)) if self.figure else ""

    @cached_property
    def png(self) -> bytes:
        """The drawing on white paper, 800 pixels wide; empty for none."""
        if not self.figure:
            return b""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        drawn = io.BytesIO()
        self.figure.patch.set_visible(True)
        FigureCanvasAgg(self.figure).print_png(drawn)
        self.figure.patch.set_visible(False)
        return drawn.getvalue()

    @property
    def page(self) -> str:
        """The drawing with its title and its text alternative, as HTML."""
        caption, title = (escape(_headed(printable(t))) for t in (self.caption, self.title))
        return (
            f'{STYLE}<figure class="wb-picture" style="margin:8px 0">'
            f'<figcaption>{title or caption}</figcaption><div role="img" aria-label="{caption}">'
            f"{self.svg}</div></figure>"
        )

    def file(self, suffix: str) -> bytes:
        """Return the content of a file of that suffix: an SVG for ".svg", else a PNG."""
        if suffix.lower() != ".svg":
            return self.png
        whole = self.svg.replace("<svg ", '<svg class="wb-picture" ', 1)
        return whole.replace(">", f">{STYLE}", 1).encode() if self.svg else b""

    def __repr__(self) -> str:
        return printable(self.caption)

    def _repr_html_(self) -> str | None:
        return self.page if self.figure else None


def _headed(text: str) -> str:
    """Return a title that begins with a capital, unless its first word is a name, such as vLLM."""
    return text[:1].upper() + text[1:] if text.split(" ", 1)[0].islower() else text


def _written(figure: Any) -> str:
    """Return what matplotlib writes, the same bytes for the same figure."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    drawn = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "warmbook"}):
        FigureCanvasSVG(figure).print_svg(drawn, metadata=nothing)
    return drawn.getvalue()


def _in_the_pages_colours(document: str) -> str:
    """Return the <svg> element alone: colours and fonts are the page's, ids are its own."""
    svg = document[document.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    for colour, name in NAMES.items():
        svg = re.sub(rf"(fill|stroke): {colour}", rf"\1: var(--wb-{name})", svg)
    svg = re.sub(r"(font: [^;\"']*?px) [^;\"]*", r"\1 var(--wb-font)", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: var(--wb-font)", svg)
    own = hashlib.sha256(svg.encode()).hexdigest()[:8]  # several pictures share a page
    svg = re.sub(r'\bid="', f'id="wb{own}-', svg)
    return re.sub(r'(url\(#|href="#)', rf"\1wb{own}-", svg)
