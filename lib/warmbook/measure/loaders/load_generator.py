"""A load: more requests at once than the server answers at once, so that some of them wait."""

from __future__ import annotations

import re
import threading

from ...cloud.api_errors import first_line
from ...cloud.retry import TRANSIENT, patience
from ...serving.guide_manifest import QUEUE_METRIC
from ...serving.openai_api import DeclinedError, Server, message_of

AT_ONCE = 8
PROMPTS = 64
"""Prompts of a request, each a sequence to vLLM: 8 x 64 are twice what it runs at once."""

PAUSE_S = 0.5
"""How long a sender waits after a request that failed, in seconds."""

TOKENS = 32
PROMPT = "Write the numbers from one to one hundred:"
_GAUGE = re.compile(rf"^{QUEUE_METRIC}(?:\{{[^}}\n]*\}})? (\d+(?:\.\d+)?)$", re.MULTILINE)


class LoadGenerator:
    """Requests to one Pod for as long as the context lasts; those under way end by themselves.

    `refused` is why the server takes none, "" while it does; `answered` and `failed` count the
    requests that ended, and `failure` is what the last of those said that failed. After a failure,
    a connection that broke for example, the next request is sent all the same. The cluster
    reports a connection to the Pod that broke as 503. Source: Kubernetes, apimachinery,
    pkg/util/proxy/transport.go (RoundTrip).
    """

    def __init__(self, server: Server) -> None:
        self._server, self._over, self._lock = server, threading.Event(), threading.Lock()
        self.refused, self.failure = "", ""
        self.answered = self.failed = 0

    def __enter__(self) -> LoadGenerator:
        body = {
            "model": self._server.model,
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
                with patience(0):  # the load goes on by itself, and counts
                    self._server.post("v1/completions", body)
            except DeclinedError as error:
                self.refused = str(error)
                return
            except DynamicApiError as error:
                if error.status not in TRANSIENT:
                    self.refused = message_of(error)
                    return
                self._count_failure(message_of(error))
            except Exception as error:  # in a thread, or nobody would hear of it
                self._count_failure(error)
            else:
                with self._lock:
                    self.answered += 1

    def _count_failure(self, why: object) -> None:
        with self._lock:
            self.failed += 1
            self.failure = first_line(why)
        self._over.wait(PAUSE_S)


def waiting(server: Server) -> float:
    """Return how many requests wait in the server's queue, 0 where it does not say."""
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        return sum(map(float, _GAUGE.findall(server.read("metrics"))))
    except DynamicApiError:
        return 0.0
