"""A prompt of the reader's own, answered while they watch: how soon, and how fast."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from ...cloud.clients import Clients
from ...display.card import Card, Row
from ...display.step import step
from ...display.widgets.prompt_box import PromptBox, Show
from ...errors import SettingsError
from ...serving.openai_api import DeclinedError, Server, first_ready
from ...serving.shell_commands import kubectl
from ...settings import Settings, as_text, chosen
from ...texts import say
from ...units import short_duration


@dataclass(frozen=True, repr=False)
class Reply(Card):
    """What the model said; `declined` is the server's reason where it answers no chat.

    `first_token_s` is how long the first token took, seen from here, `elapsed_s` the whole reply;
    `tokens` is the server's own count. None where there is no such figure.
    """

    model: str
    question: str
    text: str
    declined: str = ""
    first_token_s: float | None = None
    elapsed_s: float | None = None
    tokens: int | None = None

    @property
    def tokens_per_s(self) -> float | None:
        """The rate after the first token, None where there is no later one."""
        if self.first_token_s is None or self.elapsed_s is None or (self.tokens or 0) < 2:
            return None
        after_s = self.elapsed_s - self.first_token_s
        return ((self.tokens or 0) - 1) / after_s if after_s > 0 else None

    def title(self) -> str:
        return self.question

    def rows(self) -> Sequence[Row]:
        if self.declined:
            return (Row(say("no answer"), self.declined, "warning"),)
        return (Row(self.model, self.text, "ok"), *self._times())

    def _times(self) -> Iterator[Row]:
        if self.first_token_s is not None:
            yield Row(say("time to first token"), short_duration(self.first_token_s))
        if self.tokens_per_s is not None and self.elapsed_s is not None:
            told = say(
                "{rate:.1f} ({count} tokens in {time})",
                rate=self.tokens_per_s,
                count=self.tokens,
                time=short_duration(self.elapsed_s),
            )
            yield Row(say("tokens per second"), told)


@step(kubectl.ask)
def reply(
    settings: Settings,
    clients: Clients,
    *,
    question: str,
    temperature: str = "",
    max_tokens: str = "",
    show: Show | None = None,
) -> Reply:
    """Send a prompt to the first ready Pod, and `show` the answer as far as it has come.

    An empty number is the settings' own.

    Source: OpenAI API, "Create chat completion", `stream` and `stream_options`; vLLM 0.32.0,
    entrypoints/openai/chat_completion/serving.py. A server that sends no count has no rate.

    Raises:
        SettingsError: The prompt is empty, or a number is wrong; `fields` says which, and why.
        MissingError: No Pod is ready.
        ResourceFailedError: The server breaks off.
    """
    body = _body(settings, question, {"temperature": temperature, "max_tokens": max_tokens})
    server = first_ready(settings, clients)
    command = kubectl.ask(settings, question)
    try:
        return _read(server, {"model": server.model, **body}, question, show, command)
    except DeclinedError as error:
        return Reply(server.model, question, "", declined=str(error), command=command)


def prompt_box(settings: Settings, clients: Clients, *, question: str) -> PromptBox:
    """Return a box for prompts, with the reply to the first one.

    Raises:
        What `reply` raises; later prompts show it in the box.
    """

    def send(asked: Mapping[str, str], show: Show) -> Card:
        return reply(settings, clients, show=show, **asked)

    return PromptBox(send, question, as_text(settings.temperature), as_text(settings.max_tokens))


def _body(settings: Settings, question: str, numbers: Mapping[str, str]) -> dict[str, Any]:
    wrong = {} if question.strip() else {"question": say("write a prompt")}
    try:
        holds = Settings.parse(chosen(settings.model_dump(), numbers))
    except SettingsError as error:
        wrong |= error.fields
    if wrong:
        told = "; ".join(f"{name}: {reason}" for name, reason in wrong.items())
        raise SettingsError(
            say("The prompt was not sent: {reasons}.", reasons=told),
            remedy=say("Correct it, and send it again."),
            fields=wrong,
        )
    return {
        "messages": [{"role": "user", "content": question}],
        "temperature": holds.temperature,
        "max_tokens": holds.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _read(
    server: Server, body: dict[str, Any], question: str, show: Show | None, command: str
) -> Reply:
    start, text = time.monotonic(), ""
    first_s: float | None = None
    tokens: int | None = None
    with closing(server.stream("v1/chat/completions", body)) as pieces:
        for piece in pieces:
            tokens = (piece.get("usage") or {}).get("completion_tokens", tokens)
            if more := _said(piece):
                first_s = time.monotonic() - start if first_s is None else first_s
                text += more
                if show:
                    show(text)
    elapsed_s = time.monotonic() - start
    said = Reply(str(body["model"]), question, text.strip(), command=command)
    return replace(said, first_token_s=first_s, elapsed_s=elapsed_s, tokens=tokens)


def _said(piece: dict[str, Any]) -> str:
    """Return what a piece adds; those that begin and end a reply add nothing."""
    deltas = (choice.get("delta") or {} for choice in piece.get("choices") or ())
    return "".join(delta.get("content") or "" for delta in deltas)
