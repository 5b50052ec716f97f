"""The reader's roles on the project: the guide's two, and what else the notebooks need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud import roles
from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...cloud.iam import grant_on_project
from ...cloud.readiness import lacking_permissions
from ...display.access import AccessDiagram, Grant
from ...display.card import Card, Row
from ...display.step import step
from ...errors import SettingsError
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say

ROLE_TITLES = {
    "roles/cloudquotas.viewer": "Cloud Quotas Viewer",
    "roles/compute.viewer": "Compute Viewer",
    "roles/container.admin": "Kubernetes Engine Admin",
    "roles/iam.serviceAccountUser": "Service Account User",
    "roles/serviceusage.serviceUsageConsumer": "Service Usage Consumer",
    "roles/storage.admin": "Storage Admin",
}


@dataclass(frozen=True, repr=False)
class Roles(Card):
    """The roles of one member: held before, granted now, missing after all, or not needed."""

    member: str
    before: tuple[str, ...]
    granted: tuple[str, ...]
    missing: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()
    """Roles whose permissions the reader holds by others."""

    def title(self) -> str:
        return say("Roles of {member}", member=self.member)

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(_role(role), say("already granted"), "ok") for role in self.before),
            *(Row(_role(role), say("granted now"), "ok", new=True) for role in self.granted),
            *(Row(_role(role), say("you have its permissions"), "ok") for role in self.covered),
            *(Row(_role(role), say("missing"), "error") for role in self.missing),
        )

    def giving(self, permission: str) -> str:
        """Return the role that gives a permission, "" where none of these does."""
        needed = roles.NEEDED_OF
        return next((role for role, held in needed.items() if permission in held), "")

    def access(self) -> AccessDiagram:
        """Return who may do what on the project, as a diagram."""
        held = (*self.before, *self.granted, *self.covered)
        grants = [Grant(role, ", ".join(roles.NEEDED_OF.get(role, ())), True) for role in held]
        lacking = [Grant(role, ", ".join(roles.NEEDED_OF[role]), False) for role in self.missing]
        return AccessDiagram((self.member,), (*grants, *lacking), say("the project"))


def _role(role: str) -> str:
    return f"{role} ({ROLE_TITLES[role]})" if role in ROLE_TITLES else role


@step(gcloud.grant_roles)
def grant_roles(settings: Settings, clients: Clients) -> Roles:
    """Give the reader the guide's two roles, and of the further ones those that they lack.

    Source: guide, "Asigna roles de IAM". The policy is read, changed and written back with
    its etag; when somebody else wrote in between, all of it is done again. A reader who may not
    change it gets nothing: the card says which roles somebody else has to give.

    Raises:
        SettingsError: Nobody can tell whose roles these are: `account` is empty.
    """
    from google.api_core.exceptions import Forbidden

    member = _member(settings.account or clients.account)
    covered = _covered(clients, roles.FURTHER_ROLES)
    wanted = [*roles.PROJECT_ROLES, *(r for r in roles.FURTHER_ROLES if r not in covered)]
    try:
        made = grant_on_project(clients, settings.project_id, wanted, member)
    except Forbidden as refused:
        if google_reason(refused) != "IAM_PERMISSION_DENIED":
            raise
        held = _covered(clients, [*roles.PROJECT_ROLES, *roles.FURTHER_ROLES])
        missing = tuple(role for role in roles.NEEDED_OF if role not in held)
        return Roles(member, (), (), missing, held)
    before = tuple(role for role in made.before if role not in covered)
    return Roles(member, before, made.granted, (), covered)


def _covered(clients: Clients, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return those of the roles whose permissions the reader holds on the project, by whatever."""
    needed = [permission for role in wanted for permission in roles.NEEDED_OF[role]]
    lacking = set(lacking_permissions(clients, needed))
    return tuple(role for role in wanted if not lacking & {*roles.NEEDED_OF[role]})


def _member(account: str) -> str:
    if not account:
        raise SettingsError(
            say("Your credentials contain no account name."),
            remedy=say("Write your e-mail address as «account»."),
            fields={"account": say("still empty: choose one")},
        )
    return roles.member(account)
