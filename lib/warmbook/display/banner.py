"""The banner that says where the reader is: in a rehearsal, or in a project that costs money."""

from __future__ import annotations

from collections.abc import Mapping

from ..cloud.clients import Clients
from ..settings import Settings
from ..terminal import printable
from ..texts import say, speak
from .card import AMBER, GREEN, escape


class ShownClients(Clients):
    """The clients of the notebooks; as the last line of a cell they show the banner."""

    def __repr__(self) -> str:
        return printable(banner(self))

    def _repr_html_(self) -> str:
        colour = GREEN if self.rehearsal else AMBER
        return (
            f'<div style="border:1px solid {colour};border-left-width:6px;border-radius:4px;'
            f'padding:6px 14px;max-width:56em"><b>{escape(banner(self))}</b></div>'
        )


def connect(settings: Settings, environ: Mapping[str, str] | None = None) -> ShownClients:
    """Return clients for the settings' project: Google Cloud's or, in a rehearsal, its own.

    No request is made; each client is built, and its library imported, at its first use.
    """
    speak(settings.language)
    return ShownClients(settings.project_id, settings, environ)


def banner(clients: Clients) -> str:
    """Return the sentence that says where the clients lead."""
    if clients.network:
        return say(
            "Rehearsal: nothing leaves this machine; its network is shaped: {figures}",
            figures=clients.network.figures,
        )
    if clients.rehearsal:
        return say("Rehearsal: nothing leaves this machine")
    return say("Google Cloud: {project}, this costs money", project=clients.project_id)
