"""The verbs of `python -m warmbook`; each imports what it needs when it is carried out."""

from . import check, classroom, diagnose, lint, live, measure, notebooks, rehearse, render, run

IN_ORDER = (notebooks, run, rehearse, classroom, render, check, lint, diagnose, measure, live)
