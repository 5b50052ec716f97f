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
        colour = GREEN if self.target == "rehearsal" else AMBER
        return (
            f'<div style="border:1px solid {colour};border-left-width:6px;border-radius:4px;'
            f'padding:6px 14px;max-width:56em"><b>{escape(banner(self))}</b></div>'
        )


def connect(settings: Settings, environ: Mapping[str, str] | None = None) -> ShownClients:
    """Return clients for the settings' project: Google Cloud's or, in a rehearsal, its own.

    Google Cloud gets no request, a rehearsal one; each client is built, and its library
    imported, at its first use.

    Raises:
        SettingsError: The environment is neither Google Cloud's nor one rehearsal's.
        UnreachableError: The rehearsal has stopped.
    """
    speak(settings.language)
    return ShownClients(settings.project_id, settings, environ).confirmed()


def banner(clients: Clients) -> str:
    """Return the sentence that says where the clients lead, by the addresses that they call."""
    if clients.target != "rehearsal":
        return say("Google Cloud: {project}, this costs money", project=clients.project_id)
    if clients.network:
        return say(
            "Rehearsal: nothing leaves this machine; its network is shaped: {figures}",
            figures=clients.network.figures,
        )
    return say("Rehearsal: nothing leaves this machine")
