"""IAM policies: read, change, write back with the etag, again when somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from .retry import rewritten


@dataclass(frozen=True)
class Grant:
    """Roles that a member held before, and those that were granted now."""

    before: tuple[str, ...]
    granted: tuple[str, ...]


def grant_on_project(clients: Any, project_id: str, roles: Collection[str], member: str) -> Grant:
    """Give `member` those of the roles on the project that they lack."""
    name = f"projects/{project_id}"

    def attempt() -> Grant:
        request = {"resource": name, "options": {"requested_policy_version": 3}}
        policy = clients.projects.get_iam_policy(request=request)
        held = {b.role for b in policy.bindings if member in b.members and not _conditional(b)}
        missing = [role for role in roles if role not in held]
        for role in missing:
            policy.bindings.add(role=role, members=[member])
        if missing:
            policy.version = 3  # else conditional bindings would be refused
            clients.projects.set_iam_policy(request={"resource": name, "policy": policy})
        return Grant(tuple(role for role in roles if role in held), tuple(missing))

    return rewritten(attempt)


def _conditional(binding: Any) -> bool:
    # Source: google.type.Expr: the title is optional
    return bool(binding.condition.expression or binding.condition.title)


def grant_on_bucket(bucket: Any, roles: Collection[str], member: str) -> Grant:
    """Give `member` those of the roles on the bucket that they lack."""

    def attempt() -> Grant:
        policy = of_bucket(bucket)
        held = held_on_bucket(policy, member)
        missing = [role for role in roles if role not in held]
        policy.bindings.extend({"role": role, "members": {member}} for role in missing)
        if missing:
            bucket.set_iam_policy(policy)
        return Grant(tuple(role for role in roles if role in held), tuple(missing))

    return rewritten(attempt)


def revoke_on_bucket(bucket: Any, roles: Collection[str], ours: Callable[[str], bool]) -> None:
    """Take the roles on the bucket back from the members that are `ours`."""

    def attempt() -> None:
        policy = of_bucket(bucket)
        for binding in policy.bindings:
            if binding["role"] in roles and not binding.get("condition"):
                binding["members"] = {m for m in binding["members"] if not ours(m)}
        policy.bindings = [binding for binding in policy.bindings if binding["members"]]
        bucket.set_iam_policy(policy)

    rewritten(attempt)


def of_bucket(bucket: Any) -> Any:
    """Return the bucket's policy, ready to be changed and written back."""
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.version = 3  # else conditional bindings would be refused
    return policy


def held_on_bucket(policy: Any, member: str) -> set[str]:
    """Return the roles that the member holds without a condition."""
    return {
        binding["role"]
        for binding in policy.bindings
        if member in binding["members"] and not binding.get("condition")
    }
