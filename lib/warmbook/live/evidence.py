"""What a check in a live project has found: one line by claim, written as soon as it is known."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ..files import save, writing

FILE = "evidence.json"

Status = Literal["confirmed", "refuted", "not-reached"]
Target = Literal["google-cloud", "rehearsal"]


class Item(BaseModel):
    """One claim of docs/unverified.md: its `id`, what became of it, and the facts `found`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    status: Status
    found: dict[str, Any]
    when: datetime
    target: Target
    """Where it was asked: what a rehearsal answers proves nothing about Google Cloud."""


_ITEMS = TypeAdapter(list[Item])


class Evidence:
    """The items of one run, in `FILE` of its folder; a crash loses none that was noted."""

    def __init__(self, folder: Path, target: Target) -> None:
        self._path, self._target = folder / FILE, target
        self._items: dict[str, Item] = {}

    @property
    def items(self) -> tuple[Item, ...]:
        """What is known so far, in the order of the checks."""
        return tuple(self._items.values())

    def expect(self, ids: Iterable[str]) -> None:
        """Say that these claims are not reached so far."""
        for one in ids:
            self._keep(one, "not-reached", {"reason": "the run did not come to it"})
        self._write()

    def note(self, claim: str, status: Status, found: Mapping[str, Any]) -> Item:
        """Write down what became of a claim."""
        item = self._keep(claim, status, found)
        self._write()
        return item

    def _keep(self, claim: str, status: Status, found: Mapping[str, Any]) -> Item:
        now = datetime.now(timezone.utc).replace(microsecond=0)
        self._items[claim] = Item(
            id=claim, status=status, found=dict(found), when=now, target=self._target
        )
        return self._items[claim]

    def _write(self) -> None:
        text = _ITEMS.dump_json(list(self.items), indent=2)
        with writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            save(text + os.linesep.encode(), self._path)


def read(folder: Path) -> tuple[Item, ...]:
    """Return the items that a run has left.

    Raises:
        OSError: There are none.
        ValidationError: They are no evidence.
    """
    return tuple(_ITEMS.validate_json((folder / FILE).read_bytes()))
