"""The templates of the HTML pages; `data/report.html` is that of a run and of a class."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...display.card import AMBER, BLUE, GREEN, RED
from ...display.picture import DARK, NAMES
from ...display.plots import TIMES
from ...display.unbroken import figures_unbroken

EDGES = {"banner": AMBER, "cloud": BLUE, "good": GREEN, "bad": RED}
"""Colour of each kind of paragraph that has a line beside it."""
KINDS = tuple((kind, colour, DARK[NAMES[colour]]) for kind, colour in TIMES.items())
"""Each kind of time with its colours on light and on dark paper: those of the pictures."""


@cache
def template(name: str = "report.html") -> Template:
    """Return a template of `data`: it escapes every value, and refuses one that is missing."""
    environment = Environment(
        loader=PackageLoader("warmbook", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["kinds"] = KINDS
    environment.filters["figures"] = figures_unbroken
    return environment.get_template(name)
