"""Holds and retention: which objects may not be deleted or replaced yet; deletes none.

Source: Cloud Storage, "Object holds", "Bucket Lock" and "Object Retention Lock". Seconds are
those of the clock: no time scale shortens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .errors import StorageError, invalid
from .objects import Fields, Meta, moment_of

Setting = Mapping[str, Any]


def check_unprotected(meta: Meta, policy: Setting | None) -> None:
    """Check that an object may be deleted or replaced, in a bucket with this retention policy.

    Raises:
        StorageError: 403, it is held, or must still be kept.
    """
    where = f"Object '{meta.bucket}/{meta.name}'"
    for field, kind in (("temporaryHold", "Temporary"), ("eventBasedHold", "Event-Based")):
        if meta.fields.get(field):
            raise StorageError(
                403,
                "objectUnderActiveHold",
                f"{where} is under active {kind} hold and cannot be deleted, overwritten or "
                "archived until hold is removed.",
            )
    until = kept_until(meta, policy)
    if until and until > datetime.now(timezone.utc):
        raise StorageError(
            403,
            "retentionPolicyNotMet",
            f"{where} is subject to bucket's retention policy or object retention and cannot be "
            f"deleted or overwritten until {until.isoformat()}",
        )


def kept_until(meta: Meta, policy: Setting | None) -> datetime | None:
    """Return until when an object must be kept; None if nothing says so, or an event must come.

    The bucket's period begins when the object was written, or released from its event-based hold.
    """
    if meta.fields.get("eventBasedHold"):
        return None
    ends = []
    if policy:
        begun = meta.released or meta.created
        ends.append(begun + timedelta(seconds=int(policy["retentionPeriod"])))
    if own := meta.fields.get("retention"):
        ends.append(moment_of(own["retainUntilTime"]))
    return max(ends, default=None)


def check_retention(before: Fields, after: Fields, settings: Setting, *, override: bool) -> None:
    """Check that an object's own retention may be changed so, in a bucket with these settings.

    Raises:
        StorageError: 400, the bucket was not made for that; 403, less is retained, and it is
            locked, or `override` does not say that this is meant.
    """
    old, new = before.get("retention"), after.get("retention")
    if old == new:
        return
    if new and not settings.get("objectRetention"):
        raise invalid("Object retention must be enabled on the bucket to retain its objects.")
    if old and _is_less(old, new) and (old["mode"] == "Locked" or not override):
        raise StorageError(
            403, "forbidden", "The object's retention can't be removed, shortened or unlocked."
        )


def _is_less(old: Setting, new: Setting | None) -> bool:
    if not new or (old["mode"] == "Locked" and new["mode"] != "Locked"):
        return True
    return moment_of(new["retainUntilTime"]) < moment_of(old["retainUntilTime"])
