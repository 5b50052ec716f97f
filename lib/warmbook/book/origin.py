"""What tells one record from another: whose it is, when and where, of which warmbook."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

from ..cloud.clients import Clients
from ..settings import Settings
from . import shipped

RECORDING = "WARMBOOK_RECORD"
"""With the value `no` in the environment, interactive work leaves no record."""

LIBRARIES = (
    "warmbook",
    "google-cloud-storage",
    "google-cloud-container",
    "kubernetes",
    "papermill",
)

GIT_S = 5
"""How long git may take to name the commit, in seconds."""

_PRODUCTS = {"WORKBENCH_INSTANCE": "workbench", "COLAB_ENTERPRISE": "colab-enterprise"}
"""Source: Google's dataproc-spark-connect, environment.py, `is_workbench`."""


def begun(settings: Settings, clients: Clients) -> dict[str, Any]:
    """Return the first keys of a record that begins now."""
    return {
        "id": uuid.uuid4().hex,
        "began": now(),
        "ended": now(),
        "account": settings.account,
        "where": where(settings, clients),
        "commit": commit(),
    }


def now() -> str:
    """Return the time in UTC, as a record has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def where(settings: Settings, clients: Clients) -> dict[str, str]:
    """Return the project and the place that are worked on, and the machine's kind."""
    return {
        "project": settings.project_id,
        "location": settings.location,
        "host": host(os.environ),
        "rehearsal": clients.rehearsal,
    }


def host(environ: Mapping[str, str]) -> str:
    """Return which of Google's machines for notebooks this is, "" for any other.

    Source for Cloud Shell: gcloud, googlecloudsdk/core/credentials/devshell.py.
    """
    if environ.get("CLOUD_SHELL") or environ.get("DEVSHELL_CLIENT_PORT"):
        return "cloud-shell"
    return _PRODUCTS.get(environ.get("VERTEX_PRODUCT", ""), "")


def account(settings: Settings, clients: Clients) -> str:
    """Return who the credentials say it is, else the setting.

    Credentials that nothing has needed yet are not looked for: that may take seconds.
    """
    known = "credentials" in vars(clients)
    return (clients.account if known else "") or settings.account


@cache
def versions() -> dict[str, str]:
    """Return the versions of warmbook and of the libraries that it works with."""
    return {name: metadata.version(name) for name in LIBRARIES}


@cache
def commit() -> str:
    """Return the clone's commit, with `-dirty` if its code was changed; "" where there is none.

    Notebooks do not count: whoever runs them changes them.
    """
    if shipped.installed() or not (shipped.CLONE.parent / ".git").exists():
        return ""
    try:
        found = _git("rev-parse", "HEAD").stdout.strip()
        changed = _git("diff", "--quiet", "HEAD", "--", "lib").returncode
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{found}-dirty" if found and changed else found


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    folder = shipped.CLONE.parent
    return subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, timeout=GIT_S, check=False
    )
