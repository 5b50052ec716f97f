"""Copy the notebooks out, for a reader whose warmbook is installed and not cloned."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...shell import quoted
from ...texts import LANGUAGES, say
from .options import Verbs, add_format, add_language, folder_named, print_as

if TYPE_CHECKING:
    from ...display.card import Row
    from ..copies import Copies


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    notebooks = verbs.add_parser(
        "notebooks",
        help="copy the notebooks into a folder, never over a file that you changed",
        description="Copy the notebooks with their pictures and the gym into DIR. Run it again "
        "after an upgrade: copies that you did not change are updated, files that you changed are "
        "kept and named. Exit status 0 if each file is as this version ships it, 1 if changed "
        "files were kept, 2 if DIR can't be written.",
    )
    notebooks.add_argument(
        "folder", type=folder_named, metavar="DIR", help="created if it is missing"
    )
    add_format(notebooks)
    add_language(notebooks, "copy this language only (both)")
    notebooks.set_defaults(act=_notebooks)


def _notebooks(options: argparse.Namespace) -> int:
    from ..copies import copy_out

    languages = [options.language] if options.language else LANGUAGES
    copies = copy_out(options.folder, languages)
    told = {"folder": str(copies.folder), "files": dict(copies.states)}
    print_as(options.format, "\n".join(_lines(copies)), told)
    return 1 if copies.kept else 0


def _lines(copies: Copies) -> Iterator[str]:
    """Yield what happened to the files, and what to do next."""
    yield str(counted(copies))
    yield from map(str, _others(copies))
    if copies.kept:
        yield "  → " + say("To get the shipped version of a file, rename yours and run this again.")
    command = f"python -m warmbook lab {quoted(copies.folder)}"
    yield "  → " + say("To open them: {command}", command=command)


def counted(copies: Copies) -> Row:
    """Return how many files were copied, updated, or were there already."""
    from ...display.card import Row
    from ..copies import NEW, SAME, UPDATED

    told = say(
        "{new} copied, {updated} updated, {same} unchanged",
        new=len(copies.those(NEW)),
        updated=len(copies.those(UPDATED)),
        same=len(copies.those(SAME)),
    )
    return Row(str(copies.folder), told, "ok")


def _others(copies: Copies) -> Iterator[Row]:
    """Yield the files that are not as this version ships them, each with the reason."""
    from ...display.card import Row
    from ..copies import CHANGED, OUTDATED, RETIRED

    reasons = {
        CHANGED: say("changed by you; kept"),
        OUTDATED: say("changed by you; kept, although this version has a newer one"),
        RETIRED: say("an earlier copy; this version does not contain the file"),
    }
    for name, state in copies.states.items():
        if state in reasons:
            yield Row(str(copies.folder / name), reasons[state])
