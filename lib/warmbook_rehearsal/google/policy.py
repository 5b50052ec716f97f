"""A project's IAM policy: bindings and the etag that guards them; it decides nothing."""

from __future__ import annotations

import re
import secrets
from typing import Any

from google.iam.v1 import policy_pb2
from google.protobuf import json_format

from ..access import Binding
from ..propagation import Propagation
from .errors import GoogleError, invalid

_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|domain:[^@\s]+|(user|group|serviceAccount):[^@\s]+@[^@\s]+"
    r"|serviceAccount:[^\s\[]+\[[^/\s]+/[^/\s]+\]|principal(Set)?://\S+|deleted:\S+"
)
_ROLE = re.compile(r"(projects/[^/]+/|organizations/[^/]+/)?roles/[A-Za-z0-9_.]+")


class ProjectPolicy:
    """The allow policy of one project, owned by `owner` from the start."""

    def __init__(self, owner: str, propagation: Propagation | None = None) -> None:
        self._propagation, self._mark = propagation or Propagation(), object()
        self._policy = policy_pb2.Policy(version=1, etag=_new_etag())
        self._policy.bindings.add(role="roles/owner", members=[owner])

    @property
    def bindings(self) -> list[Binding]:
        """Return the bindings that hold by now, as JSON has them."""
        return self._propagation.holding(self._written(), self._mark)

    def _written(self) -> list[Binding]:
        found: list[Binding] = json_format.MessageToDict(self._policy).get("bindings", [])
        return found

    def read(self) -> Any:
        """Return the policy with its etag."""
        return self._policy

    def replace(self, policy: Any) -> Any:
        """Set the policy, unless someone else changed it since it was read.

        Raises:
            GoogleError: 409 ABORTED if the etag is stale, 400 for a malformed role or member.
        """
        if policy.etag and policy.etag != self._policy.etag:
            raise GoogleError(
                "ABORTED",
                "There were concurrent policy changes. Please retry the whole read-modify-write "
                "with exponential backoff.",
            )
        for binding in policy.bindings:
            _check(binding)
        before = self._written()
        self._policy = policy_pb2.Policy(bindings=[b for b in policy.bindings if b.members])
        conditional = any(binding.HasField("condition") for binding in self._policy.bindings)
        self._policy.version = 3 if conditional else 1
        self._policy.etag = _new_etag()
        self._propagation.changed(before, self._written(), self._mark)
        return self._policy


def _check(binding: Any) -> None:
    if not _ROLE.fullmatch(binding.role):
        raise invalid(f"Role {binding.role} is not supported for this resource.")
    for member in binding.members:
        if not _MEMBER.fullmatch(member):
            raise invalid(f"The member {member} is of an unknown type or has a malformed value.")
        if member in ("allUsers", "allAuthenticatedUsers"):
            raise invalid(f"Members of type {member} are not supported for this resource.")


def _new_etag() -> bytes:
    return b"\x07" + secrets.token_bytes(7)
