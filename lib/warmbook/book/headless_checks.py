"""How the checks of a headless run reach the runner, while its kernel runs.

The kernel publishes an update of an output that no notebook has. The runner reads it; nbclient and
every front end ignore it, so the executed copy stays as it is. A kernel that warmbook's runner has
not started publishes nothing.
Source: Jupyter's messaging protocol, `update_display_data`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from IPython.display import publish_display_data

ASKED = "WARMBOOK_CHECKS"
"""With the value `publish` in a kernel's environment, its checks are published."""

PUBLISH = "publish"
MIME = "application/vnd.warmbook.check+json"
_NO_OUTPUT = {"display_id": "warmbook-check"}


def publish(claim: str, *, passed: bool, at: str) -> None:
    """Publish how a claim ended, if the runner that started this kernel asked for it."""
    if os.environ.get(ASKED) == PUBLISH:
        told = {"claim": claim, "passed": passed, "at": at}
        publish_display_data({MIME: told}, transient=_NO_OUTPUT, update=True)


def published(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the check that a message of a kernel has, None if it has none."""
    return message["content"].get("data", {}).get(MIME)
