"""The client of the rehearsal's server of faults: what is staged, and the round that it keeps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...cloud.errors import explained
from ...errors import MissingError, SettingsError
from ...texts import say


@dataclass(frozen=True)
class FaultsServer:
    """The server of one rehearsal where faults are staged."""

    url: str
    token: str
    answer_s: float = 30.0
    """How long it may take to begin an answer, in seconds."""

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
        return dict(self._request("POST", f"/staged/{name}"))

    def unstage(self, name: str) -> dict[str, Any]:
        """Take the fault back, and let the rehearsal put back what it changed.

        Raises:
            MissingError: There is no such fault, or it is not staged.
        """
        return dict(self._request("DELETE", f"/staged/{name}"))

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

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        import requests

        headers = {"Authorization": f"Bearer {self.token}"}
        with explained():
            answer = requests.request(
                method,
                f"{self.url}{path}",
                headers=headers,
                json=body,
                timeout=self.answer_s,
                allow_redirects=False,  # it sends nobody elsewhere
            )
        if answer.status_code == 404:
            raise MissingError(
                answer.text, remedy=say("List them: python -m warmbook_rehearsal --list-faults")
            )
        if answer.status_code == 409:
            raise SettingsError(
                answer.text.partition("\n")[0],
                remedy=say("Choose another, or remove the hidden one first: gym.unstage()"),
            )
        answer.raise_for_status()
        return answer.json()
