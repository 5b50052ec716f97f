"""Workload Identity Federation: the namespace, the service account, two roles on the bucket."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..cloud import roles
from ..cloud.clients import Clients
from ..cloud.iam import grant_on_bucket, held_on_bucket, of_bucket
from ..display.access import AccessDiagram, Grant
from ..display.card import Card, Row
from ..display.progress import polled, wait_until
from ..display.step import step
from ..errors import AccessError
from ..serving import guide_manifest
from ..serving.shell_commands import gcloud, kubectl
from ..settings import Settings
from ..texts import say

ROLE_REASONS = {
    "roles/storage.bucketViewer": "storage.buckets.get",
    "roles/storage.objectUser": "storage.objects.list, storage.objects.get",
    "roles/storage.objectViewer": "storage.objects.list, storage.objects.get",
}


@dataclass(frozen=True, repr=False)
class Named(Card):
    """A Kubernetes object that only has a name; `created` says whether this step made it."""

    kind: str
    name: str
    created: bool

    def title(self) -> str:
        return f"{self.kind} {self.name}"

    def rows(self) -> Sequence[Row]:
        how = say("created now") if self.created else say("already existed")
        return (Row(say("origin"), how, "ok", new=self.created),)


@step(kubectl.create_namespace)
def create_namespace(settings: Settings, clients: Clients) -> Named:
    """Create the namespace unless it exists; one that is being deleted is made anew.

    Source: guide, "Configura Workload Identity Federation for GKE".
    """
    return _create(clients, guide_manifest.namespace(settings))


@step(kubectl.create_service_account)
def create_service_account(settings: Settings, clients: Clients) -> Named:
    """Create the Kubernetes service account unless it exists.

    Source: guide, "Configura Workload Identity Federation for GKE".
    """
    return _create(clients, guide_manifest.service_account(settings))


def _create(clients: Clients, manifest: guide_manifest.Manifest) -> Named:
    from kubernetes.dynamic.exceptions import ConflictError

    kind, name = manifest["kind"], manifest["metadata"]["name"]
    namespace = manifest["metadata"].get("namespace")
    existing = clients.kubernetes.find(kind, name, namespace)
    if existing and existing["metadata"].get("deletionTimestamp"):
        wait_until(
            polled(lambda: clients.kubernetes.find(kind, name, namespace)),
            what=f"{kind} {name}",
            state=lambda left: "Terminating" if left else say("gone"),
            ready=lambda left: left is None,
            timeout_s=600,
            meanwhile=say("The cluster continues to delete it."),
        )
        existing = None
    if existing:
        return Named(kind, name, created=False)
    with suppress(ConflictError):  # made by an attempt whose answer was lost
        clients.kubernetes.create(manifest)
    return Named(kind, name, created=True)


@dataclass(frozen=True, repr=False)
class Principal(Card):
    """The service account's name in IAM: the project's number first, its ID in the pool."""

    name: str
    project_number: str

    def title(self) -> str:
        return say("Principal of the service account")

    def rows(self) -> Sequence[Row]:
        return (
            Row(say("project number"), self.project_number),
            Row(say("principal"), self.name, "ok"),
        )


@step(lambda settings: gcloud.grant_bucket_roles(settings).partition("\n")[0])
def principal(settings: Settings, clients: Clients) -> Principal:
    """Return the IAM name of the service account.

    Source: guide, "Configura Workload Identity Federation for GKE".
    """
    found = clients.projects.get_project(name=f"projects/{settings.project_id}")
    number = found.name.partition("/")[2]
    return Principal(roles.principal(settings, number), number)


@dataclass(frozen=True, repr=False)
class BucketRoles(Card):
    """The service account's roles on the bucket: from before, new, missing, beyond need."""

    bucket: str
    principal: str
    before: tuple[str, ...]
    granted: tuple[str, ...]
    missing: tuple[str, ...]
    beyond: tuple[str, ...] = ()

    def title(self) -> str:
        return say("Roles on gs://{bucket}", bucket=self.bucket)

    def rows(self) -> Sequence[Row]:
        return (
            *(
                Row(role, f"{say('already granted')} ({ROLE_REASONS[role]})", "ok")
                for role in self.before
            ),
            *(
                Row(role, f"{say('granted now')} ({ROLE_REASONS[role]})", "ok", new=True)
                for role in self.granted
            ),
            *(Row(role, say("missing"), "error") for role in self.missing),
            *(
                Row(
                    role, say("existed before and is not needed: notebook 10 revokes it"), "warning"
                )
                for role in self.beyond
            ),
        )

    def note(self) -> str:
        return self.principal

    def access(self) -> AccessDiagram:
        """Return what the Pod may do on the bucket, as a diagram."""
        held = (*self.before, *self.granted)
        grants = (Grant(role, ROLE_REASONS[role], role in held) for role in (*held, *self.missing))
        names = (
            say("the Pod"),
            say("its service account"),
            self.principal.rpartition("/subject/")[2],
        )
        return AccessDiagram(names, tuple(grants), f"gs://{self.bucket}")


@step(gcloud.grant_bucket_roles)
def grant_bucket_roles(settings: Settings, clients: Clients) -> BucketRoles:
    """Give the service account the two roles on the bucket unless it holds them.

    Source: guide, "Otorga a tu KSA los permisos necesarios". Read, changed and written back
    with the policy's etag; when somebody else wrote in between, all of it is done again.

    Raises:
        AccessError: The reader lacks storage.buckets.setIamPolicy on the bucket.
    """
    from google.api_core.exceptions import Forbidden

    wanted, member = roles.bucket_roles(settings), principal(settings, clients).name
    bucket = clients.storage.bucket(settings.bucket_name)
    try:
        made = grant_on_bucket(bucket, wanted, member)
        held = held_on_bucket(of_bucket(bucket), member)
    except Forbidden as error:
        raise AccessError(
            say("You may not change the IAM policy of gs://{bucket}.", bucket=settings.bucket_name),
            remedy=say("Run notebook 02, which grants Storage Admin, or ask the bucket's owner."),
            pitfall="role-missing",
        ) from error
    return BucketRoles(
        bucket=settings.bucket_name,
        principal=member,
        before=made.before,
        granted=made.granted,
        missing=tuple(role for role in wanted if role not in held),
        beyond=tuple(role for role in roles.GIVEN_ROLES if role in {*held} - {*wanted}),
    )
