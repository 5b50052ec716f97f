"""A load: more requests at once than the server answers at once, so that some of them wait."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from .clients import Clients
from .manifests import PORT, QUEUE_METRIC
from .settings import Settings

AT_ONCE = 8
PROMPTS = 64
"""Prompts of a request, each a sequence to vLLM: 8 x 64 are twice what it runs at once."""

TOKENS = 32
PROMPT = "Write the numbers from one to one hundred:"
_GAUGE = re.compile(rf"^{QUEUE_METRIC}(?:\{{[^}}\n]*\}})? (\d+(?:\.\d+)?)$", re.MULTILINE)


class Load:
    """Requests to one Pod for as long as the context lasts; those under way end by themselves.

    `refused` is why the server takes none, "" while it does.
    """

    def __init__(self, settings: Settings, clients: Clients, pod: str) -> None:
        self._cluster, self._namespace, self._pod = clients.kubernetes, settings.namespace, pod
        self._over = threading.Event()
        self.refused = ""

    def __enter__(self) -> Load:
        model = json.loads(self._ask("v1/models"))["data"][0]["id"]
        body = {
            "model": model,
            "prompt": [PROMPT] * PROMPTS,
            "max_tokens": TOKENS,
            "temperature": 0,
            "ignore_eos": True,
        }
        for _ in range(AT_ONCE):
            threading.Thread(target=self._send, args=(body,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _send(self, body: object) -> None:
        from kubernetes.dynamic.exceptions import DynamicApiError

        while not self._over.is_set():
            try:
                self._ask("v1/completions", body)
            except DynamicApiError as error:
                self.refused = _words(error)
                return

    def _ask(self, path: str, body: object = None) -> str:
        return self._cluster.ask(self._pod, self._namespace, PORT, path, body)


def waiting(settings: Settings, clients: Clients, pod: str) -> float:
    """Return how many requests wait in the Pod's queue, 0 where it does not say."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = clients.kubernetes.ask(pod, settings.namespace, PORT, "metrics")
    except DynamicApiError:
        return 0.0
    return sum(map(float, _GAUGE.findall(told)))


def _words(error: Any) -> str:
    try:
        return str(json.loads(error.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{error.status} {error.reason}"
