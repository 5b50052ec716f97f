"""A bucket's IAM policy and its etag; who asks, and the project's policy, come from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warmbook_rehearsal.access import Binding

from .errors import condition_not_met, invalid
from .etags import etag

_ROLE = re.compile(r"((projects|organizations)/[^/]+/)?roles/[A-Za-z0-9_.]+")
_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers"
    r"|(deleted:)?(user|serviceAccount|group|domain|principal|principalSet):.+"
    r"|project(Owner|Editor|Viewer):.+"
)
_VERSIONS = (1, 3)
_CONDITIONS_VERSION = 3


@dataclass(frozen=True)
class Policy:
    """The bindings of a bucket; every change raises `revision`, and so changes the etag."""

    bindings: Sequence[Binding]
    version: int = 1
    revision: int = 1

    @property
    def etag(self) -> str:
        """What a writer sends back to prove that it read this revision."""
        return etag(self.revision)

    def replaced_by(self, document: Mapping[str, Any]) -> Policy:
        """Return the policy that a client's `document` makes of this one.

        Raises:
            StorageError: 412, the document was read from an older revision; 400, it is malformed.
        """
        if document.get("etag") and document["etag"] != self.etag:
            raise condition_not_met()
        version = document.get("version", 1)
        if type(version) is not int or version not in _VERSIONS:
            raise invalid(f"Invalid policy version: {version!r}.")
        bindings = _bindings(document.get("bindings", []))
        if version < _CONDITIONS_VERSION and any(b.get("condition") for b in bindings):
            raise invalid("Conditional bindings need policy version 3.")
        return Policy(bindings, version, self.revision + 1)

    def as_json(self, bucket: str) -> dict[str, Any]:
        """Return the resource of the JSON API."""
        return {
            "kind": "storage#policy",
            "resourceId": f"projects/_/buckets/{bucket}",
            "version": self.version,
            "etag": self.etag,
            "bindings": list(self.bindings),
        }


def default_policy(project_id: str) -> Policy:
    """Return the policy a new bucket starts with."""
    owners = [f"projectEditor:{project_id}", f"projectOwner:{project_id}"]
    viewers = [f"projectViewer:{project_id}"]
    return Policy(
        [
            {"role": f"roles/storage.legacy{kind}{may}", "members": members}
            for kind in ("Bucket", "Object")
            for may, members in (("Owner", owners), ("Reader", viewers))
        ]
    )


def _bindings(document: object) -> list[Binding]:
    if not isinstance(document, list):
        raise invalid("The policy's bindings must be a list.")
    return [_binding(entry) for entry in document]


def _binding(entry: object) -> Binding:
    if not isinstance(entry, dict):
        raise invalid("Each binding of a policy must be an object.")
    role, members, condition = entry.get("role"), entry.get("members", []), entry.get("condition")
    if not isinstance(role, str) or not _ROLE.fullmatch(role):
        raise invalid(f"Role {role} is not supported for this resource.")
    if not isinstance(members, list):
        raise invalid(f"The members of {role} must be a list.")
    for member in members:
        if not isinstance(member, str) or not _MEMBER.fullmatch(member):
            raise invalid(f"Invalid argument: '{member}' is not a member.")
    if condition is not None and not isinstance(condition, dict):
        raise invalid(f"The condition of {role} must be an object.")
    return {"role": role, "members": members} | ({"condition": condition} if condition else {})
