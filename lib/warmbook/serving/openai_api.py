"""The OpenAI API of the server in a Pod: asked through the cluster's own API, no port is opened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..cloud.api_errors import kubernetes_message
from ..cloud.clients import Clients
from ..settings import Settings
from . import pods
from .guide_manifest import PORT

QUICK_ENGINE = "quick_engine_no_chat"
"""Error code by which the rehearsal's quick engine says that it answers nothing."""


class DeclinedError(Exception):
    """The server says that it answers nothing, and why."""


@dataclass(frozen=True)
class Server:
    """The server of one Pod."""

    clients: Clients
    namespace: str
    pod: pods.Pod

    @property
    def model(self) -> str:
        """The name that the server gives its model."""
        return str(self.get("v1/models")["data"][0]["id"])

    def get(self, path: str) -> Any:
        """Return what stands at the path."""
        return json.loads(self.read(path))

    def read(self, path: str, body: object = None) -> str:
        """Return what stands at the path, or the answer to what is sent, as text."""
        cluster = self.clients.kubernetes
        return cluster.ask(self.pod.name, self.namespace, PORT, path, body)

    def post(self, path: str, body: object) -> Any:
        """Return the answer to what is sent.

        Raises:
            DeclinedError: The rehearsal's quick engine answers nothing.
        """
        from kubernetes.dynamic.exceptions import DynamicApiError

        try:
            return json.loads(self.read(path, body))
        except DynamicApiError as error:
            if QUICK_ENGINE in str(error.body):
                raise DeclinedError(_message(error)) from None
            raise


def first_ready(settings: Settings, clients: Clients) -> Server:
    """Return the server of the first Pod that is ready.

    Raises:
        MissingError: None is.
    """
    return Server(clients, settings.namespace, pods.ready_now(settings, clients)[0])


def _message(error: Any) -> str:
    try:
        return str(json.loads(error.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return kubernetes_message(error)
