"""A question to the model, and whether it is the first that its Pod was asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...display.step import step
from ...measure.coldstart.timeline import which_answer
from ...measure.runs.schema import Answered
from ...serving.openai_api import DeclinedError, Server, first_ready
from ...serving.shell_commands import kubectl
from ...settings import Settings
from ...texts import say
from ...units import duration

_QUESTIONS = re.compile(
    r"^vllm:(?:request_success_total|num_requests_(?:running|waiting))\{[^}\n]*\} ([\d.e+]+)$",
    re.ASCII | re.MULTILINE,
)


@dataclass(frozen=True, repr=False)
class Answer(Card):
    """What the model said; `declined` is the server's reason where it answers no chat.

    `elapsed_s` is how long the answer took, seen from here; `first` whether the Pod had
    answered nobody before, None where its server does not tell.
    """

    model: str
    question: str
    text: str
    declined: str = ""
    pod: str = ""
    elapsed_s: float | None = None
    first: bool | None = None

    def title(self) -> str:
        return self.question

    def rows(self) -> Sequence[Row]:
        if self.declined:
            return (Row(say("no answer"), self.declined, "warning"),)
        return (Row(self.model, self.text, "ok"), *self._time())

    def _time(self) -> Iterator[Row]:
        if self.elapsed_s is not None:
            told = which_answer(self.pod, self.first)
            yield Row(say("Time"), f"{duration(self.elapsed_s)}, {told}")

    def record(self) -> dict[str, Any]:
        """Return question and answer for the run record."""
        answer = {"question": self.question, "answer": self.text, "declined": self.declined}
        if self.elapsed_s is None:
            return answer
        answered = Answered(pod=self.pod, seconds=round(self.elapsed_s, 3), first=self.first)
        return {**answer, "answered": answered.dumped()}


@step(kubectl.ask)
def ask(settings: Settings, clients: Clients, *, question: str) -> Answer:
    """Ask the model a question, greedily, over the OpenAI API of the first ready Pod.

    The clock runs from the question to the whole answer, the way through the cluster included.

    Raises:
        MissingError: No Pod is ready.
    """
    server = first_ready(settings, clients)
    model, pod = server.model, server.pod.name
    messages = [{"role": "user", "content": question}]
    body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 64}
    first, start = _is_unasked(server), time.monotonic()
    try:
        said = server.post("v1/chat/completions", body)["choices"][0]["message"]["content"]
    except DeclinedError as error:
        return Answer(model, question, "", declined=str(error), pod=pod)
    elapsed_s = time.monotonic() - start
    text = (said or "").strip()
    return Answer(model, question, text, pod=pod, elapsed_s=elapsed_s, first=first)


def _is_unasked(server: Server) -> bool | None:
    """Say whether the Pod's server has had no question since its start, None if it can't tell.

    Questions are what its engine has answered, works on, or has waiting: probes and the list
    of models are none. Source: vLLM 0.11.1 to 0.33.0, v1/metrics/loggers.py; a server with
    --disable-log-stats, and SGLang, tell no such figures.
    """
    from kubernetes.dynamic.exceptions import DynamicApiError

    try:
        told = _QUESTIONS.findall(server.read("metrics"))
    except DynamicApiError:
        return None
    return not any(float(count) for count in told) if told else None
