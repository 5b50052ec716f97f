"""What a run makes that can't carry a label, written into its bucket before it is made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from ..cloud.clients import Clients
from ..cloud.retry import rewritten

OBJECT = "warmbook-live/ledger.json"
"""The ledger's name in the run's bucket, which is deleted last."""


@dataclass(frozen=True, order=True)
class Entry:
    """Something that costs or allows something: its kind, and what finds it again.

    A `role`: the role and the member. A `cache`: the zone. A `cluster`: its name and location.
    """

    kind: str
    name: str
    place: str = ""


class Ledger:
    """The entries of one run, kept in its bucket; each change is written at once."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients, self._bucket = clients, bucket

    def entries(self) -> list[Entry]:
        """Return what is written down; nothing where there is no ledger, or no bucket."""
        return sorted(self._read()[1])

    def add(self, entry: Entry) -> None:
        """Write an entry down: before the thing is made, so that no crash hides it."""
        self._change(lambda held: held | {entry})

    def forget(self, entry: Entry) -> None:
        """Strike an entry out whose thing is gone."""
        self._change(lambda held: held - {entry})

    def _change(self, change: Any) -> None:
        def attempt() -> None:
            generation, held = self._read()
            told = json.dumps([asdict(one) for one in sorted(change(held))], indent=1)
            blob = self._clients.storage.bucket(self._bucket).blob(OBJECT)
            # two writers never lose one another's entries
            blob.upload_from_string(
                told, content_type="application/json", if_generation_match=generation
            )

        rewritten(attempt)

    def _read(self) -> tuple[int, set[Entry]]:
        """Return the object's generation, 0 where it is not there, and the entries."""
        from google.api_core.exceptions import NotFound

        blob = self._clients.storage.bucket(self._bucket).blob(OBJECT)
        try:
            text = blob.download_as_bytes()
        except NotFound:
            return 0, set()
        return int(blob.generation or 0), {Entry(**one) for one in json.loads(text)}
