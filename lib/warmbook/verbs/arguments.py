"""What the verbs share: options, the settings they stand for, the files they write."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..errors import SettingsError
from ..texts import LANGUAGES, say

if TYPE_CHECKING:
    from ..pictures import Picture
    from ..settings import Settings

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_language(verb: argparse.ArgumentParser, what: str) -> None:
    """Add --language."""
    verb.add_argument("--language", choices=LANGUAGES, default="", help=what)


def add_parameter(verb: argparse.ArgumentParser) -> None:
    """Add -p NAME VALUE."""
    verb.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the notebooks; may be repeated",
    )


def numbers(listed: str) -> list[str]:
    """Return the numbers of notebooks in a list such as 4,05."""
    return [number.strip().zfill(2) for number in listed.split(",") if number.strip()]


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings: of the workbook, and of -p above them."""
    from ..settings import Settings
    from ..workbook import Workbook

    given = {name: value for name, value in options.parameter}
    saved = Path(__file__).resolve().parents[3] / "notebooks" / "workbook.yaml"
    return Settings.parse(Workbook.open(default=saved).draft(given))


def draw(picture: Picture, path: Path) -> None:
    """Write a picture as PNG; say so where there is nothing to draw.

    Raises:
        SettingsError: The file can't be written.
    """
    if picture.png:
        write(path, picture.png)
    else:  # an empty file would pass for a picture
        print(f"warmbook: {say('nothing to draw: {reason}', reason=picture)}", file=sys.stderr)


def write(path: Path, content: bytes) -> None:
    """Write a file that the reader has named.

    Raises:
        SettingsError: It can't be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        told = say("{path} can't be written: {reason}.", path=path, reason=error.strerror)
        raise SettingsError(told, remedy=say("Name a file in a folder of yours.")) from None
