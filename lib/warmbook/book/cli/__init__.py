"""The verbs of `python -m warmbook`; each imports what it needs when it is carried out."""

from . import check, diagnose, live, measure, notebooks, rehearse, render, run

IN_ORDER = (notebooks, run, rehearse, render, check, diagnose, measure, live)
