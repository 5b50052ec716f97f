"""What goes wrong around the project: who pays, what is on, who the reader is and may do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping

from google.iam.v1 import policy_pb2

from ..google.errors import GoogleError, error_info, unauthenticated
from ..request_faults import Incoming
from ..storage import StorageError
from .fault import POLICY, Target, fault

GKE, STORAGE = "container.googleapis.com", "storage.googleapis.com"
ACTS_AS_NODES = "roles/iam.serviceAccountUser"
PREPARES = (
    "roles/resourcemanager.projectIamAdmin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/compute.viewer",
    ACTS_AS_NODES,
)
"""With these notebook 02 can be carried out, and nothing after it without its two roles."""


@fault(
    "quota-project",
    "the APIs of the project don't know against which project to count the requests",
    pitfall="quota-project",
)
def quota_project(rehearsal: Target) -> None:
    """Refuse what counts against the caller's project, unless the request names one.

    Source: Authentication, "User credentials not working"; the words are those quoted in
    GoogleCloudPlatform/cloud-foundation-fabric issue 2622.
    """

    async def refuse(incoming: Incoming) -> None:
        if (service := _counted(incoming)) and incoming.quota_project != rehearsal.cloud.project.id:
            raise GoogleError(
                "PERMISSION_DENIED",
                "Your application is authenticating by using local Application Default "
                f"Credentials. The {service} API requires a quota project, which is not set by "
                "default. To learn how to set your quota project, see https://cloud.google.com/"
                "docs/authentication/adc-troubleshooting/user-creds .",
                error_info("SERVICE_DISABLED", service=service, consumer="projects/764086051850"),
            )

    rehearsal.request_faults.add(refuse)


def _counted(incoming: Incoming) -> str:
    """Return the API that counts its requests against the caller's project, "" for others."""
    if incoming.service != "google" or "/locations/" in incoming.path:
        return ""
    if incoming.path.startswith("/compute/"):
        return ""
    if "/services" in incoming.path:
        return "serviceusage.googleapis.com"
    if incoming.path.endswith("/billingInfo"):
        return "cloudbilling.googleapis.com"
    return "cloudresourcemanager.googleapis.com"


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
            before, rehearsal.callers.token = rehearsal.callers.token, secrets.token_urlsafe(24)
            rehearsal.put_back(lambda: setattr(rehearsal.callers, "token", before))
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
    project, account = rehearsal.cloud.project, rehearsal.cloud.project.billing_account
    project.billing_account = ""

    def back() -> None:
        project.billing_account = project.billing_account or account

    rehearsal.put_back(back)


@fault(
    "api-off-resource-manager",
    "the Resource Manager API is off, which the client libraries need and the guide does not name",
    pitfall="api-off",
)
def api_off_resource_manager(rehearsal: Target) -> None:
    """Turn the API off; enabling it by the command of the error mends it."""
    _turn_off(rehearsal, "cloudresourcemanager.googleapis.com")


@fault(
    "api-off-storage",
    "somebody turns the Cloud Storage API off after notebook 02",
    pitfall="api-off",
)
def api_off_storage(rehearsal: Target) -> None:
    """Turn it off once, when the bucket is first used; enabling it again mends it."""
    _turn_off_once(rehearsal, STORAGE, lambda incoming: incoming.service == "storage")

    async def refuse(incoming: Incoming) -> None:
        project = rehearsal.cloud.project
        if incoming.service == "storage" and STORAGE not in project.services:
            raise StorageError(
                403,
                "accessNotConfigured",
                f"Cloud Storage JSON API has not been used in project {project.number} before or "
                "it is disabled. Enable it by visiting https://console.developers.google.com/"
                f"apis/api/{STORAGE}/overview?project={project.number} then retry. If you enabled "
                "this API recently, wait a few minutes for the action to propagate to our systems "
                "and retry.",
            )

    rehearsal.request_faults.add(refuse)


@fault(
    "api-off-container",
    "somebody turns the Kubernetes Engine API off after notebook 02",
    pitfall="api-off",
)
def api_off_container(rehearsal: Target) -> None:
    """Turn it off once, when GKE is first asked; enabling it again mends it."""
    _turn_off_once(rehearsal, GKE, _asks_gke)


def _turn_off(rehearsal: Target, service: str) -> None:
    services = rehearsal.cloud.project.services
    if service in services:
        services.discard(service)
        rehearsal.put_back(lambda: services.add(service))


def _turn_off_once(rehearsal: Target, service: str, uses: Callable[[Incoming], bool]) -> None:
    async def turn_off(incoming: Incoming) -> None:
        # before notebook 02 an API that is off is nothing but the usual
        if GKE in rehearsal.cloud.project.services and uses(incoming):
            rehearsal.request_faults.remove(turn_off)
            _turn_off(rehearsal, service)

    rehearsal.request_faults.add(turn_off)


@fault(
    "role-missing-cluster",
    "the reader is no owner, and somebody takes Kubernetes Engine Admin away after notebook 02",
    pitfall="role-missing",
    places=(POLICY,),
)
def role_missing_cluster(rehearsal: Target) -> None:
    """Leave the reader the sight of clusters; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/container.admin", keep=("roles/container.clusterViewer",))


@fault(
    "role-missing-bucket",
    "the reader is no owner, and somebody takes Storage Admin away after notebook 02",
    pitfall="role-missing",
    places=(POLICY,),
)
def role_missing_bucket(rehearsal: Target) -> None:
    """Leave the reader the sight of the bucket; notebook 02 gives the role again."""
    keep = ("roles/storage.bucketViewer", "roles/storage.objectUser")
    _lose_once(rehearsal, "roles/storage.admin", keep=keep)


@fault(
    "bucket-forbidden",
    "the reader is no owner, and may not even look at the bucket after notebook 02",
    pitfall="role-missing",
    places=(POLICY,),
)
def bucket_forbidden(rehearsal: Target) -> None:
    """Leave the reader nothing of Cloud Storage; notebook 02 gives the role again."""
    _lose_once(rehearsal, "roles/storage.admin")


@fault(
    "role-missing-nodes",
    "the reader is no owner, and may not let nodes run as the project's service account",
    pitfall="role-missing",
    places=(POLICY,),
)
def role_missing_nodes(rehearsal: Target) -> None:
    """Leave the reader the guide's roles alone; Service Account User, given, mends it."""
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {r: [reader] for r in PREPARES if r != ACTS_AS_NODES})


def _lose_once(rehearsal: Target, role: str, *, keep: tuple[str, ...] = ()) -> None:
    """Make the reader no owner; take `role` once notebook 02 has given it and `keep` the rest."""
    reader = rehearsal.callers.reader.member
    _rewrite(rehearsal, lambda bindings: {given: [reader] for given in (*PREPARES, *keep)})

    async def take(incoming: Incoming) -> None:
        after_notebook_02 = incoming.service == "storage" or _asks_gke(incoming)
        held = any(binding["role"] == role for binding in rehearsal.cloud.bindings())
        if after_notebook_02 and held:
            rehearsal.request_faults.remove(take)
            _rewrite(rehearsal, lambda bindings: {r: m for r, m in bindings.items() if r != role})

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
    return incoming.service == "google" and "/clusters" in incoming.path
