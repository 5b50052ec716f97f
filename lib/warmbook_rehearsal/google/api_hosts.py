"""At which host Google has a path: the rehearsal answers all of them at one address."""

from __future__ import annotations

import re

_PROJECT = r"/v1/projects/[^/]+"
_HOSTS = tuple(
    (re.compile(paths), f"{name}.googleapis.com")
    for paths, name in (
        (r"/compute/v1/", "compute"),
        (r"/v3/projects/[^/]+/timeSeries$", "monitoring"),
        (r"/v3/", "cloudresourcemanager"),
        (rf"{_PROJECT}/locations/global/services/", "cloudquotas"),
        (rf"{_PROJECT}/(?:locations|zones|aggregated)/", "container"),
        (rf"{_PROJECT}/billingInfo$|/v1/billingAccounts", "cloudbilling"),
        (r"/v1/[^/]+/[^/]+/services(?:$|[/:])|/v1/operations/", "serviceusage"),
        (rf"(?:{_PROJECT})?/(?:v1/)?(?:roles|serviceAccounts)(?:$|[/:])", "iam"),
        (r"/v1/token$", "sts"),
        (r"/v1/projects", "cloudresourcemanager"),
    )
)
"""Patterns of a path's beginning, the first that fits counts. Source: the discovery documents."""


def api_host(path: str) -> str:
    """Return the host of the API that has the path, "" for one that none has."""
    return next((host for paths, host in _HOSTS if paths.match(path)), "")
