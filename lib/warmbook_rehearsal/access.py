"""Who calls the rehearsal, and what they may do; knows roles, not resources."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

Binding = Mapping[str, Any]
"""One line of an IAM policy: `role`, `members`, and perhaps a `condition`."""

_STARTS_WITH = re.compile(
    r"""resource\.name\.startsWith\(\s*(?P<quote>["'])(?P<prefix>[^"'\\]+)(?P=quote)\s*\)"""
)

_TABLES: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(
    resources.files(__package__).joinpath("iam.json").read_text("utf-8")
)

ROLES: Mapping[str, frozenset[str]] = {
    role: frozenset(permissions) for role, permissions in _TABLES["roles"].items()
}
"""What Google's roles hold, of the permissions of the services that the rehearsal imitates.

A role that is not here gives nothing. Source: iam-dataset; see tools/iam_roles.py.
"""

METHODS: Mapping[str, frozenset[str]] = {
    method: frozenset(permissions) for method, permissions in _TABLES["methods"].items()
}
"""What Google's methods may ask for, by their names in the discovery documents.

Some of it is asked for only where a request wants more. Source: as for `ROLES`.
"""

_BASIC = {
    "projectOwner": "roles/owner",
    "projectEditor": "roles/editor",
    "projectViewer": "roles/viewer",
}
"""Who a bucket's policy means by these. Source: Cloud Storage, "Convenience values"."""


@dataclass(frozen=True)
class Caller:
    """Who sent a request: the IAM `member`, and how Google `display`s it in a message.

    `quota_project` is the one that the request is to count against, "" where it names none;
    `is_gcloud` says that gcloud's own client sent it.
    """

    member: str
    display: str
    quota_project: str = ""
    is_gcloud: bool = False

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
        and permission in ROLES.get(str(binding.get("role")), frozenset())
        for policy in policies
        for binding in policy
        if _applies(binding.get("condition"), resource)
    )


def of_bucket(
    bindings: Iterable[Binding], project: Iterable[Binding], names: Collection[str]
) -> Iterator[Binding]:
    """Yield a bucket's bindings, with the owners, editors and viewers of its project by name.

    `names` are the project's; of another project nobody is known here.
    """
    basic = {
        role: [m for b in project if b.get("role") == role for m in b.get("members", ())]
        for role in _BASIC.values()
    }
    for binding in bindings:
        members = list(binding.get("members", ()))
        teams = (name.partition(":") for name in members)
        meant = [
            m for team, _, of in teams if of in names for m in basic.get(_BASIC.get(team, ""), ())
        ]
        yield {**binding, "members": [*members, *meant]}


def _applies(condition: Mapping[str, Any] | None, resource: str) -> bool:
    if not condition:
        return True
    found = _STARTS_WITH.fullmatch(str(condition.get("expression")).strip())
    return found is not None and resource.startswith(found["prefix"])


def _names(caller: Caller) -> set[str]:
    everybody = {"allUsers"} if caller == ANONYMOUS else {"allUsers", "allAuthenticatedUsers"}
    return {caller.member, *everybody}
