"""How a container's words reach its server: as a list, with a program, all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....texts import say
from .. import commands
from ..report import LintFinding
from ..server import Server
from ..shapes import as_list
from ..words import Word, is_open, line_of

_OFFICIAL = re.compile(r"(?:(?:index\.)?docker\.io/)?vllm/vllm-openai(?:[:@]|$)")
"""The image that starts the server itself. Source: vLLM, docker/Dockerfile."""
_PROGRAMS = frozenset(("vllm", "serve", "python", "python3", "sh", "bash"))
_SHELLS_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")


def listed(server: Server) -> Iterator[LintFinding]:
    """Look for a text where a list belongs. Source: Kubernetes' API, Container."""
    for key in ("command", "args"):
        value = server.container.get(key)
        if isinstance(value, str):
            yield LintFinding(
                "no list",
                f"{key}: {value}",
                say("Kubernetes rejects the manifest: {key} must be a list.", key=key),
                say("Write each word as a list item."),
                line=server.at(key),
            )


def program(server: Server) -> Iterator[LintFinding]:
    """Look whether the container starts the program that is meant.

    Source: vllm-project/vllm, issues 4462 (a whole line as one word), 22072 and 37133 (`serve`
    and `vllm serve` as arguments of the image).
    """
    command = as_list(server.container.get("command"))
    first = str(command[0]) if command else ""
    if len(first.split()) > 1:
        yield LintFinding(
            "two words in one",
            first,
            say("No program has this name: the container does not start."),
            say("Write each word as a list item."),
            line=line_of(command[0], server.at("command")),
        )
    args = as_list(server.container.get("args"))
    if command or not args or not server.pod.whole or not _is_official(server):
        return
    if commands.program(Word(str(args[0]))) in _PROGRAMS:
        yield LintFinding(
            "program in args",
            " ".join(map(str, args[:2]))[:80],
            say("The image starts vLLM, which receives these words as arguments and stops."),
            say("Remove the program, or move it to command."),
            line=line_of(args[0], server.at("args")),
        )


def executable(server: Server) -> Iterator[LintFinding]:
    """Look whether the script of a ConfigMap that is the program can be executed.

    Source: Kubernetes' API, ConfigMapVolumeSource: `defaultMode` is 0644 unless said; execve(2),
    EACCES.
    """
    command = as_list(server.container.get("command"))
    first = str(command[0]) if command else ""
    file = server.environment.file(first) if "/" in first else None
    if file and file.mode is not None and not file.mode & 0o111:
        yield LintFinding(
            "not executable",
            first,
            say(
                "Its mode is {mode}, so that nobody executes it: the container does not start.",
                mode=f"{file.mode:04o}",
            ),
            say("Write defaultMode: 0755 at the volume, or run it by bash."),
            line=line_of(command[0], server.at("command")),
        )


def variables(server: Server) -> Iterator[LintFinding]:
    """Look for variables of a shell where there is none.

    Source: Kubernetes, "Define a Command and Arguments for a Container": only `$(NAME)` is
    replaced. One whose value the manifest does not tell may be a template's.
    """
    written = {str(one) for key in ("command", "args") for one in _list(server, key)}
    if not (server.container.get("command") or _is_official(server)) or _by_script(server):
        return
    for word in server.arguments.words:
        named = _SHELLS_VARIABLE.search(word.text)
        name = (named[1] or named[2]) if named else ""
        value = server.environment.variables.get(name)
        if word.text in written and value and not is_open(value):
            yield LintFinding(
                "no shell",
                word.text,
                say("It is not expanded: {engine} receives it literally.", engine=server.engine),
                say("Use {reference}.", reference=f"$({name})"),
                line=word.line,
            )


def lost(server: Server) -> Iterator[LintFinding]:
    """Look for options that the server does not get."""
    if server.lost:
        yield LintFinding(
            "options lost",
            server.lost[0].text,
            say(
                "The shell does not pass it to {engine}, which runs without it.",
                engine=server.engine,
            ),
            say("Write all options in the program's command, and end each line with a backslash."),
            "warning",
            line=server.lost[0].line,
        )


def _list(server: Server, key: str) -> list[object]:
    return as_list(server.container.get(key))


def _is_official(server: Server) -> bool:
    return bool(_OFFICIAL.match(str(server.container.get("image") or "")))


def _by_script(server: Server) -> bool:
    """Say whether a script of one's own starts the server: it may replace what it likes."""
    command = _list(server, "command")
    return bool(command) and str(command[0]).endswith(".sh")
