"""Which process is the supervisor of a seat: by its command line, whatever `seat.json` says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

VERB = ("class", "seat")
_FOLDER = "--folder"


def is_supervisor(words: Sequence[str], name: str, folder: Path) -> bool:
    """Tell whether a command line is `class seat` for the seat `name` of the class in `folder`.

    JupyterHub's spawner names no seat, as each learner's has the learner's user name. A folder
    that is relative, to a place that other users can't see, is taken for this one.
    """
    own = list(words[: words.index("--")] if "--" in words else words)
    at = next((place for place, pair in enumerate(pairwise(own)) if pair == VERB), None)
    if at is None:
        return False
    given = own[at + len(VERB) :]
    named = given[0] if given and not given[0].startswith("-") else name
    return named == name and _is_same(_folder_in(given), folder)


def _folder_in(given: Sequence[str]) -> str:
    """Return the value of --folder, "" where it is not given."""
    for word, following in pairwise([*given, ""]):
        if word == _FOLDER:
            return following
        if word.startswith(f"{_FOLDER}="):
            return word.partition("=")[2]
    return ""


def _is_same(named: str, folder: Path) -> bool:
    return not Path(named).is_absolute() or os.path.realpath(named) == os.path.realpath(folder)
