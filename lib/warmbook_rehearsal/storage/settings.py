"""Settings of a bucket: which there are, and the defaults and times that the service adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .errors import StorageError, invalid
from .locations import Location
from .objects import timestamp

_SETTINGS: Mapping[str, type] = {
    "autoclass": dict,
    "billing": dict,
    "cors": list,
    "customPlacementConfig": dict,
    "defaultEventBasedHold": bool,
    "encryption": dict,
    "hierarchicalNamespace": dict,
    "iamConfiguration": dict,
    "ipFilter": dict,
    "labels": dict,
    "lifecycle": dict,
    "logging": dict,
    "retentionPolicy": dict,
    "rpo": str,
    "softDeletePolicy": dict,
    "storageClass": str,
    "versioning": dict,
    "website": dict,
}
FIXED = ("customPlacementConfig", "hierarchicalNamespace", "objectRetention")
"""Settings that a bucket has from its creation on."""

_STORAGE_CLASSES = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")
_TERMINAL_CLASSES = ("NEARLINE", "ARCHIVE")
_DAY_S = 24 * 60 * 60
_RETENTION_S = range(1, 100 * 365 * _DAY_S + 1)
_SOFT_DELETE_S = range(7 * _DAY_S, 90 * _DAY_S + 1)

Setting = Mapping[str, Any]


def checked_settings(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in a client's `document`; null values are kept.

    Raises:
        StorageError: 400, a value is not of the right kind.
    """
    settings = {name: document[name] for name in _SETTINGS if name in document}
    for name, value in settings.items():
        if value is not None and not isinstance(value, _SETTINGS[name]):
            raise invalid(f"Invalid value for {name}: {value!r}")
    if (settings.get("storageClass") or "STANDARD") not in _STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {settings['storageClass']!r}")
    return settings


def completed(
    settings: Mapping[str, Any], location: Location, before: Setting | None = None
) -> dict[str, Any]:
    """Return `settings` with the defaults of a new bucket where they say nothing.

    What is null is left out, in objects too, and labels of which none is left. Times are the
    service's own: those of the settings `before`, or now where a setting changes.

    Raises:
        StorageError: 400, they contradict each other; 403, a locked setting would be lessened.
    """
    given, before = _without_nulls(settings), before or {}
    if not given.get("labels"):
        given.pop("labels", None)
    access = _uniform_access(given.get("iamConfiguration", {}))
    if not access["uniformBucketLevelAccess"]["enabled"] and enabled(
        given, "hierarchicalNamespace"
    ):
        raise invalid("Hierarchical namespace buckets must use uniform bucket-level access.")
    _check_lock(given.get("retentionPolicy"), before.get("retentionPolicy"))
    now = timestamp(datetime.now(timezone.utc))
    for name in [name for name in _TIMED if name in given]:
        given[name] = _TIMED[name](given[name], before.get(name) or {}, now)
    found = {"storageClass": "STANDARD", **_recovery_point(given, location), **given}
    return {name: value for name, value in found.items() if value != {}} | {
        "iamConfiguration": access
    }


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings `below` with those `above` laid over them: objects merge."""
    both = dict(below)
    for name, value in above.items():
        if isinstance(value, dict) and isinstance(both.get(name), dict):
            both[name] = laid_over(both[name], value)
        else:
            both[name] = value
    return both


def locked(policy: Setting) -> dict[str, Any]:
    """Return a retention policy, locked."""
    return {**policy, "isLocked": True}


def soft_delete_period(settings: Mapping[str, Any]) -> timedelta:
    """Return for how long what is deleted can be restored; zero if nothing says so.

    The service's new buckets have a week, those here nothing: weights are large, and deleting
    them is to give back the disk.
    """
    policy = settings.get("softDeletePolicy") or {}
    return timedelta(seconds=int(policy.get("retentionDurationSeconds", 0)))


def enabled(settings: Mapping[str, Any], name: str) -> bool:
    """Say whether the setting `name` is enabled; raises StorageError 400 if it is no object."""
    setting = settings.get(name) or {}
    if not isinstance(setting, dict):
        raise invalid(f"Invalid value for {name}: {setting!r}")
    return bool(setting.get("enabled"))


def _uniform_access(configuration: Mapping[str, Any]) -> dict[str, Any]:
    uniform = {"enabled": enabled(configuration, "uniformBucketLevelAccess")}
    prevention = configuration.get("publicAccessPrevention") or "inherited"
    if prevention not in ("inherited", "enforced"):
        raise invalid(f"Invalid publicAccessPrevention: {prevention!r}")
    return {
        "uniformBucketLevelAccess": uniform,
        "bucketPolicyOnly": uniform,
        "publicAccessPrevention": prevention,
    }


def _recovery_point(given: Setting, location: Location) -> dict[str, str]:
    """Return the default of `rpo`; a region has none."""
    if given.get("rpo", "DEFAULT") not in ("DEFAULT", "ASYNC_TURBO"):
        raise invalid(f"Invalid rpo: {given['rpo']!r}")
    if given.get("rpo") == "ASYNC_TURBO" and location.kind != "dual-region":
        raise invalid("Turbo replication is for dual-region buckets only.")
    return {} if location.kind == "region" else {"rpo": "DEFAULT"}


def _check_lock(policy: Setting | None, before: Setting | None) -> None:
    if not before or not before.get("isLocked"):
        return
    if not policy or _seconds(policy, "retentionPeriod") < int(before["retentionPeriod"]):
        raise StorageError(
            403,
            "forbidden",
            "Cannot remove or reduce the retention duration of a locked retention policy.",
        )


def _autoclass(given: Setting, before: Setting, now: str) -> dict[str, Any]:
    toggled = bool(given.get("enabled")) != bool(before.get("enabled"))
    stamped = {
        "enabled": bool(given.get("enabled")),
        "toggleTime": now if toggled else before.get("toggleTime", now),
    }
    if not stamped["enabled"]:
        return stamped
    last = given.get("terminalStorageClass", "NEARLINE")
    if last not in _TERMINAL_CLASSES:
        raise invalid(f"Invalid terminalStorageClass: {last!r}")
    same = last == before.get("terminalStorageClass")
    since = before["terminalStorageClassUpdateTime"] if same else now
    return {**stamped, "terminalStorageClass": last, "terminalStorageClassUpdateTime": since}


def _retention_policy(given: Setting, before: Setting, now: str) -> dict[str, Any]:
    period_s = _seconds(given, "retentionPeriod")
    if period_s not in _RETENTION_S:
        raise invalid("The retention period must be at least a second and at most 100 years.")
    return _since({"retentionPeriod": str(period_s)}, before, now) | (
        {"isLocked": True} if before.get("isLocked") else {}
    )


def _soft_delete_policy(given: Setting, before: Setting, now: str) -> dict[str, Any]:
    duration_s = _seconds(given, "retentionDurationSeconds")
    if duration_s and duration_s not in _SOFT_DELETE_S:
        raise invalid("The retention duration must be zero, or from 7 to 90 days.")
    return _since({"retentionDurationSeconds": str(duration_s)}, before, now)


def _encryption(given: Setting, before: Setting, now: str) -> dict[str, Any]:
    """Stamp what is enforced. New objects are not held to it: all are encrypted by Google."""
    return {
        name: _enforcement(value, before.get(name) or {}, now)
        if name.endswith("EnforcementConfig")
        else value
        for name, value in given.items()
    }


def _enforcement(given: object, before: Setting, now: str) -> dict[str, Any]:
    mode = given.get("restrictionMode", "NotRestricted") if isinstance(given, dict) else given
    if mode not in ("NotRestricted", "FullyRestricted"):
        raise invalid(f"Invalid restrictionMode: {mode!r}")
    if mode != before.get("restrictionMode", "NotRestricted"):
        return {"restrictionMode": mode, "effectiveTime": now}
    since = {name: before[name] for name in ("effectiveTime",) if name in before}
    return {"restrictionMode": mode, **since}


def _ip_filter(given: Setting, before: Setting, now: str) -> dict[str, Any]:
    """Check the mode. Nobody is kept out: all callers of a rehearsal are on this machine."""
    if given.get("mode") not in ("Enabled", "Disabled"):
        raise invalid(f"Invalid mode of the IP filter: {given.get('mode')!r}")
    return dict(given)


def _since(given: dict[str, Any], before: Setting, now: str) -> dict[str, Any]:
    unchanged = all(before.get(name) == value for name, value in given.items())
    return {**given, "effectiveTime": before["effectiveTime"] if unchanged else now}


def _seconds(setting: Setting, name: str) -> int:
    value = setting.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise invalid(f"Invalid value for {name}: {value!r}")
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise invalid(f"Invalid value for {name}: {value!r}")
    return int(text)


def _without_nulls(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if value is not None
    }


_TIMED: Mapping[str, Callable[[Setting, Setting, str], dict[str, Any]]] = {
    "autoclass": _autoclass,
    "encryption": _encryption,
    "ipFilter": _ip_filter,
    "retentionPolicy": _retention_policy,
    "softDeletePolicy": _soft_delete_policy,
}
"""Settings that the service checks or adds times to."""
