"""Who calls the rehearsal, and what they may do; knows roles, not resources."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Binding = Mapping[str, Any]
"""One line of an IAM policy: `role`, `members`, and perhaps a `condition`."""

_OBJECT_READ = frozenset({"storage.objects.get", "storage.objects.list"})
_OBJECT_USE = _OBJECT_READ | {
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.move",
    "storage.objects.update",
    "storage.multipartUploads.create",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.list",
    "storage.multipartUploads.listParts",
    "storage.folders.list",
    "storage.managedFolders.list",
}
_BUCKET_VIEW = frozenset({"storage.buckets.get", "storage.buckets.list"})

_STARTS_WITH = re.compile(
    r"""resource\.name\.startsWith\(\s*(?P<quote>["'])(?P<prefix>[^"'\\]+)(?P=quote)\s*\)"""
)

ALL = "*"
"""Stands for every permission, in `roles/owner`."""

ROLES: Mapping[str, frozenset[str]] = {
    "roles/owner": frozenset({ALL}),
    "roles/resourcemanager.projectIamAdmin": frozenset(
        f"resourcemanager.projects.{verb}" for verb in ("get", "getIamPolicy", "setIamPolicy")
    ),
    "roles/iam.serviceAccountUser": frozenset(
        f"iam.serviceAccounts.{verb}" for verb in ("actAs", "get", "list")
    ),
    "roles/serviceusage.serviceUsageAdmin": frozenset({"serviceusage.*"}),
    "roles/compute.viewer": frozenset(
        f"compute.{kind}.{verb}"
        for kind in ("projects", "regions", "zones", "acceleratorTypes", "machineTypes")
        for verb in ("get", "list")
    ),
    "roles/container.clusterViewer": frozenset(
        {"container.clusters.get", "container.clusters.list"}
    ),
    "roles/container.admin": frozenset({"container.*"}),
    "roles/monitoring.viewer": frozenset({"monitoring.timeSeries.list"}),
    "roles/cloudquotas.viewer": frozenset({"cloudquotas.quotas.get"}),
    "roles/storage.admin": frozenset({"storage.*"}),
    "roles/storage.bucketViewer": _BUCKET_VIEW,
    "roles/storage.objectViewer": _OBJECT_READ,
    "roles/storage.objectUser": _OBJECT_USE,
    "roles/storage.objectAdmin": _OBJECT_USE | {"storage.objects.getIamPolicy"},
    "roles/storage.legacyBucketReader": frozenset({"storage.buckets.get", "storage.objects.list"}),
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
    "roles/storage.legacyObjectOwner": frozenset(
        f"storage.objects.{verb}" for verb in ("get", "update", "getIamPolicy", "setIamPolicy")
    ),
    "roles/storage.legacyBucketWriter": frozenset(
        {
            "storage.buckets.get",
            "storage.objects.create",
            "storage.objects.delete",
            "storage.objects.list",
        }
    ),
    "roles/storage.legacyBucketOwner": _BUCKET_VIEW
    | {
        "storage.buckets.getIamPolicy",
        "storage.buckets.setIamPolicy",
        "storage.buckets.update",
        "storage.objects.create",
        "storage.objects.delete",
        "storage.objects.list",
    },
}
"""Permissions of the roles that the guide and the workbook meet.

Source: Cloud Storage, "IAM roles for Cloud Storage"; GKE, "Create IAM policies";
IAM, "Service Accounts roles".
"""


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the IAM `member`, and how Google `display`s it in a message."""

    member: str
    display: str

    @property
    def federated(self) -> bool:
        """Whether it is a principal of a workload identity pool, no Google account."""
        return self.member.startswith("principal://")


ANONYMOUS = Caller("anonymous", "Anonymous caller")


class Callers:
    """Tell who is calling: the token is the reader's, else the called address names the Pod.

    The streamer sends no credentials to an emulator, so a Pod is known by the loopback
    address on which it reaches the storage server. Only connections of this user's programs
    get as far as that: see `peers`.
    """

    def __init__(self, token: str, reader: Caller) -> None:
        self.token, self.reader = token, reader
        self._by_address: dict[str, Caller] = {}

    def register(self, address: str, caller: Caller) -> None:
        """Let requests that arrive on `address` count as `caller`'s."""
        self._by_address[address] = caller

    def forget(self, address: str) -> None:
        """Let `address` name nobody again."""
        self._by_address.pop(address, None)

    def signed_in(self, authorization: str | None) -> bool:
        """Say whether the header has the reader's token."""
        given, right = (authorization or "").encode(errors="replace"), f"Bearer {self.token}"
        return hmac.compare_digest(given, right.encode())

    def of(self, authorization: str | None, local_address: str) -> Caller:
        """Return who sent a request with this header to this address."""
        if self.signed_in(authorization):
            return self.reader
        return self._by_address.get(local_address, ANONYMOUS)


def permitted(
    caller: Caller, permission: str, *policies: Iterable[Binding], resource: str = ""
) -> bool:
    """Say whether any of the policies gives `permission` to `caller` on the resource.

    A binding with a condition gives nothing unless the condition is one on the beginning of the
    resource's name, such as `projects/_/buckets/B/objects/O`, and holds. Other conditions, on
    the time for example, are not understood. Source: Cloud Storage, "IAM Conditions".
    """
    return any(
        bool(_names(caller) & set(binding.get("members", ())))
        and _holds(ROLES.get(str(binding.get("role")), frozenset()), permission)
        for policy in policies
        for binding in policy
        if _applies(binding.get("condition"), resource)
    )


def _applies(condition: Mapping[str, Any] | None, resource: str) -> bool:
    if not condition:
        return True
    found = _STARTS_WITH.fullmatch(str(condition.get("expression")).strip())
    return found is not None and resource.startswith(found["prefix"])


def _names(caller: Caller) -> set[str]:
    everybody = {"allUsers"} if caller == ANONYMOUS else {"allUsers", "allAuthenticatedUsers"}
    return {caller.member, *everybody}


def _holds(permissions: frozenset[str], permission: str) -> bool:
    service = permission.partition(".")[0]
    return bool(permissions & {ALL, f"{service}.*", permission})
