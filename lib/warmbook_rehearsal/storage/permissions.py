"""Who may do what with buckets and objects: policies and access control lists; stores neither."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from warmbook_rehearsal.access import Binding, Caller, of_bucket, permitted
from warmbook_rehearsal.propagation import Propagation

from .acls import (
    OBJECT_ROLES,
    Entry,
    bindings_of,
    bindings_with,
    entries_of,
    project_entries,
    without_public,
)
from .buckets import Bucket
from .errors import api_off, forbidden
from .objects import Fields, Meta


class Permissions:
    """What callers may do in one project's buckets, and how that changes.

    `project_bindings` is the policy that every bucket inherits; `is_on` says whether the API is
    on in the project.
    """

    def __init__(
        self,
        *,
        project_id: str,
        project_number: str,
        project_bindings: Callable[[], Iterable[Binding]],
        propagation: Propagation,
        is_on: Callable[[], bool],
    ) -> None:
        self._names = project_id, project_number
        self._project_bindings, self._is_on = project_bindings, is_on
        self._propagation = propagation

    def require(self, caller: Caller, quota_project: str) -> None:
        """Pass if the API is on, and the caller may let requests count against a project, if any.

        Source: Cloud Storage, "IAM permissions for JSON methods", footnote 1.

        Raises:
            StorageError: 403.
        """
        if not self._is_on():
            raise api_off(self._names[1])
        use = "serviceusage.services.use"
        known = quota_project in ("", *self._names)
        if quota_project and not (known and self.may_in_project(caller, use)):
            raise forbidden(caller.display, use, "project")

    def may_in_project(self, caller: Caller, permission: str) -> bool:
        """Say whether the caller has `permission` on the project."""
        return permitted(caller, permission, self._project_bindings())

    def may(self, caller: Caller, permission: str, bucket: Bucket, about: str = "") -> bool:
        """Say whether the caller has `permission` on `bucket`, or on its object `about`.

        The bucket's policy gives it, or the project's, or the object's access control list.
        """
        project = list(self._project_bindings())
        own = self._propagation.holding(bucket.policy.bindings, bucket.name)
        given = [*own, *self._listed(bucket, about)]
        if bucket.prevents_public_access:
            given = without_public(given)
        policies = of_bucket(given, project, self._names), project
        resource = f"projects/_/buckets/{bucket.name}{f'/objects/{about}' if about else ''}"
        return permitted(caller, permission, *policies, resource=resource)

    def _listed(self, bucket: Bucket, about: str) -> list[Binding]:
        live = bucket.objects.get(about)
        if live is None or bucket.uniform:
            return []
        return bindings_of(self.object_acl(live), OBJECT_ROLES, self._names)

    def set_policy(self, bucket: Bucket, document: Mapping[str, Any]) -> None:
        """Replace a bucket's policy by a client's `document`; what it adds holds later.

        Raises:
            StorageError: As `Bucket.set_policy`.
        """
        before = bucket.policy
        bucket.set_policy(document)
        self._propagation.changed(before.bindings, bucket.policy.bindings, bucket.name)

    def bucket_acl(self, bucket: Bucket) -> list[Entry]:
        """Return the list of a bucket, which its policy implies."""
        return entries_of(bucket.policy.bindings, self._names)

    def set_bucket_acl(self, bucket: Bucket, entries: Sequence[Entry]) -> None:
        """Put a list in the place of a bucket's; what it adds holds later.

        Raises:
            StorageError: 400 or 412.
        """
        bucket.check_acl(entries)
        policy = bucket.policy
        bindings = bindings_with(policy.bindings, entries, self._names)
        bucket.policy = replace(policy, bindings=bindings, revision=policy.revision + 1)
        self._propagation.changed(policy.bindings, bindings, bucket.name)

    def default_acl(self, bucket: Bucket) -> Sequence[Entry]:
        """Return the list that new objects of a bucket have."""
        return self._or_teams(bucket.default_acl)

    def object_acl(self, meta: Meta) -> Sequence[Entry]:
        """Return the list of an object."""
        return self._or_teams(meta.fields.get("acl"))

    def _or_teams(self, listed: Sequence[Entry] | None) -> Sequence[Entry]:
        return project_entries(self._names[1]) if listed is None else listed


def needed_to_write(fields: Fields) -> Iterator[str]:
    """Yield what a request for a new object needs for these `fields`, beside the object itself.

    Source: Cloud Storage, "IAM permissions for JSON methods", footnotes 8 and 19.
    """
    if fields.get("retention"):
        yield "storage.objects.setRetention"
    if fields.get("contexts"):
        yield "storage.objects.createContext"


def needed_to_change(
    before: Fields, after: Fields, asked: Collection[str], *, replaces: bool
) -> Iterator[str]:
    """Yield what a change of an object's fields needs, beside `storage.objects.update`.

    `asked` are the fields that the request names; one that `replaces` removes all others.
    Source: as for `needed_to_write`, footnotes 5, 8 and 20 to 22.
    """
    if "acl" in asked:
        yield "storage.objects.setIamPolicy"
    if "retention" in asked or (replaces and before.get("retention")):
        yield "storage.objects.setRetention"
    old, new = ((fields.get("contexts") or {}).get("custom", {}) for fields in (before, after))
    if new.keys() - old.keys():
        yield "storage.objects.createContext"
    if any(old[key]["value"] != new[key]["value"] for key in old.keys() & new.keys()):
        yield "storage.objects.updateContext"
    if old.keys() - new.keys():
        yield "storage.objects.deleteContext"
