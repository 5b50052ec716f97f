"""The project itself, and whether it can pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud.clients import Clients
from ...cloud.projects import find_billing, find_project
from ...display.card import Card, Row
from ...display.progress import Report
from ...display.step import step
from ...errors import AccessError
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...severity import Severity
from ...texts import say
from .operations import finished
from .services import enable_own_services


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

    In a project that the API made no API is on: those that looking at it takes are turned on.
    Source: guide, "Selecciona o crea un proyecto y habilita las APIs".
    """
    from google.api_core.exceptions import Conflict

    try:
        return find(settings, clients)
    except AccessError:
        pass
    wanted = {"project_id": settings.project_id}
    try:
        operation = clients.new_projects.create_project(project=wanted)
    except Conflict:  # another's, or that of an attempt whose answer was lost: it can be seen
        pass
    else:
        what = say("Project {project}", project=settings.project_id)
        finished(operation, what, say("Google Cloud continues to create the project."), report)
    enable_own_services(settings, clients, report=report)
    return find(settings, clients)


@dataclass(frozen=True, repr=False)
class Billing(Card):
    """Whether the project can pay, and by which billing account."""

    enabled: bool
    billing_account: str

    def title(self) -> str:
        return say("Billing is enabled") if self.enabled else say("Billing is disabled")

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
