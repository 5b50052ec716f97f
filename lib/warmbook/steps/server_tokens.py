"""Verify: the running server answers as the default loader does, where that one is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cloud.clients import Clients
from ..display.step import step
from ..measure.tokens.server import Served
from ..model.folder import Folder, list_folder
from ..serving.openai_api import DeclinedError, Server, first_ready
from ..serving.prompts import PROMPTS, TOKENS, Answers, Origin, Transcript
from ..serving.shell_commands import kubectl
from ..settings import Settings
from ..texts import say


@step(kubectl.complete)
def answers(
    settings: Settings, clients: Clients, *, reference: Mapping[str, Any] | None = None
) -> Served:
    """Ask the first ready Pod every prompt, greedily, and hold its tokens against a reference.

    `reference` is what notebook 09 has recorded of the default loader. It counts only if the
    model's files and vLLM are still the same; without it the answers are kept for notebook 09.

    Raises:
        MissingError: No Pod is ready.
    """
    if settings.inference_server != "vllm":
        reason = say("SGLang's answers can't be compared: it has no vLLM default loader")
        return Served(None, declined=reason)
    server = first_ready(settings, clients)
    folder = list_folder(clients, settings.model_uri)
    if _outdated(server, folder):
        reason = say("the model's files are newer than the Pod: delete it, and query the new one")
        return Served(None, declined=reason)
    try:
        told = _answers(server)
    except DeclinedError as error:
        return Served(None, declined=str(error))
    origin = Origin(settings.model_uri, folder.fingerprint, server.get("version")["version"])
    shared = settings.tensor_parallel_size > 1
    return Served(Transcript(origin, told), Transcript.of(reference), shared)


def _outdated(server: Server, folder: Folder) -> bool:
    """Say whether a file came after the Pod had started; Kubernetes tells whole seconds."""
    started, changed = server.pod.started, folder.changed
    return bool(started and changed and changed.replace(microsecond=0) > started)


def _answers(server: Server) -> Answers:
    """Return the server's answers, in one request.

    A penalty from the model's own generation_config.json would change what is the likeliest
    token, so none is wanted. Source: vLLM, "OpenAI-compatible server": `return_token_ids` is
    there from 0.10.2 on.
    """
    wanted = {
        "model": server.model,
        "prompt": PROMPTS,
        "max_tokens": TOKENS,
        "temperature": 0,
        "repetition_penalty": 1.0,
        "return_token_ids": True,
    }
    choices = sorted(server.post("v1/completions", wanted)["choices"], key=lambda c: c["index"])
    tokens = tuple(tuple(one["token_ids"]) for one in choices)
    return Answers(tokens, tuple(one["text"] for one in choices))
