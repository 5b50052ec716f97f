"""The verbs of `python -m warmbook`; each imports what it needs when it is carried out."""

from . import check, measure, notebooks, rehearse, run, write

IN_ORDER = (notebooks, run, rehearse, write, check, measure)
