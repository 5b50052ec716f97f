"""The OpenAI API of the server in a Pod: asked through the cluster's own API, no port is opened."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from ..cloud.api_errors import kubernetes_message
from ..cloud.clients import Clients
from ..errors import ResourceFailedError
from ..settings import Settings
from ..texts import marked, say
from . import pods
from .guide_manifest import PORT

QUICK_ENGINE = "quick_engine_no_chat"
"""Error code by which the rehearsal's quick engine says that it answers nothing."""

QUICK_ENGINE_SAYS = (
    marked("This is the rehearsal's quick engine: it streams the weights and answers no chat."),
    marked("This is the rehearsal's quick engine: it streams the weights and answers nothing."),
)
"""Its messages: of its API, and of its Python."""


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
        with _declined():
            return json.loads(self.read(path, body))

    def stream(self, path: str, body: object) -> Generator[Any, None, None]:
        """Yield the answer piece by piece, as the server sends it: server-sent events.

        Source: OpenAI API, "Streaming": lines `data: JSON`, the last `data: [DONE]`.

        Raises:
            DeclinedError: The rehearsal's quick engine answers nothing.
            ResourceFailedError: The server breaks off with an error. Source: vLLM,
                create_streaming_error_response.
        """
        cluster = self.clients.kubernetes
        lines = cluster.ask_by_lines(self.pod.name, self.namespace, PORT, path, body)
        with _declined(), closing(lines):
            for line in lines:
                data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                if data == "[DONE]":
                    return
                if data:
                    yield _piece(data)


@contextmanager
def _declined() -> Iterator[None]:
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        yield
    except DynamicApiError as error:
        if QUICK_ENGINE in str(error.body):
            raise DeclinedError(as_read(message_of(error))) from None
        raise


def _piece(data: str) -> Any:
    try:
        piece = json.loads(data)
    except ValueError:
        piece = None
    if not isinstance(piece, dict) or "error" in piece:
        error = piece["error"] if isinstance(piece, dict) else data
        message = error.get("message") if isinstance(error, dict) else error
        raise ResourceFailedError(
            say("The server broke off its answer: {message}", message=message),
            remedy=say("Send the prompt again. If it fails again, read the Pod's log."),
        )
    return piece


def first_ready(settings: Settings, clients: Clients) -> Server:
    """Return the server of the first Pod that is ready.

    Raises:
        MissingError: None is.
    """
    return Server(clients, settings.namespace, pods.ready_now(settings, clients)[0])


def as_read(message: str) -> str:
    """Return a server's message; those of the quick engine in the reader's language."""
    return say(message) if message in QUICK_ENGINE_SAYS else message


def message_of(error: Any) -> str:
    """Return what the server said in an answer that is an error, or the cluster on its way."""
    try:
        return str(json.loads(error.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return kubernetes_message(error)
