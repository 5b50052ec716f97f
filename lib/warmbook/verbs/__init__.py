"""The verbs of `python -m warmbook`; each imports what it needs when it is carried out."""

from . import check, measure, run, write

IN_ORDER = (run, write, check, measure)
