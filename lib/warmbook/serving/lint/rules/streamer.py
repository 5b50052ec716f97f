"""What the streamer needs, where it is used: an address, a loader, an identity, known keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ....errors import SettingsError
from ....model.fit import limit_refusal
from ....model.inspect import Inspection
from ....settings import model_uri
from ....texts import say
from ... import vllm_releases
from ..report import LintFinding
from ..server import Server
from ..words import Word, is_open
from .release import not_checked, unresolved

_PLACEHOLDER = re.compile(r"^gs://[^/]*[A-Z]", re.ASCII)
"""No bucket's name has capitals. Source: Cloud Storage, "Bucket naming"."""
_FILE = re.compile(r"\.(safetensors|bin|pt|pth|gguf|json|index\.json|tensors)$")
_EXTRA = "--model-loader-extra-config"


def address(server: Server) -> Iterator[LintFinding]:
    """Look at the model's address in Cloud Storage."""
    model = server.model
    if model is None or not model.text.lower().startswith("gs://"):
        if model is not None and not model.sure:
            yield unresolved(server, model, "--model")
        return
    if not model.sure or _PLACEHOLDER.match(model.text):
        yield unresolved(server, model, "--model")
    elif _FILE.search(model.text):
        yield LintFinding(
            "address",
            model.text,
            say("This is a file: the server expects a model folder, and stops."),
            say("Use the folder: {folder}", folder=model.text.rpartition("/")[0]),
            line=model.line,
        )
    else:
        yield from _address(server, model)


def _address(server: Server, model: Word) -> Iterator[LintFinding]:
    try:
        model_uri(model.text)
    except SettingsError as error:
        pitfall = "" if model.text.startswith("gs://") else "scheme-uppercase"
        yield LintFinding(
            "address", model.text, error.what, error.remedy, pitfall=pitfall, line=model.line
        )


def load_format(server: Server) -> Iterator[LintFinding]:
    """Look who loads a model from Cloud Storage."""
    given = server.load_format
    if given is None or not server.address.lower().startswith("gs://"):
        return
    if not given.sure:
        yield unresolved(server, given, "--load-format")
    elif given.text not in ("auto", "runai_streamer"):
        yield LintFinding(
            "load format",
            f"--load-format={given.text}",
            say("This load format does not read gs:// addresses."),
            say("Use --load-format=runai_streamer."),
            pitfall="sharded-on-gs" if "sharded" in given.text else "load-format",
            line=given.line or server.line,
        )


def service_account(server: Server) -> Iterator[LintFinding]:
    """Look as whom a Pod reads the bucket."""
    needs_one = server.pod.whole and server.streams and server.address.lower().startswith("gs://")
    if needs_one and not server.service_account:
        yield LintFinding(
            "no service account",
            "serviceAccountName",
            say(
                "The Pod runs as the service account «default»: unless that has the roles, "
                "the result is a 403."
            ),
            say("Set the service account that has the two roles on the bucket."),
            "warning",
            line=server.line,
        )


def loader_keys(server: Server) -> Iterator[LintFinding]:
    """Look at what the streamer is told by --model-loader-extra-config."""
    given, nested = server.arguments.value(_EXTRA), server.arguments.nested(_EXTRA)
    if not server.takes_vllms or not (server.streams and (given or nested)):
        return
    if given is not None and not given.sure and is_open(given.text):
        yield unresolved(server, given, _EXTRA)
        return
    config = server.loader_config
    line = given.line if given else nested[0].word.line
    if config is None:
        yield LintFinding(
            "loader config",
            given.text if given else "",
            say("vLLM stops: this is not a JSON object."),
            say("Write it as {example}, in quotes.", example='{"distributed":true}'),
            line=line,
        )
    elif not server.version:
        yield not_checked(server, _EXTRA, say("the keys of this release are unknown."), line)
    else:
        yield from _keys(server, config, line)


def _keys(server: Server, config: Mapping[str, Any], line: int) -> Iterator[LintFinding]:
    try:
        known = vllm_releases.loader_keys(server.version)
        refuses = vllm_releases.refuses_unknown_keys(server.version)
        reports = vllm_releases.corruption(server.version, distributed=_shares(server, config))
    except LookupError:
        return
    for key in sorted(config.keys() - known):
        yield LintFinding(
            "loader key",
            key,
            say("vLLM stops: it does not support this key.")
            if refuses
            else say("vLLM ignores this key silently."),
            say("Supported keys: {keys}.", keys=", ".join(sorted(known))),
            "error" if refuses else "warning",
            pitfall="loader-key-unknown",
            line=line,
        )
    if reports:
        yield LintFinding(
            "corruption",
            '"distributed":true',
            say("Known issues report silently corrupted weights: {reports}.", reports=reports),
            say("Compare its answers with the default loader's, or remove it."),
            "warning",
            pitfall="weights-corrupted",
            line=line,
        )


def _shares(server: Server, config: Mapping[str, Any]) -> bool:
    return config.get("distributed") is True and server.tensor_parallel_size > 1


def memory_limit(
    server: Server, inspect: Callable[[str], Inspection | None]
) -> Iterator[LintFinding]:
    """Hold the streamer's memory limit against the model's largest tensor."""
    limit = server.memory_limit
    seen = inspect(server.address) if limit > 0 and server.address else None
    if not (seen and seen.largest):
        return
    largest, header = seen.largest.size_bytes, seen.longest_header_bytes
    shared = _shares(server, server.loader_config or {})
    # an image's tag doesn't tell its streamer: the older one refuses whatever the newer one does
    words = limit_refusal(limit, largest, header_bytes=header, shared=shared, streamer="0.16")
    if not words:
        return
    sure = limit_refusal(limit, largest, header_bytes=header, shared=shared)
    happens = say("The streamer stops: «{words}».", words=words)
    if not sure:
        happens = say("Before 0.17 the streamer stops: «{words}».", words=words)
    yield LintFinding(
        "memory limit",
        f"memory_limit {limit}",
        happens,
        say("Raise the limit above {name}, or remove it.", name=seen.largest.name),
        "error" if sure else "warning",
        pitfall="memory-limit-below-tensor",
        line=server.line,
    )
