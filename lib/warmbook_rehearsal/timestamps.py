"""Times as clients of Google Cloud and of Kubernetes write them."""

from __future__ import annotations

from datetime import datetime, timezone


def parse_time(written: str) -> datetime:
    """Return an aware time from RFC 3339; for UTC where no offset stands.

    Raises:
        ValueError: It is no time.
    """
    found = datetime.fromisoformat(written.replace("Z", "+00:00"))
    return found.replace(tzinfo=found.tzinfo or timezone.utc)
