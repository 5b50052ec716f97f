"""`python -m warmbook`: the book's verbs; `--help` lists them."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback, until a verb begins

from .book import cli
from .book.cli.options import Parser
from .book.cli.reader_language import by_locale
from .book.cli.screen import discard_unread, open_streams, warn
from .book.interrupts import Termination
from .errors import InterruptedWaitError, WarmbookError
from .files import FULL, full
from .texts import say, speak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    open_streams()
    options = _parser().parse_args(arguments)
    language = getattr(options, "language", "")
    if not (language or getattr(options, "headless", False)):
        language = by_locale()
    if language:
        speak(language)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with Termination() as termination:
        try:
            return _carried_out(options, termination)
        finally:
            discard_unread()


def _carried_out(options: argparse.Namespace, termination: Termination) -> int:
    """Carry a verb out; return its exit status, after Ctrl-C and SIGTERM 128 and their number."""
    try:
        status = int(options.act(options))
        sys.stdout.flush()
        return status
    except InterruptedWaitError as error:
        warn(f"warmbook: {error}")
        return termination.status
    except WarmbookError as error:
        warn(f"warmbook: {error}")
        return 2
    except BrokenPipeError:  # `… | head` has seen enough
        return 0
    except OSError as error:
        if error.errno not in FULL:
            raise
        warn(f"warmbook: {full(error)}")
        return 2
    except KeyboardInterrupt as stopped:
        told = say("Stopped.")
        if getattr(options, "creates", False):
            told = say("Stopped. The created resources still exist; notebook 10 deletes them.")
        warn(str(stopped) or told)
        return termination.status


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m warmbook",
        description="A guided workbook: load large AI models fast onto GKE.",
        epilog="Settings: defaults < WARMBOOK_* environment < workbook.yaml < -p < the form.",
    )
    added = parser.add_subparsers(required=True, metavar="VERB")
    for module in cli.IN_ORDER:
        module.add(added)
    return parser


if __name__ == "__main__":
    sys.exit(main())
