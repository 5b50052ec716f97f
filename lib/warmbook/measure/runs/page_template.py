"""The template of both pages, of a run and of a class: `data/report.html` and `data/report.css`."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ...display.card import AMBER, BLUE, GREEN, RED

EDGES = {"banner": AMBER, "cloud": BLUE, "good": GREEN, "bad": RED}
"""Colour of each kind of paragraph that has a line beside it."""


def template() -> Template:
    """Return `data/report.html`: it escapes every value, and refuses one that is missing."""
    environment = Environment(
        loader=PackageLoader("warmbook", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html")
