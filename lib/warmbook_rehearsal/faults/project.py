"""What goes wrong around the project: who pays, what is on, who the reader is and may do."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from google.iam.v1 import policy_pb2

from ..google.errors import unauthenticated
from ..google.service_catalogue import TITLES
from ..request_faults import Incoming
from .fault import Target, fault

GKE, STORAGE = "container.googleapis.com", "storage.googleapis.com"
PREPARES = ("roles/resourcemanager.projectIamAdmin", "roles/serviceusage.serviceUsageAdmin")
"""With these notebook 02 can be carried out; it gives what the others need."""
ALL_BUT_THE_USE = (
    *("roles/resourcemanager.projectIamAdmin", "roles/container.admin", "roles/storage.admin"),
    *("roles/compute.viewer", "roles/iam.serviceAccountUser", "roles/cloudquotas.viewer"),
)
"""What the notebooks need, but for the right to let requests count against the project."""


@fault(
    "quota-project",
    "the reader may not let requests count against the project",
    pitfall="quota-project",
)
def quota_project(rehearsal: Target) -> None:
    """Leave the reader all roles but Service Usage Consumer, in a project with all APIs on.

    Giving the role mends it.
    """
    rehearsal.cloud.project.enable(TITLES)
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {role: [reader] for role in ALL_BUT_THE_USE})


@fault(
    "credentials-expired",
    "the sign-in ends in the middle of the work",
    pitfall="credentials-expired",
)
def credentials_expired(rehearsal: Target) -> None:
    """Let the token end at the first look at a cluster; `callers.token` is a new sign-in's.

    A rehearsal has no sign-in: the learner mends it by starting it again.
    """

    async def end(incoming: Incoming) -> None:
        if _asks_gke(incoming):
            rehearsal.request_faults.remove(end)
            rehearsal.callers.token = secrets.token_urlsafe(24)
            raise unauthenticated(sent=True)

    rehearsal.request_faults.add(end)


@fault(
    "project-missing",
    "the project in the form is not the reader's",
    pitfall="project-missing",
    project_id="rehearsal-projects",
)
def project_missing(rehearsal: Target) -> None:
    """Change nothing in the cloud: the choice is the mistake, a letter too many."""


@fault("billing-off", "no billing account pays for the project", pitfall="billing-off")
def billing_off(rehearsal: Target) -> None:
    """Take the billing account away."""
    rehearsal.cloud.project.billing_account = ""


@fault(
    "api-off-resource-manager",
    "somebody turns the Resource Manager API off after notebook 02",
    pitfall="api-off",
)
def api_off_resource_manager(rehearsal: Target) -> None:
    """Turn it off once, when GKE is first asked; enabling it again mends it."""
    _turn_off_once(rehearsal, "cloudresourcemanager.googleapis.com", _asks_gke)


@fault(
    "api-off-storage",
    "somebody turns the Cloud Storage API off after notebook 02",
    pitfall="api-off",
)
def api_off_storage(rehearsal: Target) -> None:
    """Turn it off once, when the bucket is first used; enabling it again mends it."""
    _turn_off_once(rehearsal, STORAGE, _asks_storage)


@fault(
    "api-off-container",
    "somebody turns the Kubernetes Engine API off after notebook 02",
    pitfall="api-off",
)
def api_off_container(rehearsal: Target) -> None:
    """Turn it off once, when GKE is first asked; enabling it again mends it."""
    _turn_off_once(rehearsal, GKE, _asks_gke)


def _turn_off_once(rehearsal: Target, service: str, uses: Callable[[Incoming], bool]) -> None:
    async def turn_off(incoming: Incoming) -> None:
        # before notebook 02 an API that is off is nothing but the usual
        if GKE in rehearsal.cloud.project.services and uses(incoming):
            rehearsal.request_faults.remove(turn_off)
            rehearsal.cloud.project.disable([service])

    rehearsal.request_faults.add(turn_off)


@fault(
    "role-missing-cluster",
    "the reader is no owner, and somebody takes Kubernetes Engine Admin away after notebook 02",
    pitfall="role-missing",
)
def role_missing_cluster(rehearsal: Target) -> None:
    """Leave the reader the sight of clusters; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/container.admin", keep=("roles/container.clusterViewer",))


@fault(
    "role-missing-bucket",
    "the reader is no owner, and somebody takes Storage Admin away after notebook 02",
    pitfall="role-missing",
)
def role_missing_bucket(rehearsal: Target) -> None:
    """Leave the reader the sight of the bucket; notebook 02 gives the role again."""
    keep = ("roles/storage.bucketViewer", "roles/storage.objectUser")
    _lose_once(rehearsal, "roles/storage.admin", keep=keep)


@fault(
    "bucket-forbidden",
    "the reader is no owner, and may not even look at the bucket after notebook 02",
    pitfall="role-missing",
)
def bucket_forbidden(rehearsal: Target) -> None:
    """Leave the reader nothing of Cloud Storage; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/storage.admin")


@fault(
    "role-missing-nodes",
    "the reader is no owner, and somebody takes Service Account User away after notebook 02",
    pitfall="role-missing",
)
def role_missing_nodes(rehearsal: Target) -> None:
    """Leave the reader the other roles; notebook 02 gives this one again."""
    _lose_once(rehearsal, "roles/iam.serviceAccountUser")


def _lose_once(rehearsal: Target, role: str, *, keep: tuple[str, ...] = ()) -> None:
    """Make the reader no owner; take `role` once notebook 02 has given it and `keep` the rest."""
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {given: [reader] for given in (*PREPARES, *keep)})

    async def take(incoming: Incoming) -> None:
        after_notebook_02 = _asks_storage(incoming) or _asks_gke(incoming)
        held = any(binding["role"] == role for binding in rehearsal.cloud.bindings())
        if after_notebook_02 and held:
            rehearsal.request_faults.remove(take)
            _rewrite(rehearsal, lambda bindings: {r: m for r, m in bindings.items() if r != role})

    rehearsal.request_faults.add(take)


def _rewrite(
    rehearsal: Target, change: Callable[[dict[str, list[str]]], dict[str, list[str]]]
) -> None:
    """Give the project another policy, its roles and their members."""
    policy = rehearsal.cloud.project.policy
    before = {binding.role: list(binding.members) for binding in policy.read().bindings}
    after = [policy_pb2.Binding(role=r, members=m) for r, m in change(before).items()]
    policy.replace(policy_pb2.Policy(bindings=after))


def _asks_gke(incoming: Incoming) -> bool:
    """Tell a request for a cluster; notebook 02 lists those of all places, to see GKE answer."""
    in_one_place = "/clusters" in incoming.path and "/locations/-/" not in incoming.path
    return incoming.service == "google" and in_one_place


def _asks_storage(incoming: Incoming) -> bool:
    """Tell a request for a bucket; notebook 02 lists them, to see Cloud Storage answer."""
    return incoming.service == "storage" and incoming.path != "/storage/v1/b"
