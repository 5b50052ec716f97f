"""What the verbs share: options, the settings they stand for, the files they write."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from ...errors import SettingsError
from ...files import save, writing
from ...terminal import one_line, show
from ...texts import LANGUAGES, say
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...display.picture import Picture
    from ...settings import Settings
    from ...workbook import Workbook

Verbs: TypeAlias = "argparse._SubParsersAction[Parser]"
Act: TypeAlias = "Callable[[argparse.Namespace], int]"


class Parser(argparse.ArgumentParser):
    """A parser whose errors repeat what was typed without steering the terminal."""

    mixed = False
    """Whether options may stand between the arguments of a list: A --base B C."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse what is known; argparse does so for each verb.

        Source: the Python Library Reference, argparse, "Intermixed parsing", which does not
        reach the parsers of verbs, and until Python 3.11 calls this method again.
        """
        if not self.mixed:
            return super().parse_known_args(args, namespace)
        self.mixed = False
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self.mixed = True

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and exit with status 2."""
        super().error(one_line(message))


FORMATS = ("text", "json")


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


def add_format(verb: argparse.ArgumentParser) -> None:
    """Add --format."""
    verb.add_argument(
        "--format", choices=FORMATS, default="text", help="text for people, json for programs"
    )


def add_log(verb: argparse.ArgumentParser) -> None:
    """Add --log and --start."""
    verb.add_argument(
        "--log",
        type=path_named,
        metavar="FILE",
        help="a saved log, - for standard input; no cluster needed",
    )
    verb.add_argument(
        "--start",
        type=number_within(1, 999_999),
        metavar="N",
        help="the Nth start in the log, from 1 (the last)",
    )


def print_as(format_: str, text: object, told: object) -> None:
    """Print a result: as `text`, or what it was made from, `told`, as JSON."""
    if format_ == "json":
        show(_json(told))
    else:
        show_wrapped(text)


def _json(told: object) -> str:
    """Return JSON in which what would steer a terminal is escaped."""
    text = json.dumps(told, ensure_ascii=False, indent=2)
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    )


def add_verbatim(verbs: Verbs, name: str, help_: str, act: Act) -> None:
    """Add a verb that gets its arguments as they were typed, in `words`, `--` and all.

    argparse would take options for its own and drop `--`; for a parser whose options begin with
    a character that no argument can have, everything is a plain word.
    """
    verb = verbs.add_parser(name, help=help_, add_help=False, prefix_chars="\0")
    verb.add_argument("words", nargs=argparse.REMAINDER)
    verb.set_defaults(act=act)


def folder_named(text: str) -> Path:
    """Return the folder; an empty name, such as an unset variable of a shell's, is refused."""
    if not text:
        raise argparse.ArgumentTypeError("name a folder")
    return Path(text)


def path_named(text: str) -> Path:
    """Return the path of a file or a folder; an empty name is refused, as by `folder_named`."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return Path(text)


def output_named(text: str) -> Path:
    """Return the path of a file or a folder to write, as `path_named`; - is refused.

    Standard output has what a command prints: it may be text, or JSON for a program.
    """
    if text == "-":
        raise argparse.ArgumentTypeError(
            "'-' stands for standard input only; ./- is a file of that name"
        )
    return path_named(text)


def number_within(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a whole number from `least` to `most`."""

    def number(text: str) -> int:
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(most)):
            value = least - 1
        else:
            value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return value

    return number


def seconds_typed(text: str) -> str:
    """Return the text of a number of seconds, as `number_typed`; no time at all is refused."""
    if float(number_typed(text)) == 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return text


_TIME = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?|(\d{1,9})")


def time_limit(text: str) -> float:
    """Return a time such as 90m, 2h, 1h30m or 3600 in seconds."""
    found = _TIME.fullmatch(text) if text.isascii() else None
    parts = found.groups() if found else ()
    hours, minutes, seconds, plain = (int(part or 0) for part in parts or "0000")
    if total_s := 3600 * hours + 60 * minutes + seconds + plain:
        return float(total_s)
    raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90m, 2h, 1h30m or 3600")


def number_typed(text: str) -> str:
    """Return the text of a number as it was typed; what is infinite, negative or none is refused.

    Further limits are of the program to which the option is passed on.
    """
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} must be 0 or more")
    return text


def numbers(listed: str) -> list[str]:
    """Return the numbers of notebooks in a list such as 4,05.

    A list of commas alone names no notebook that there is: it must not mean all of them.
    """
    named = [number.strip().zfill(2) for number in listed.split(",") if number.strip()]
    return named or listed.split()


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings: of the workbook, and of -p above them."""
    from ...settings import Settings

    return Settings.parse(draft_from(options))


def draft_from(options: argparse.Namespace) -> dict[str, object]:
    """Return the choices, not yet validated: of the workbook, and of -p above them."""
    return saved_choices().draft({name: value for name, value in options.parameter})


def saved_choices() -> Workbook:
    """Return the reader's workbook; name on standard error what is ignored in it."""
    from ...workbook import Workbook
    from .. import shipped

    book = Workbook.open(default=shipped.workbook_file())
    for name in book.unknown():
        told = say("{path}: this version has no setting {name}; ignored", path=book.path, name=name)
        show_wrapped(f"warmbook: {told}", sys.stderr)
    return book


def draw_beside(status: int, plot: Callable[[], Picture], path: Path | None) -> int:
    """Draw the picture of a result, if a file is named for it; return the exit status.

    The result has `status`. A file that can't be written is reported on standard error, and
    makes 2 of a 0 alone: the status of a failed check stays.
    """
    try:
        if path:
            _draw(plot(), path)
    except SettingsError as error:
        show_wrapped(f"warmbook: {error}", sys.stderr)
        return status or 2
    return status


def _draw(picture: Picture, path: Path) -> None:
    """Write a picture as SVG or PNG, by the path's suffix; say so where there is nothing to draw.

    Raises:
        SettingsError: The file can't be written.
    """
    if content := picture.file(path.suffix):
        keep(path, content, public=True)
    else:  # an empty file would pass for a picture
        show_wrapped(f"warmbook: {say('nothing to draw: {reason}', reason=picture)}", sys.stderr)


def keep(path: Path, content: bytes, *, public: bool = False) -> None:
    """Write a file that the reader has named, whole or not at all, and private unless `public`.

    A device or a pipe gets the content as it comes. A link is followed, so that /dev/stdout stays.

    Raises:
        SettingsError: It can't be written.
    """
    with writing(path):
        if is_stream(path):
            path.write_bytes(content)
        else:
            save(content, path.resolve(), public=public)


def is_stream(path: Path) -> bool:
    """Tell whether a path is a device or a pipe, in whose place no file is put."""
    return path.exists() and not path.is_file() and not path.is_dir()
