"""The templates of the HTML pages; `data/report.html` is that of a run and of a class."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...display.card import AMBER, BLUE, GREEN, RED

EDGES = {"banner": AMBER, "cloud": BLUE, "good": GREEN, "bad": RED}
"""Colour of each kind of paragraph that has a line beside it."""


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
    return environment.get_template(name)
