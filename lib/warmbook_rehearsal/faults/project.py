"""What goes wrong around the project: who pays, what is on, who the reader is and may do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping

from google.iam.v1 import policy_pb2

from ..google.errors import unauthenticated
from ..google.service_catalogue import NEEDS, TITLES
from ..request_faults import Incoming
from .fault import POLICY, Target, fault
from .mends import LINK_BILLING, SIGN_IN, chosen, enable, grant

GKE, STORAGE = "container.googleapis.com", "storage.googleapis.com"
OF_CLUSTERS = {GKE, *NEEDS[GKE]}
PREPARES = ("roles/resourcemanager.projectIamAdmin", "roles/serviceusage.serviceUsageAdmin")
"""With these notebook 02 can be carried out; it gives what the others need."""
ALL_BUT_THE_USE = (
    *("roles/resourcemanager.projectIamAdmin", "roles/container.admin", "roles/storage.admin"),
    *("roles/compute.viewer", "roles/iam.serviceAccountUser", "roles/cloudquotas.viewer"),
)
"""What the notebooks need, but for the right to let requests count against the project."""


@fault(
    "quota-project",
    "you are not allowed to charge requests to the project's quota",
    pitfall="quota-project",
    mend=grant("roles/serviceusage.serviceUsageConsumer"),
    places=(POLICY,),
)
def quota_project(rehearsal: Target) -> None:
    """Leave the reader all roles but Service Usage Consumer, in a project with all APIs on.

    Giving the role mends it. Taken back, the APIs go off again, but for those that clusters need.
    """
    project, clusters = rehearsal.cloud.project, rehearsal.cloud.cluster_registry.clusters
    others = set(TITLES) - project.services
    project.enable(others)
    rehearsal.put_back(lambda: project.disable(others - OF_CLUSTERS if clusters else others))
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {role: [reader] for role in ALL_BUT_THE_USE})


@fault(
    "credentials-expired",
    "the credentials expire while a notebook runs",
    pitfall="credentials-expired",
    beyond=SIGN_IN,
)
def credentials_expired(rehearsal: Target) -> None:
    """Let the token end at the first look at a cluster; `callers.token` is a new sign-in's.

    A rehearsal has no sign-in: the learner mends it by starting it again.
    """

    async def end(incoming: Incoming) -> None:
        if _asks_gke(incoming):
            rehearsal.request_faults.remove(end)
            before, rehearsal.callers.token = rehearsal.callers.token, secrets.token_urlsafe(24)
            rehearsal.put_back(lambda: setattr(rehearsal.callers, "token", before))
            raise unauthenticated(sent=True)

    rehearsal.request_faults.add(end)


@fault(
    "project-missing",
    "the project in the form is not yours",
    pitfall="project-missing",
    mend=chosen(project_id="rehearsal-project"),
    project_id="rehearsal-projects",
)
def project_missing(rehearsal: Target) -> None:
    """Change nothing in the cloud: the choice is the mistake, a letter too many."""


@fault(
    "billing-off",
    "the project has no billing account",
    pitfall="billing-off",
    mend=LINK_BILLING,
)
def billing_off(rehearsal: Target) -> None:
    """Take the billing account away."""
    project, account = rehearsal.cloud.project, rehearsal.cloud.project.billing_account
    project.billing_account = ""

    def back() -> None:
        project.billing_account = project.billing_account or account

    rehearsal.put_back(back)


@fault(
    "api-off-resource-manager",
    "somebody disables the Resource Manager API after notebook 02",
    pitfall="api-off",
    mend=enable("cloudresourcemanager.googleapis.com"),
)
def api_off_resource_manager(rehearsal: Target) -> None:
    """Turn it off once, when GKE is first asked; enabling it again mends it."""
    _turn_off_once(rehearsal, "cloudresourcemanager.googleapis.com", _asks_gke)


@fault(
    "api-off-storage",
    "somebody disables the Cloud Storage API after notebook 02",
    pitfall="api-off",
    mend=enable(STORAGE),
)
def api_off_storage(rehearsal: Target) -> None:
    """Turn it off once, when the bucket is first used; enabling it again mends it."""
    _turn_off_once(rehearsal, STORAGE, _asks_storage)


@fault(
    "api-off-container",
    "somebody disables the Kubernetes Engine API after notebook 02",
    pitfall="api-off",
    mend=enable(GKE),
)
def api_off_container(rehearsal: Target) -> None:
    """Turn it off once, when GKE is first asked; enabling it again mends it."""
    _turn_off_once(rehearsal, GKE, _asks_gke)


def _turn_off(rehearsal: Target, service: str) -> None:
    project = rehearsal.cloud.project
    if service in project.services:
        project.disable([service])
        # it holds at once, however late what a reader enables does
        rehearsal.put_back(lambda: project.services.add(service))


def _turn_off_once(rehearsal: Target, service: str, uses: Callable[[Incoming], bool]) -> None:
    project = rehearsal.cloud.project
    once = rehearsal.once(
        lambda: service not in project.services, lambda: _turn_off(rehearsal, service)
    )

    async def turn_off(incoming: Incoming) -> None:
        # before notebook 02 an API that is off is nothing but the usual
        if once.due and GKE in project.services and uses(incoming):
            once.done()
            _turn_off(rehearsal, service)

    rehearsal.request_faults.add(turn_off)


@fault(
    "role-missing-cluster",
    "you are not an owner, and somebody revokes your role Kubernetes Engine Admin after notebook "
    "02",
    pitfall="role-missing",
    mend=grant("roles/container.admin", notebooks=("02",)),
    places=(POLICY,),
)
def role_missing_cluster(rehearsal: Target) -> None:
    """Leave the reader the sight of clusters; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/container.admin", keep=("roles/container.clusterViewer",))


@fault(
    "role-missing-bucket",
    "you are not an owner, and somebody revokes your role Storage Admin after notebook 02",
    pitfall="role-missing",
    mend=grant("roles/storage.admin", notebooks=("02",)),
    places=(POLICY,),
)
def role_missing_bucket(rehearsal: Target) -> None:
    """Leave the reader the sight of the bucket; notebook 02 gives the role again."""
    keep = ("roles/storage.bucketViewer", "roles/storage.objectUser")
    _lose_once(rehearsal, "roles/storage.admin", keep=keep)


@fault(
    "bucket-forbidden",
    "you are not an owner, and after notebook 02 you can't even view the bucket",
    pitfall="role-missing",
    mend=grant("roles/storage.admin", notebooks=("02",)),
    places=(POLICY,),
)
def bucket_forbidden(rehearsal: Target) -> None:
    """Leave the reader nothing of Cloud Storage; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/storage.admin")


@fault(
    "role-missing-nodes",
    "you are not an owner, and somebody revokes your role Service Account User after notebook 02",
    pitfall="role-missing",
    mend=grant("roles/iam.serviceAccountUser", notebooks=("02",)),
    places=(POLICY,),
)
def role_missing_nodes(rehearsal: Target) -> None:
    """Leave the reader the other roles; notebook 02 gives this one again."""
    _lose_once(rehearsal, "roles/iam.serviceAccountUser")


def _lose_once(rehearsal: Target, role: str, *, keep: tuple[str, ...] = ()) -> None:
    """Make the reader no owner; take `role` once notebook 02 has given it and `keep` the rest."""
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {given: [reader] for given in (*PREPARES, *keep)})

    def lacks() -> bool:
        return (role, reader) not in _grants(_members(rehearsal))

    def lose() -> None:
        if not lacks():
            _rewrite(rehearsal, lambda bindings: {r: m for r, m in bindings.items() if r != role})

    once = rehearsal.once(lacks, lose)

    async def take(incoming: Incoming) -> None:
        after_notebook_02 = _asks_storage(incoming) or _asks_gke(incoming)
        held = any(binding["role"] == role for binding in rehearsal.cloud.bindings())
        if once.due and after_notebook_02 and held:
            once.done()
            lose()

    rehearsal.request_faults.add(take)


def _rewrite(
    rehearsal: Target, change: Callable[[dict[str, list[str]]], dict[str, list[str]]]
) -> None:
    """Give the project another policy, its roles and their members."""
    before = _members(rehearsal)
    after = change(before)
    _set_members(rehearsal, after)
    taken, given = _grants(before) - _grants(after), _grants(after) - _grants(before)

    def back() -> None:
        now = _grants(_members(rehearsal)) - given | taken
        roles = sorted({role for role, _ in now})
        _set_members(rehearsal, {role: sorted(m for r, m in now if r == role) for role in roles})

    rehearsal.put_back(back)


def _members(rehearsal: Target) -> dict[str, list[str]]:
    bindings = rehearsal.cloud.project.policy.read().bindings
    return {binding.role: list(binding.members) for binding in bindings}


def _grants(members: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    return {(role, one) for role, all_of_it in members.items() for one in all_of_it}


def _set_members(rehearsal: Target, members: Mapping[str, Iterable[str]]) -> None:
    bindings = [policy_pb2.Binding(role=r, members=m) for r, m in members.items()]
    rehearsal.cloud.project.policy.replace(policy_pb2.Policy(bindings=bindings))


def _asks_gke(incoming: Incoming) -> bool:
    """Tell a request for a cluster; notebook 02 lists those of all places, to see GKE answer."""
    in_one_place = "/clusters" in incoming.path and "/locations/-/" not in incoming.path
    return incoming.service == "google" and in_one_place


def _asks_storage(incoming: Incoming) -> bool:
    """Tell a request for a bucket; notebook 02 lists them, to see Cloud Storage answer."""
    return incoming.service == "storage" and incoming.path != "/storage/v1/b"
