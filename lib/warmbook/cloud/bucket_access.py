"""Who may read a bucket, by its IAM policy: what the service account holds, and near misses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..settings import Settings

SEE = "storage.buckets.get"
READ = ("storage.objects.list", "storage.objects.get")
SERVING = (SEE, *READ)
"""What the streamer needs. Source: guide, "Otorga a tu KSA los permisos necesarios"."""

_ALL = frozenset(SERVING)
_READ = frozenset(READ)
GIVES: Mapping[str, frozenset[str]] = {
    "roles/storage.bucketViewer": frozenset({SEE}),
    "roles/storage.objectUser": _READ,
    "roles/storage.objectViewer": _READ,
    "roles/storage.objectAdmin": _READ,
    "roles/storage.admin": _ALL,
    "roles/storage.legacyBucketReader": frozenset({SEE, "storage.objects.list"}),
    "roles/storage.legacyBucketOwner": frozenset({SEE, "storage.objects.list"}),
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
    "roles/owner": _ALL,
    "roles/editor": frozenset(),
}
"""What roles give of SERVING. Source: Cloud Storage, "IAM roles for Cloud Storage"."""

EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
_SUBJECT = re.compile(
    r"principal://iam\.googleapis\.com/projects/(?P<number>[^/]+)/locations/global/"
    r"workloadIdentityPools/(?P<pool>[^/]+)/subject/ns/(?P<namespace>[^/]+)/sa/(?P<account>[^/]+)"
)


@dataclass
class Held:
    """What an account holds of SERVING, for certain or perhaps; `near` missed it, by pitfall.

    Perhaps: the role is bound under a condition, or nobody knows what it gives.
    """

    certain: set[str] = field(default_factory=set)
    perhaps: dict[str, str] = field(default_factory=dict)
    near: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Permission to the name of the pitfall and the member that has it instead."""

    @property
    def missing(self) -> list[str]:
        """What the account holds in no way."""
        return [one for one in SERVING if one not in self.certain and one not in self.perhaps]


def held(bindings: Iterable[Any], principal: str, settings: Settings) -> Held:
    """Return what `principal` holds by the bindings of a bucket's and a project's policy."""
    holdings = Held()
    for binding in bindings:
        role, members, condition = _parts(binding)
        gives = GIVES.get(role, frozenset())
        if any(_is(member, principal, settings) for member in members):
            if condition:
                holdings.perhaps |= {name: f"{role}, {condition}" for name in gives}
            elif "/roles/" in role:
                holdings.perhaps |= {name: role for name in SERVING}
            holdings.certain |= set() if condition else gives
        for member in members:
            if pitfall := _near_miss(member, principal, settings):
                holdings.near |= {name: (pitfall, member) for name in gives}
    holdings.perhaps = {k: v for k, v in holdings.perhaps.items() if k not in holdings.certain}
    return holdings


def _parts(binding: Any) -> tuple[str, set[str], str]:
    """Return role, members and condition, of Cloud Storage's dicts or of the project's protos."""
    if isinstance(binding, dict):
        condition = binding.get("condition") or {}
        title = str(condition.get("title") or condition.get("expression") or "")
        return str(binding["role"]), set(binding["members"]), title
    condition = binding.condition
    return binding.role, set(binding.members), condition.title or condition.expression


def _is(member: str, principal: str, settings: Settings) -> bool:
    """Say whether a binding's member takes the account in.

    Source: GKE, "Workload Identity Federation", principal identifiers: one account, all of a
    namespace, all of a cluster.
    """
    if not principal.startswith("principal://"):
        return member in EVERYBODY | {principal}
    pool = principal.partition("/subject/")[0].replace("principal://", "principalSet://")
    return member in EVERYBODY | {
        principal,
        f"{pool}/namespace/{settings.namespace}",
        f"{pool}/kubernetes.cluster/https://container.googleapis.com/v1/projects/"
        f"{settings.project_id}/locations/{settings.location}/clusters/{settings.cluster_name}",
    }


def _near_miss(member: str, principal: str, settings: Settings) -> str:
    """Return the pitfall by which the member is not the account, "" where it is far from it."""
    told = _SUBJECT.fullmatch(member)
    if told is None or member == principal or told["pool"] != settings.workload_pool:
        return ""
    if not principal.startswith("principal://"):  # a Google account is near to none of these
        return ""
    ours = (told["namespace"], told["account"]) == (settings.namespace, settings.service_account)
    return "project-id-for-number" if ours else "binding-other-namespace"
