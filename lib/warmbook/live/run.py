"""A run from its beginning to its end: its folder, its checks, its sweep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..cloud.clients import Clients
from ..cloud.projects import OWN_SERVICES, SERVICES
from ..display.progress import Report
from ..errors import SettingsError
from ..files import save, writing
from ..settings import Settings
from ..steps import project
from ..texts import say
from .evidence import Evidence, Item, Target
from .session import Session, new_run, run_of
from .sweep import Left, sweep
from .tiers import carry_out

NAME = "run.txt"
"""File in a run's folder that names the run, for a sweep after a crash."""

LATE = "container.googleapis.com"
"""GKE's API: tier 0 looks at its refusal while it is off, and tier 2 turns it on."""

EARLY = tuple(name for name in (*OWN_SERVICES, *SERVICES) if name != LATE)
"""The APIs that every run from tier 1 on calls."""


def begin(own: Settings, tier: int, out: Path, tell: Report) -> Session:
    """Return a new run; its name stands in its folder before anything is made, by tier 1 on.

    Raises:
        SettingsError: The folder can't be written, or holds the name of another run.
    """
    if named(out):
        told = say("{path} belongs to another run.", path=out)
        raise SettingsError(
            told, remedy=say("Run --sweep on it, or name another folder for this run.")
        )
    session = Session(own, new_run(), tell)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        if tier:
            save(f"{session.run}\n", out / NAME)
    return session


def named(out: Path) -> str:
    """Return the run that a folder names, "" where it names none."""
    try:
        return run_of((out / NAME).read_text(encoding="utf-8").strip())
    except OSError:
        return ""


def live(session: Session, tier: int, out: Path, tell: Callable[[Item], None]) -> list[Left]:
    """Carry the tiers out, write the evidence, and delete what was made; return what is left.

    By tier 1 on, the APIs that are called and off are turned on first; tier 0 changes nothing.
    An interrupt ends it before the sweep: what there is keeps, for a sweep by its command.
    """
    target: Target = "rehearsal" if session.clients.target == "rehearsal" else "google-cloud"
    evidence = Evidence(out, target)
    if tier:
        project.enable_all(session.own, session.own_clients, EARLY, report=session.report)
    carry_out(session, tier, evidence, tell)
    return swept(session.own, out, session.tell) if tier else []


def swept(own: Settings, out: Path, report: Report, *, every: bool = False) -> list[Left]:
    """Delete what the folder's run has made, and what is overdue; `every` run's where wanted.

    Raises:
        WaitTimeoutError: Something is still there after half an hour.
    """
    run = named(out)
    clients = Clients(own.project_id, own).confirmed()
    found = sweep(own, clients, lambda one: every or one.run == run or one.overdue(), report)
    (out / NAME).unlink(missing_ok=True)
    return found
