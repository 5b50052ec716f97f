"""Run the notebooks in order without a reader: same cells, same settings, same checks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..cloud.clients import Clients
from ..cloud.rehearsal import Network
from ..errors import SettingsError
from ..files import FULL, save, writing
from ..measure.runs import measured
from ..measure.runs.record import FILE
from ..measure.runs.schema import SCHEMA, Record
from ..settings import Settings, chosen, merge
from ..texts import say, speak
from ..workbook import Workbook
from . import origin, shipped
from .execution import Done, Tell, execute, taken_by
from .kernels import Kernels


@dataclass
class Run:
    """A run of the book, and what it measured."""

    target: str
    settings: dict[str, Any]
    network: Network | None = None
    """How the network was shaped, if it was."""
    origin: dict[str, Any] = field(default_factory=dict)
    """What tells this run from any other: see `origin.begun`."""
    notebooks: list[Done] = field(default_factory=list)
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every notebook ran to its end."""
        return all(done.status == "passed" for done in self.notebooks)

    @property
    def unfit(self) -> list[str]:
        """Keys of the record whose measurement is not as the schema says."""
        return measured.unfit(self._fields())

    def record(self) -> Record:
        """Return the run's record; what is `unfit` counts as not measured."""
        nothing = replace(self, measured={})._fields()
        return measured.checked({**self._fields(), **{name: nothing[name] for name in self.unfit}})

    def _fields(self) -> dict[str, Any]:
        """Return the keys of the record, with what the notebooks have recorded."""
        return {
            "schema": SCHEMA,
            "interactive": False,
            **self.origin,
            "target": self.target,
            "settings": self.settings,
            "versions": {**origin.versions(), **measured.packages(self.measured)},
            "notebooks": [done.dumped() for done in self.notebooks],
            **measured.NOTHING,
            **measured.keys(self.measured),
            "shaped": self.network and self.network.model_dump(),
        }


def books(language: str, only: Sequence[str] = ()) -> list[Path]:
    """Return the language's notebooks in order, or those whose number is in `only`.

    Raises:
        SettingsError: There is no such language or number.
    """
    folder = shipped.folder() / language
    present = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not present:
        raise SettingsError(
            say("There are no notebooks in {folder}.", folder=folder),
            remedy=say("Install warmbook again; in a clone, run `make notebooks`."),
        )
    if unknown := [n for n in only if n not in {book.name[:2] for book in present}]:
        raise SettingsError(
            say("There is no notebook {name}.", name=", ".join(unknown)),
            remedy=say("The numbers are {names}.", names=", ".join(b.name[:2] for b in present)),
        )
    return [book for book in present if not only or book.name[:2] in only]


def refuse_early(
    notebooks: Sequence[Path], parameters: Mapping[str, str], saved: Mapping[str, object]
) -> Settings:
    """Return the settings of a run, before anything is created.

    `saved` are the reader's own choices; the run has a workbook.yaml of its own.

    Raises:
        SettingsError: A parameter that no notebook takes, or a value that can't be right.
    """
    taken = set[str]().union(*map(taken_by, notebooks))
    if unknown := sorted(set(parameters) - taken):
        raise SettingsError(
            say("Unknown parameter: {names}.", names=", ".join(unknown)),
            remedy=say("Known parameters: {names}.", names=", ".join(sorted(taken))),
        )
    return Settings.parse(merge(saved, _settings_among(parameters)))


def _settings_among(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name in Settings.model_fields}


@contextmanager
def _private_files() -> Iterator[None]:
    """Let nobody else read what this process and its kernels write meanwhile."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@_private_files()
def run(
    notebooks: Sequence[Path],
    parameters: Mapping[str, str],
    out: Path,
    *,
    tell: Tell,
    started: Callable[[Path], None],
    ended: Callable[[Done], None],
) -> Run:
    """Run each notebook in order; stop at the first failure.

    Executed copies, `workbook.yaml` and `run.json` are written to `out`, whatever happens; no
    other user can read them.

    Raises:
        SettingsError: A parameter, a value or the environment is wrong; nothing was run.
        UnreachableError: The rehearsal has stopped; nothing was run.
        KeyboardInterrupt: Ctrl-C; the cell that ran has told what goes on in the cloud.
    """
    saved = Workbook.open(default=shipped.workbook_file()).saved()
    settings = refuse_early(notebooks, parameters, saved)
    clients = Clients(settings.project_id).confirmed()
    file = (out / "workbook.yaml").resolve()
    with writing(file):
        out.mkdir(parents=True, exist_ok=True)
        if notebooks[0].name.startswith("01"):  # from the start: no figures of an earlier run
            file.unlink(missing_ok=True)
    nothing = dict.fromkeys(Settings.model_fields)  # nor choices of an earlier run
    Workbook(file).choose({**nothing, **chosen(saved, parameters)})
    speak(settings.language)
    result = Run(clients.target, settings.model_dump(), clients.network)
    result.origin = origin.begun(settings, clients)
    result.notebooks = [
        Done(name=book.stem, status="not-run", seconds=0.0, error="") for book in notebooks
    ]
    try:
        with (
            _environment(**{"WARMBOOK_FILE": str(file), origin.RECORDING: "no"}),
            Kernels(len(notebooks), shipped.directory_for(notebooks[0])) as kernels,
        ):
            for book, done in zip(notebooks, result.notebooks, strict=True):
                started(book)
                with _room_for(out / book.name):
                    execute(book, out / book.name, parameters, kernels, tell, done)
                ended(done)
                if done.status == "interrupted":
                    raise KeyboardInterrupt
                if done.status != "passed":
                    break
    finally:
        result.measured = Workbook(file).measurements()
        result.origin.update(ended=origin.now(), account=origin.account(settings, clients))
        text = json.dumps(result.record().dumped(), indent=2, ensure_ascii=False)
        with writing(out / FILE):
            save(text + "\n", out / FILE)
    return result


@contextmanager
def _room_for(copy: Path) -> Iterator[None]:
    """Say of a disk that has no room left for a notebook's copy that it is full.

    Raises:
        SettingsError: It is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        with writing(copy):
            raise


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    # The interpreter that runs the book is also the one that its kernels should be.
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
