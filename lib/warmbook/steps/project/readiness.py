"""The end of the preparation: what was enabled and granted holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cloud import roles
from ...cloud.clients import Clients
from ...cloud.projects import OWN_SERVICES, SERVICES, find_project
from ...cloud.readiness import (
    PROPAGATION_S,
    has_service_account,
    lacking_permissions,
    silent_services,
)
from ...display.card import Card, Row
from ...display.progress import Report, polled, wait_until
from ...display.step import step
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say

PERMISSIONS = tuple(name for needed in roles.NEEDED_OF.values() for name in needed)
"""What the notebooks need of the reader on the project."""


@dataclass(frozen=True, repr=False)
class Readiness(Card):
    """What holds by now: the APIs that answer, the permissions, the account of the nodes."""

    services: int
    permissions: int
    nodes_account: str

    def title(self) -> str:
        return say("The project is ready")

    def rows(self) -> Sequence[Row]:
        return (
            Row(say("APIs"), say("{count} respond", count=self.services), "ok"),
            Row(say("your permissions"), say("{count} effective", count=self.permissions), "ok"),
            Row(say("the nodes' service account"), self.nodes_account, "ok"),
        )


@step(gcloud.nodes_account)
def wait_ready(settings: Settings, clients: Clients, *, report: Report | None = None) -> Readiness:
    """Wait until the APIs answer, the reader's permissions hold and the nodes have an account.

    Roles take up to seven minutes, and so does Compute Engine's default service account, as
    which the nodes run. Sources: IAM, "Access change propagation"; GKE, "Configure node service
    accounts".

    Raises:
        WaitTimeoutError: Something is still missing after seven minutes; it is named.
    """
    services = (*OWN_SERVICES, *SERVICES)
    number = find_project(
        clients, settings.project_id, create_command=gcloud.create_project(settings)
    ).number
    account = f"{number}-compute@developer.gserviceaccount.com"

    def missing() -> list[str]:
        silent = silent_services(clients, services)
        if silent:  # IAM and Compute Engine may be among them
            return [*silent]
        if lacking := lacking_permissions(clients, PERMISSIONS):
            return [*lacking]
        return [] if has_service_account(clients, account) else [account]

    wait_until(
        polled(missing),
        what=say("The project"),
        state=lambda late: say("not yet: {names}", names=", ".join(late)) if late else say("ready"),
        ready=lambda late: not late,
        timeout_s=PROPAGATION_S,
        meanwhile=say("Google Cloud continues without you."),
        report=report,
    )
    return Readiness(len(services), len(PERMISSIONS), account)
