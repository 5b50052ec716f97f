"""Asking the rehearsal around a command to take a fault back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

PATIENCE_S = 30
"""How long a rehearsal may take to put back what a fault changed, in seconds."""


class UnstageError(Exception):
    """A fault can't be taken back from here; says why."""


def unstage(name: str, environ: Mapping[str, str]) -> None:
    """Take a fault back in the rehearsal that the environment names.

    Raises:
        UnstageError: This is no rehearsal, it is gone, or the fault is not staged there.
    """
    if not (url := environ.get("WARMBOOK_REHEARSAL_FAULTS", "")):
        raise UnstageError(
            "--unstage is for a rehearsal that is up.\n"
            "  → Run it inside one: in its JupyterLab's terminal, or in a shell with its variables"
        )
    headers = {"Authorization": f"Bearer {environ.get('WARMBOOK_REHEARSAL_TOKEN', '')}"}
    request = Request(f"{url}/staged/{name}", method="DELETE", headers=headers)
    try:
        # the rehearsal is on this machine: no proxy knows it
        build_opener(ProxyHandler({})).open(request, timeout=PATIENCE_S).close()
    except HTTPError as error:
        with error:
            raise UnstageError(error.read().decode(errors="replace")) from None
    except (URLError, OSError) as error:
        raise UnstageError(f"The rehearsal does not answer: {error}") from None
