"""A seat on disk: the folder of somebody's work, and `seat.json`, which its supervisor writes.

A trainer reads the files of others, often as root. So every file is opened without following a
link, and believed only if it belongs to the owner of its seat's folder.
"""

from __future__ import annotations

import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ...errors import MissingError, SettingsError
from ...files import read_regular, save, writing
from ...texts import say
from . import seat_file
from .command_lines import is_supervisor
from .commands import command
from .seat_file import FILE, Running

SEATS = "seats"
BEFORE = "before-"
"""How the folders begin that resets have set aside."""

LARGEST_BYTES = 20_000_000
"""Of a file that is read: records have some kilobytes, notebooks with pictures some megabytes."""

NOBODY = -1
"""No user has this number."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
"""Names of Unix users, and the numbers of `class start`."""


@dataclass(frozen=True)
class Seat:
    """A seat of a class by its name."""

    name: str
    folder: Path

    @property
    def work(self) -> Path:
        """The learner's copies of the notebooks, and what they leave."""
        return self.folder / "work"

    @property
    def owner(self) -> int:
        """The user whose seat it is; NOBODY where its folder has been removed."""
        try:
            return self.folder.stat(follow_symlinks=False).st_uid
        except OSError:
            return NOBODY

    def told(self) -> Running | None:
        """Return what `seat.json` says, None where there is none or it is not readable."""
        try:
            return seat_file.read(self.folder / FILE, self.owner)
        except (OSError, ValueError):
            return None

    def running(self) -> Running | None:
        """Return what the supervisor wrote if it runs, None where none runs.

        `seat.json` may name any process: only a supervisor of this seat counts, which runs as
        the seat's owner.
        """
        told = self.told()
        return told if told is not None and self._is_kept_by(told) else None

    def _is_kept_by(self, told: Running) -> bool:
        runs = told.process.runs_for(self.owner)
        return runs and is_supervisor(told.process.words(), self.name, self.folder.parents[1])

    def send(self, number: signal.Signals) -> Running | None:
        """Send its supervisor a signal; return what it wrote before, None where none runs."""
        found = self.running()
        return found if found is not None and found.process.send(number, self.owner) else None

    @property
    def occupied(self) -> bool:
        """Whether its supervisor runs."""
        return self.running() is not None

    @property
    def stale(self) -> bool:
        """Whether a supervisor has left its file behind: it was killed, or the machine stopped."""
        return self.is_there() and not self.occupied

    def is_there(self) -> bool:
        """Tell whether its file is there; where that can't be found out, it is taken for there."""
        try:
            (self.folder / FILE).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def write(self, running: Running) -> None:
        """Write `seat.json`, mode 0600.

        Raises:
            SettingsError: It can't be written.
        """
        with writing(self.folder / FILE):
            save(running.model_dump_json(indent=2) + "\n", self.folder / FILE)

    def vacate(self) -> None:
        """Remove `seat.json`; the work stays.

        Raises:
            SettingsError: It can't be removed.
        """
        with writing(self.folder / FILE):
            (self.folder / FILE).unlink(missing_ok=True)

    def set_aside(self) -> Path | None:
        """Move the work away, so that a new one can begin; return where it is now.

        Raises:
            SettingsError: The seat's folder can't be written.
        """
        if not self.work.exists():
            return None
        wanted = self.folder / f"{BEFORE}{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        more = (wanted.with_name(f"{wanted.name}-{count}") for count in range(2, 1000))
        aside = next(path for path in (wanted, *more) if not path.exists())
        with writing(aside):
            self.work.rename(aside)
        return aside

    def works(self) -> list[Path]:
        """Return the folders of work: the present one, and those that were set aside."""
        return [self.work, *sorted(self.folder.glob(f"{BEFORE}*"))]


def seat(folder: Path, name: str) -> Seat:
    """Return the seat of this name in the class in `folder`; it need not exist.

    Raises:
        SettingsError: No seat can have that name.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            say("{name} can't be the name of a seat.", name=repr(name)),
            remedy=say("Use letters, digits, dots, hyphens and underscores."),
        )
    return Seat(name, folder.absolute() / SEATS / name)


def seats(folder: Path) -> list[Seat]:
    """Return the seats of the class in `folder`, by name.

    Raises:
        MissingError: There is no class.
        SettingsError: The seats, or one of them, are of users whose files this one can't read.
    """
    found = existing(folder)
    for path in (folder.absolute() / SEATS, *(one.folder for one in found)):
        if os.access(path, os.F_OK) and not os.access(path, os.R_OK | os.X_OK):
            raise SettingsError(
                say("{path} can't be read.", path=path),
                remedy=say(
                    "Run the command as the user who runs the class; with JupyterHub: root."
                ),
            )
    if not found:
        raise MissingError(
            say("There is no class in {path}.", path=folder),
            remedy=say(
                "Name its folder with --folder, or start one: {command}",
                command=command(folder, "start 2"),
            ),
        )
    return found


def existing(folder: Path) -> list[Seat]:
    """Return the seats of the class in `folder`, by name; none where there is no class."""
    return [
        Seat(path.name, path)
        for path in sorted((folder.absolute() / SEATS).glob("*"))
        if _NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]


def named(folder: Path, name: str) -> list[Seat]:
    """Return the seat of this name as a list, or every seat for `all`.

    Raises:
        MissingError: There is no such seat.
    """
    found = seats(folder)
    chosen = [one for one in found if name in ("all", one.name)]
    if not chosen:
        known = ", ".join(one.name for one in found)
        raise MissingError(
            say("There is no seat {name}.", name=name),
            remedy=say("The seats are: {names}", names=known),
        )
    return chosen


def not_running(one: Seat) -> SettingsError:
    """Return the error for a seat that would have to run, with what starts it."""
    return SettingsError(say("Seat {name} is not running.", name=one.name), remedy=start_again(one))


def start_again(one: Seat) -> str:
    """Return the remedy that starts a seat which does not run."""
    # the seats of `class start` have numbers, those of JupyterHub the names of Unix users
    if one.name.isdecimal():
        wanted = command(one.folder.parents[1], f"start {int(one.name)}")
        return say("Start it: {command}. Running seats are not affected.", command=wanted)
    return say("It starts when its learner logs in.")


def read_own(path: Path, owner: int) -> bytes:
    """Return the content of a regular file of this user's; no link is followed at its end.

    Raises:
        OSError: It can't be read, is no regular file, is too large or somebody else's.
    """
    return read_regular(path, LARGEST_BYTES, owner=owner)
