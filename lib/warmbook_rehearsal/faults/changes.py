"""What has been changed in a rehearsal by requests, so that a used one is told from a new one."""

from __future__ import annotations

import re

from ..request_faults import Incoming

_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_READS_BY_POST = re.compile(
    r"(:|/)(getIamPolicy|testIamPermissions|search|token)$|/self\w*reviews$|(^|/)(Get|List)\w*$"
)
"""Calls that are sent by POST and change nothing; over gRPC every call is."""


class Changes:
    """How many requests have changed something, and the first of them."""

    def __init__(self) -> None:
        self.count, self.first = 0, ""

    async def note(self, incoming: Incoming) -> None:
        """Take note of a request that was carried out."""
        if changes(incoming):
            self.count += 1
            self.first = self.first or f"{incoming.method} {incoming.path}"


def changes(incoming: Incoming) -> bool:
    """Tell whether a request, carried out, changes something in the cloud."""
    tried = incoming.service == "kubernetes" and "dryRun=All" in incoming.query
    if incoming.method in _READS or tried:
        return False
    return not _READS_BY_POST.search(incoming.path)
