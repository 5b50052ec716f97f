"""What the release of the server takes: its version, its flags, its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from packaging.version import Version

from ....settings import OLDEST_VLLM
from ....texts import say
from ... import vllm_releases
from ..images import VLLM
from ..report import LintFinding
from ..server import Server
from ..words import Word

_OLDEST = Version(".".join(map(str, OLDEST_VLLM)))
_TWO_WORDS = re.compile(r"(--[A-Za-z][\w-]*)\s+\S")


def version(server: Server) -> Iterator[LintFinding]:
    """Say where the image does not tell vLLM's release, or is older than what reads gs://."""
    if server.takes_vllms and not server.version:
        yield LintFinding(
            "version unknown",
            str(server.container.get("image")),
            say("Its tag does not name a vLLM release, so its flags were not checked."),
            say("Use a release tag, such as vllm/vllm-openai:v0.32.0."),
            "info",
            line=server.at("image"),
        )
    elif server.version and Version(server.version) < _OLDEST and _streams_from_gs(server):
        yield LintFinding(
            "too old",
            f"vLLM {server.version}",
            say("Its image lacks the streamer's Cloud Storage package."),
            say("Use vLLM {version} or later.", version=_OLDEST),
            pitfall="gcs-support-missing",
            line=server.at("image"),
        )


def words(server: Server) -> Iterator[LintFinding]:
    """Look for words that are no text, and for two words in one."""
    for word in server.arguments.words:
        if word.value is not None:
            yield LintFinding(
                "no text",
                json.dumps(word.value, default=str),
                say("Kubernetes rejects the manifest: an argument must be a string."),
                say("Quote the whole argument: YAML parsed a map or a number."),
                pitfall="argument-is-a-map",
                line=word.line,
            )
        elif (two := _TWO_WORDS.match(word.text)) and _knows(server, two[1]):
            yield LintFinding(
                "two words in one",
                word.text,
                say("{engine} receives it as one word, and stops.", engine=server.engine),
                say("Write {option}=VALUE, or two list items.", option=two[1]),
                line=word.line,
            )


def flags(server: Server) -> Iterator[LintFinding]:
    """Look for flags that the release refuses."""
    if server.engine != VLLM or not server.version:
        return
    if not vllm_releases.flags(server.version):
        yield not_checked(
            server,
            f"vLLM {server.version}",
            say("the flags of this release are unknown."),
            server.at("image"),
        )
        return
    for option in server.arguments.options:
        name = option.word.text.partition("=")[0]
        if not _is_one_flag(name, option.word):
            continue
        if vllm_releases.accepts(server.version, option.name) is False and not _begins(
            server.version, name
        ):
            yield LintFinding(
                "flag refused",
                name,
                say("vLLM {version} stops immediately.", version=server.version),
                say("Remove it."),
                pitfall="flag-removed",
                line=option.word.line,
            )


def _is_one_flag(name: str, word: Word) -> bool:
    known = word.sure or "=" in word.text
    return name.startswith("--") and known and not _TWO_WORDS.match(word.text)


def not_checked(server: Server, what: str, reason: str, line: int = 0) -> LintFinding:
    """Return that something could not be judged."""
    return LintFinding(
        "not checked", what, say("Not checked: {reason}", reason=reason), "", "info", line=line
    )


def unresolved(server: Server, word: Word, option: str = "") -> LintFinding:
    """Return that a word could not be judged, for a part of it is filled in later."""
    reason = say("part of it is filled in later.")
    return not_checked(server, f"{option} {word.text}".strip(), reason, word.line or server.line)


def _streams_from_gs(server: Server) -> bool:
    return server.streams and server.address.lower().startswith("gs://")


def _knows(server: Server, option: str) -> bool:
    if not server.takes_vllms:
        return False
    newest = vllm_releases.covered()[-1]
    known = vllm_releases.flags(server.version) or vllm_releases.flags(newest)
    return option.replace("_", "-") in known


def _begins(release: str, name: str) -> bool:
    """Say whether more than one flag begins so: argparse refuses that in other words."""
    name = name.replace("_", "-").partition(".")[0]
    return any(one.startswith(name) for one in vllm_releases.flags(release))
