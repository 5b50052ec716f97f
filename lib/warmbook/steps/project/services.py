"""The APIs: those that the workbook calls to look at the project, and the guide's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...cloud.api_errors import names_no_project
from ...cloud.clients import Clients
from ...cloud.projects import FIRST_SERVICES, OWN_SERVICES, SERVICES, unseen
from ...cloud.readiness import PROPAGATION_S, silent_services
from ...display.card import Card, Row
from ...display.progress import Report, polled, wait_until
from ...display.step import step
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say
from .operations import finished


@dataclass(frozen=True, repr=False)
class Services(Card):
    """Some APIs: which were on before, which were turned on now, which are missing."""

    heading: str
    before: tuple[str, ...]
    enabled: tuple[str, ...]
    missing: tuple[str, ...]

    def title(self) -> str:
        return self.heading

    def rows(self) -> Sequence[Row]:
        return (
            *(Row(name, say("already enabled"), "ok") for name in self.before),
            *(Row(name, say("enabled now"), "ok", new=True) for name in self.enabled),
            *(Row(name, say("still disabled"), "error") for name in self.missing),
        )


@step(gcloud.enable_own_services)
def enable_own_services(
    settings: Settings, clients: Clients, *, report: Report | None = None
) -> Services:
    """Enable the APIs that the workbook calls and the guide does not name; wait until they answer.

    Service Usage alone is called, which answers before anything is on. Source: Service Usage,
    "Enabled services": Resource Manager and Billing are not on by default.

    Raises:
        AccessError: There is no such project, or the reader may not see it.
        WaitTimeoutError: One of the first still answers that it is off after seven minutes.
    """
    made = _answering(settings, clients, OWN_SERVICES, FIRST_SERVICES, report)
    return Services(say("APIs that the workbook calls"), *made)


def enable_all(
    settings: Settings, clients: Clients, names: Sequence[str], *, report: Report | None = None
) -> None:
    """Enable those of the APIs that are off, and wait until all of them answer.

    Raises:
        AccessError: There is no such project, or the reader may not see it.
        WaitTimeoutError: One still answers that it is off after seven minutes.
    """
    _answering(settings, clients, names, names, report)


@step(gcloud.enable_services)
def enable_services(
    settings: Settings, clients: Clients, *, report: Report | None = None
) -> Services:
    """Enable the guide's APIs that are off, and wait until they are on.

    Source: guide, "Enable the Kubernetes Engine, Cloud Storage, Compute Engine, IAM APIs".
    """
    made = _enable(settings, clients, SERVICES, report)
    return Services(say("APIs of the guide"), *made)


class _Made(NamedTuple):
    """APIs by name: on before, enabled now, off after all."""

    before: tuple[str, ...]
    enabled: tuple[str, ...]
    missing: tuple[str, ...]


def _answering(
    settings: Settings,
    clients: Clients,
    wanted: Sequence[str],
    awaited: Sequence[str],
    report: Report | None,
) -> _Made:
    """Enable the APIs that are `wanted`; where one was off, wait until the `awaited` answer."""
    from google.api_core.exceptions import Forbidden

    try:
        made = _enable(settings, clients, wanted, report)
    except Forbidden as error:
        if not names_no_project(error):
            raise
        raise unseen(settings.project_id, gcloud.create_project(settings)) from error
    if made.enabled:
        wait_until(
            polled(lambda: silent_services(clients, awaited)),
            what=say("Enabled APIs"),
            state=lambda silent: ", ".join(silent) or say("all respond"),
            ready=lambda silent: not silent,
            timeout_s=PROPAGATION_S,
            meanwhile=say("Google Cloud continues to enable them."),
            report=report,
        )
    return made


def _enable(
    settings: Settings, clients: Clients, wanted: Sequence[str], report: Report | None
) -> _Made:
    before = _enabled(settings, clients, wanted)
    off = [name for name in wanted if name not in before]
    if off:
        request = {"parent": f"projects/{settings.project_id}", "service_ids": off}
        operation = clients.services.batch_enable_services(request=request)
        what = say("Enabling {count} APIs", count=len(off))
        finished(operation, what, say("Google Cloud continues to enable them."), report)
    now = _enabled(settings, clients, wanted) if off else before
    return _Made(
        before=tuple(name for name in wanted if name in before),
        enabled=tuple(name for name in off if name in now),
        missing=tuple(name for name in off if name not in now),
    )


def _enabled(settings: Settings, clients: Clients, wanted: Sequence[str]) -> set[str]:
    parent = f"projects/{settings.project_id}"
    request = {"parent": parent, "names": [f"{parent}/services/{name}" for name in wanted]}
    found = clients.services.batch_get_services(request=request).services
    return {service.name.rpartition("/")[2] for service in found if service.state.name == "ENABLED"}
