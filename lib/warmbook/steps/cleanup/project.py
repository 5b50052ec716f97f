"""The whole project: the command that deletes it is shown and never run."""

from __future__ import annotations

from dataclasses import dataclass

from ...cloud.clients import Clients
from ...display.card import Card
from ...display.step import step
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say


@dataclass(frozen=True, repr=False)
class Offer(Card):
    """A command that the reader may run; the workbook never does."""

    what: str

    def title(self) -> str:
        return self.what


@step(gcloud.delete_project)
def delete_project(settings: Settings, clients: Clients) -> Offer:
    """Return the command that deletes the whole project; nothing is run.

    Source: guide, "Realiza una limpieza".
    """
    del clients
    return Offer(say("Delete the project {project} (command only)", project=settings.project_id))
