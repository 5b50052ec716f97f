"""The verbs of `python -m warmbook`; each imports what it needs when it is carried out."""

from . import (
    check,
    classroom,
    compare,
    diagnose,
    lint,
    live,
    notebooks,
    rehearse,
    render,
    report,
    run,
    timeline,
)

IN_ORDER = (
    *(notebooks, run, rehearse, classroom, render, check, lint, diagnose),
    *(timeline, compare, report, live),
)
