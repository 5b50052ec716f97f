"""One seat of a class: what JupyterHub's spawner and `class start` call."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ...texts import LANGUAGES
from ..classroom.commands import FOLDER
from ..tool_path import with_tools
from .options import Parser, Verbs, add_language, add_verbatim, folder_named
from .rehearse import KERNEL_STARTUP, refuse_unfit_machine

ENGINES = ("vllm", "quick")


def add(verbs: Verbs) -> None:
    """Add the verb of this module."""
    add_verbatim(verbs, "seat", "run one seat; JupyterHub's spawner calls it", _seat)


def add_folder(verb: argparse.ArgumentParser) -> None:
    """Add --folder."""
    verb.add_argument(
        "--folder",
        type=folder_named,
        default=FOLDER,
        metavar="DIR",
        help="folder of the class (class)",
    )


def add_seat_options(
    verb: argparse.ArgumentParser, engine: str = ENGINES[0], told: str = ENGINES[0]
) -> None:
    """Add what each seat takes: --engine, `engine` by default, and --rehearsal."""
    verb.add_argument(
        "--engine", choices=ENGINES, default=engine, help=f"engine of the rehearsals ({told})"
    )
    verb.add_argument(
        "--rehearsal",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option of each rehearsal, such as --rehearsal=--minute=1; may be repeated",
    )


def _seat(options: argparse.Namespace) -> int:
    from ..classroom import supervisor
    from ..classroom.seats import seat

    words = list(options.words)
    at = words.index("--") if "--" in words else len(words)
    parser = seat_parser()
    chosen = parser.parse_args(words[:at])
    if not (command := words[at + 1 :]):
        parser.error("name the learner's server after --")
    refuse_unfit_machine()
    os.environ.setdefault("PYTHONSTARTUP", str(KERNEL_STARTUP))
    os.environ["PATH"] = with_tools(os.environ.get("PATH", ""), Path(sys.executable).parent)
    address = chosen.address or os.environ.get(supervisor.ADDRESS, "")
    plan = supervisor.Plan(
        command=tuple(command),
        engine=chosen.engine,
        rehearsal=tuple(chosen.rehearsal),
        languages=(chosen.language,) if chosen.language else LANGUAGES,
        address=address,
        link=supervisor.link(address, os.environ),
    )
    return supervisor.supervise(seat(chosen.folder, chosen.name), plan)


def _own_name() -> str:
    """Return the name of the Unix user, or its number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def seat_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before the `--` of `class seat`."""
    parser = Parser(
        prog="python -m warmbook class seat",
        usage="%(prog)s [NAME] [options] -- COMMAND …",
        description="Run COMMAND, JupyterLab or jupyterhub-singleuser, in a rehearsal in the "
        "folder of the seat NAME. SIGUSR1 resets the seat; SIGTERM ends it.",
    )
    parser.add_argument(
        "name",
        nargs="?",
        default=_own_name(),
        metavar="NAME",
        help="name of the seat (your user name)",
    )
    add_folder(parser)
    add_seat_options(parser)
    parser.add_argument(
        "--address",
        default="",
        metavar="URL",
        help="address of the server (JUPYTERHUB_SERVICE_URL)",
    )
    add_language(parser, "copy the notebooks of this language only (both)")
    return parser
