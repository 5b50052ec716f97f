"""Before you begin: the project, billing, the APIs, the reader's two roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..cloud import roles
from ..cloud.clients import Clients
from ..cloud.iam import grant_on_project
from ..cloud.projects import SERVICES, find_billing, find_project
from ..display.card import Card, Row
from ..display.progress import Report, polled, wait_until
from ..display.step import step
from ..errors import AccessError, ResourceFailedError, SettingsError
from ..serving.shell_commands import gcloud
from ..settings import Settings
from ..severity import Severity
from ..texts import say

ROLE_TITLES = {
    "roles/container.admin": "Kubernetes Engine Admin",
    "roles/storage.admin": "Storage Admin",
}


@dataclass(frozen=True, repr=False)
class Project(Card):
    """A project: its ID, its number, its state."""

    project_id: str
    number: str
    state: str

    def title(self) -> str:
        return say("Project {project}", project=self.project_id)

    def rows(self) -> Sequence[Row]:
        severity: Severity = "ok" if self.state == "ACTIVE" else "error"
        return (Row(say("number"), self.number), Row(say("state"), self.state, severity))


@step(gcloud.project)
def find(settings: Settings, clients: Clients) -> Project:
    """Return the project with its number.

    Source: guide, "Selecciona o crea un proyecto y habilita las APIs".

    Raises:
        AccessError: It does not exist, or the reader may not see it; Google tells no more.
    """
    by_hand = gcloud.create_project(settings)
    found = find_project(clients, settings.project_id, create_command=by_hand)
    return Project(found.project_id, found.number, found.state)


@step(gcloud.create_project)
def create(settings: Settings, clients: Clients, *, report: Report | None = None) -> Project:
    """Create the project unless the reader already sees it, and wait until it is active.

    Source: guide, "Selecciona o crea un proyecto y habilita las APIs".
    """
    from google.api_core.exceptions import Conflict

    try:
        return find(settings, clients)
    except AccessError:
        pass
    try:
        operation = clients.projects.create_project(project={"project_id": settings.project_id})
    except Conflict:  # another's, or that of an attempt whose answer was lost: it can be seen
        return find(settings, clients)
    what = say("Project {project}", project=settings.project_id)
    _finished(operation, what, say("Google goes on creating the project."), report)
    return find(settings, clients)


@dataclass(frozen=True, repr=False)
class Billing(Card):
    """Whether the project can pay, and by which billing account."""

    enabled: bool
    billing_account: str

    def title(self) -> str:
        return say("Billing is on") if self.enabled else say("Billing is off")

    def rows(self) -> Sequence[Row]:
        account = self.billing_account or say("none")
        return (Row(say("billing account"), account, "ok" if self.enabled else "error"),)


@step(gcloud.billing)
def billing(settings: Settings, clients: Clients) -> Billing:
    """Return whether billing is on.

    Source: guide, "Verify that billing is enabled for your Google Cloud project".
    """
    found = find_billing(clients, settings.project_id)
    return Billing(found.enabled, found.billing_account)


@dataclass(frozen=True, repr=False)
class Services(Card):
    """The guide's APIs: which were on before, which were turned on now, which are missing."""

    before: tuple[str, ...]
    enabled: tuple[str, ...]
    missing: tuple[str, ...]

    def title(self) -> str:
        return say("The four APIs of the guide")

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(name, say("was on already"), "ok") for name in self.before),
            *(Row(name, say("turned on now"), "ok", new=True) for name in self.enabled),
            *(Row(name, say("still off"), "error") for name in self.missing),
        )


@step(gcloud.enable_services)
def enable_services(
    settings: Settings, clients: Clients, *, report: Report | None = None
) -> Services:
    """Enable the guide's APIs that are off, and wait until they are on.

    Source: guide, "Enable the Kubernetes Engine, Cloud Storage, Compute Engine, IAM APIs".
    """
    before = _enabled(settings, clients)
    off = [name for name in SERVICES if name not in before]
    if off:
        request = {"parent": f"projects/{settings.project_id}", "service_ids": off}
        operation = clients.services.batch_enable_services(request=request)
        what = say("Enabling {count} APIs", count=len(off))
        _finished(operation, what, say("Google goes on enabling them."), report)
    now = _enabled(settings, clients) if off else before
    return Services(
        before=tuple(name for name in SERVICES if name in before),
        enabled=tuple(name for name in off if name in now),
        missing=tuple(name for name in off if name not in now),
    )


def _enabled(settings: Settings, clients: Clients) -> set[str]:
    parent = f"projects/{settings.project_id}"
    names = [f"{parent}/services/{name}" for name in SERVICES]
    request = {"parent": parent, "names": names}
    found = clients.services.batch_get_services(request=request).services
    return {service.name.rpartition("/")[2] for service in found if service.state.name == "ENABLED"}


@dataclass(frozen=True, repr=False)
class Roles(Card):
    """The roles of one member: held before, granted now, or missing after all."""

    member: str
    before: tuple[str, ...]
    granted: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def title(self) -> str:
        return say("Roles of {member}", member=self.member)

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(_role(role), say("already there"), "ok") for role in self.before),
            *(Row(_role(role), say("added now"), "ok", new=True) for role in self.granted),
            *(Row(_role(role), say("missing"), "error") for role in self.missing),
        )


def _role(role: str) -> str:
    return f"{role} ({ROLE_TITLES[role]})" if role in ROLE_TITLES else role


@step(gcloud.grant_roles)
def grant_roles(settings: Settings, clients: Clients) -> Roles:
    """Give the reader the two roles on the project unless they hold them.

    Source: guide, "Asigna roles de IAM". The policy is read, changed and written back with
    its etag; when somebody else wrote in between, all of it is done again.

    Raises:
        SettingsError: Nobody can tell whose roles these are: `account` is empty.
    """
    member = _member(settings.account or clients.account)
    made = grant_on_project(clients, settings.project_id, roles.PROJECT_ROLES, member)
    return Roles(member, made.before, made.granted)


def _member(account: str) -> str:
    if not account:
        raise SettingsError(
            say("Your credentials don't say who you are."),
            remedy=say("Write your e-mail address as «account» in the form."),
            fields={"account": say("still empty: choose one")},
        )
    return roles.member(account)


def _finished(operation: Any, what: str, meanwhile: str, report: Report | None) -> None:
    """Wait for a long-running operation of Google's.

    Raises:
        ResourceFailedError: It ended with an error.
    """

    def failed(done: bool) -> Exception | None:
        if done and (error := operation.operation.error).code:
            return ResourceFailedError(
                error.message, remedy=say("Read the message, then try again.")
            )
        return None

    wait_until(
        polled(operation.done),
        what=what,
        state=lambda done: say("done") if done else say("under way"),
        ready=lambda done: bool(done) and not failed(done),
        failed=failed,
        timeout_s=600,
        meanwhile=meanwhile,
        report=report,
    )
