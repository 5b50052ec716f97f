"""The client of the rehearsal's server of faults: what is staged, and the round that it keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...cloud.errors import explained
from ...cloud.rehearsal import stopped
from ...cloud.rehearsal_request import request
from ...errors import MissingError, SettingsError
from ...texts import did_you_mean, say
from .hold import Hold, held


@dataclass(frozen=True)
class FaultsServer:
    """The server of one rehearsal where faults are staged."""

    url: str
    token: str
    answer_s: float = 30.0
    """How long it may take to answer, in seconds."""

    @classmethod
    def open(cls, environ: Mapping[str, str] | None = None) -> FaultsServer:
        """Return the server of the rehearsal that the environment names.

        Raises:
            SettingsError: This is no rehearsal, and nothing is broken in a real project.
        """
        environ = os.environ if environ is None else environ
        if not (url := environ.get("WARMBOOK_REHEARSAL_FAULTS", "")):
            raise SettingsError(
                say("The gym needs a rehearsal: it never breaks a real project."),
                remedy=say(
                    "Start one with `python -m warmbook lab`, and open this notebook there."
                ),
            )
        return cls(url, environ.get("WARMBOOK_REHEARSAL_TOKEN", ""))

    def faults(self) -> list[dict[str, Any]]:
        """Return every fault that there is."""
        return list(self._request("GET", "/faults"))

    def staged(self) -> list[dict[str, Any]]:
        """Return the faults that are staged, the last one last."""
        return list(self._request("GET", "/staged"))

    def stage(self, name: str) -> dict[str, Any]:
        """Let the fault begin, if it has not yet.

        Raises:
            MissingError: There is no such fault.
            SettingsError: It can't be staged beside one that is.
        """
        try:
            return dict(self._request("POST", f"/staged/{quote(name, safe='')}"))
        except MissingError:
            raise self._no_fault(name) from None

    def unstage(self, name: str) -> dict[str, Any]:
        """Take the fault back, and let the rehearsal put back what it changed.

        Raises:
            MissingError: There is no such fault, or it is not staged.
        """
        try:
            return dict(self._request("DELETE", f"/staged/{quote(name, safe='')}"))
        except MissingError:
            raise self._not_staged(name) from None

    def _no_fault(self, name: str) -> MissingError:
        """Return the error for a name that no fault has, with similar names."""
        return no_fault(name, [str(one["name"]) for one in self.faults()])

    def _not_staged(self, name: str) -> MissingError:
        """Return the error for a fault that can't be removed, with what can."""
        if name not in [one["name"] for one in self.faults()]:
            return self._no_fault(name)
        staged = ", ".join(str(one["name"]) for one in self.staged()) or say("nothing")
        return MissingError(
            say("{name} is not staged.", name=name), remedy=say("Staged: {names}", names=staged)
        )

    def changes(self) -> tuple[int, str]:
        """Return how many requests have changed something in the rehearsal, and the first."""
        told = self._request("GET", "/changes")
        return int(told["count"]), str(told["first"])

    def round(self) -> dict[str, Any]:
        """Return the round that the rehearsal keeps, {} if none has begun."""
        return dict(self._request("GET", "/round"))

    def keep(self, one: Mapping[str, Any]) -> None:
        """Let the rehearsal keep a round for as long as it runs."""
        self._request("PUT", "/round", one)

    def hold(self) -> AbstractContextManager[Hold]:
        """Return a context in which nothing that the guide does repairs a fault."""
        return held(self.url, self.token, answer_s=self.answer_s)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of its answer.

        Raises:
            MissingError: It knows no such fault.
            SettingsError: It can't be staged beside another.
            UnreachableError: No rehearsal answers there in time.
        """
        with explained():
            status, text = self._answer(method, path, body)
        if status == 404:
            raise MissingError(
                text, remedy=say("List them: python -m warmbook_rehearsal --list-faults")
            )
        if status == 409:
            raise SettingsError(
                text.partition("\n")[0],
                remedy=say("Choose another, or remove the hidden one first: gym.unstage()"),
            )
        return _parsed(status, text)

    def _answer(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, str]:
        url = f"{self.url}{path}"
        try:
            return request(method, url, self.token, within_s=self.answer_s, body=body)
        except OSError as error:
            raise stopped() from error


def no_fault(name: str, known: Iterable[str]) -> MissingError:
    """Return the error for a name that none of the known faults has, with similar names."""
    meant = did_you_mean(name, known)
    listed = say("List them: python -m warmbook_rehearsal --list-faults")
    return MissingError(
        say("There is no fault {name}.", name=name), remedy=f"{meant} {listed}".strip()
    )


def _parsed(status: int, text: str) -> Any:
    if status not in (200, 201):  # by now that port is another program's
        raise stopped()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise stopped() from None
