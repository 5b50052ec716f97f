"""A seat on disk: the folder of somebody's work, and `seat.json`, which its supervisor writes.

A trainer reads the files of others, often as root. So every file is opened without following a
link, and believed only if it belongs to the owner of its seat's folder.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ...errors import MissingError, SettingsError
from ...files import read_regular, save, writing
from ...texts import say
from .commands import command
from .processes import Process

SEATS = "seats"
FILE = "seat.json"
BEFORE = "before-"
"""How the folders begin that resets have set aside."""

LARGEST_BYTES = 20_000_000
"""Of a file that is read: records have some kilobytes, notebooks with pictures some megabytes."""

MOST_PID = 2**22
"""The highest number of a process. Source: proc(5), /proc/sys/kernel/pid_max."""

_LOOPBACK = r"^(http://127\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d{1,5})?$"
"""No other address of a rehearsal is believed: a trainer's requests stay on this machine."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
"""Names of Unix users, and the numbers of `class start`."""

State = Literal["starting", "up", "resetting"]


class Running(BaseModel):
    """What a supervisor writes into `seat.json` while it runs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int = Field(gt=0, le=MOST_PID)
    started: int
    """When the supervisor started, in clock ticks since the machine's start."""
    state: State
    since: str
    """When that state began, in UTC."""
    faults: str = Field(default="", pattern=_LOOPBACK)
    """Where the rehearsal stages faults; empty until it is up."""
    token: str = Field(default="", repr=False)
    """The rehearsal's token."""
    link: str = Field(default="", repr=False)
    """What the learner opens; empty where JupyterHub has the link."""
    engine: str = ""
    """The rehearsal's engine."""
    resets: int = 0
    ready_s: float | None = None
    """From the last start or reset to the first answer of the learner's server, in seconds."""

    @field_validator("faults")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        """Refuse what would be looked up as a name, which can take long."""
        if url and urlsplit(url).port is not None:  # raises ValueError above 65535
            ip_address(urlsplit(url).hostname or "")
        return url

    @property
    def process(self) -> Process:
        """The supervisor."""
        return Process(self.pid, self.started)


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
        """The user whose seat it is."""
        return self.folder.stat(follow_symlinks=False).st_uid

    def running(self) -> Running | None:
        """Return what the supervisor wrote, None where there is none or it is not readable."""
        try:
            return Running.model_validate_json(read_own(self.folder / FILE, self.owner))
        except (OSError, ValueError):
            return None

    @property
    def occupied(self) -> bool:
        """Whether its supervisor runs."""
        found = self.running()
        return found is not None and found.process.runs_for(self.owner)

    @property
    def stale(self) -> bool:
        """Whether a supervisor has left its file behind: it was killed, or the machine stopped."""
        return (self.folder / FILE).exists() and not self.occupied

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
        """Remove `seat.json`; the work stays."""
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
    """
    if not (found := existing(folder)):
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
    # the seats of `class start` have numbers, those of JupyterHub the names of Unix users
    if one.name.isdecimal():
        wanted = command(one.folder.parent.parent, f"start {int(one.name)}")
        remedy = say("Start it: {command}. Seats that run go on.", command=wanted)
    else:
        remedy = say("It starts when its learner logs in.")
    return SettingsError(say("Seat {name} is not running.", name=one.name), remedy=remedy)


def read_own(path: Path, owner: int) -> bytes:
    """Return the content of a regular file of this user's; no link is followed at its end.

    Raises:
        OSError: It can't be read, is no regular file, is too large or somebody else's.
    """
    return read_regular(path, LARGEST_BYTES, owner=owner)
