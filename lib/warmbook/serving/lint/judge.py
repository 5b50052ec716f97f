"""A text of manifests in, a report out: its servers found and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import SettingsError
from ...model.inspect import Inspection
from ...texts import say
from . import documents, pods
from .accelerators import accelerators_of
from .arguments import parse
from .commands import apart, commands_of, runs_a_file, words_of
from .engines import Start, other_server, starts, with_lost
from .environment import config_maps, environment_of
from .images import image_of
from .line_hashes import line_hashes
from .mounted import ConfigMaps
from .report import LintFinding, Looked, Passed, Report, worst_first
from .rules import RULES
from .rules.streamer import memory_limit
from .server import Server
from .shapes import as_list, as_map

_OF_ARGUMENTS = frozenset(("flag refused", "address", "load format", "loader config", "loader key"))
Inspect = Callable[[str], "Inspection | None"]


def lint(text: str, inspect: Inspect = lambda uri: None) -> list[LintFinding]:
    """Return what is wrong with the model servers in a YAML text, the worst first.

    `inspect` sees through the model at an address; what only the model tells is left out without.

    Raises:
        SettingsError: It is no YAML, or no Pod is in it.
    """
    report = examine(text, "", inspect)
    if not report.servers and report.unread:
        first = report.unread[0]
        raise SettingsError(first.reason, remedy=first.remedy)
    if not report.servers and not report.skipped:
        what, remedy = nothing_there()
        raise SettingsError(what, remedy=remedy)
    return report.findings


def nothing_there() -> tuple[str, str]:
    """Return what to say of a file that has nothing to look at, and the remedy."""
    remedy = say("Name a file that contains a Deployment, Job or Pod that runs vLLM.")
    return say("It contains no Pod."), remedy


def examine(text: str, file: str, inspect: Inspect = lambda uri: None) -> Report:
    """Return what was found in the text of a file."""
    read = documents.documents(text, file)
    report = Report(unread=list(read.unread), documents=read.count)
    found = list(pods.objects(read.found))
    maps = config_maps(found)
    for one in found:
        _look(one, maps, file, inspect, report)
    hashes = line_hashes(text, {one.line for one in report.findings})
    marked = (replace(one, line_hash=hashes.get(one.line, "")) for one in report.findings)
    return replace(report, findings=worst_first(marked))


def _look(
    document: Mapping[str, Any], maps: ConfigMaps, file: str, inspect: Inspect, report: Report
) -> None:
    """Put what is found of one object into the report."""
    if first := documents.not_rendered(document, file):
        report.unread.append(first)
        return
    for pod in pods.pods_of(document):
        if documents.is_patch(document):
            report.unread.append(documents.patch(document, file))
            return
        for container in _containers(pod):
            _look_at(pod, container, maps, file, inspect, report)


def _containers(pod: pods.Pod) -> Iterator[Mapping[str, Any]]:
    yield from pod.containers
    yield from filter(None, map(as_map, as_list(pod.spec.get("initContainers"))))


def _look_at(
    pod: pods.Pod,
    container: Mapping[str, Any],
    maps: ConfigMaps,
    file: str,
    inspect: Inspect,
    report: Report,
) -> None:
    servers = list(_servers(pod, container, maps))
    place = pods.line(pod, container)
    if not servers:
        name = ", ".join(filter(None, (pod.name, str(container.get("name") or ""))))
        report.skipped.append(Passed(file, place, name, _why(pod, container, maps)))
    for server in servers:
        report.servers.append(Looked(file, place, server.name, server.engine, server.version))
        judged = [one for rule in RULES for one in rule(server)]
        judged += memory_limit(server, inspect)
        report.findings.extend(
            replace(one, file=file, server=server.name, line=one.line or place)
            for one in _as_sure_as(server, _each_word_once(judged))
        )


def _as_sure_as(server: Server, judged: Iterable[LintFinding]) -> Iterator[LintFinding]:
    """Return findings, errors in the arguments as warnings where the server may not run."""
    for one in judged:
        perhaps = server.perhaps and one.severity == "error" and one.name in _OF_ARGUMENTS
        yield replace(one, severity="warning") if perhaps else one


def _each_word_once(judged: list[LintFinding]) -> Iterator[LintFinding]:
    """Leave out that a word could not be checked where it is told that no shell replaces it."""
    told = [one.what for one in judged if one.name == "no shell"]
    return (
        one
        for one in judged
        if one.name != "not checked" or not any(word in one.what for word in told)
    )


def _servers(pod: pods.Pod, container: Mapping[str, Any], maps: ConfigMaps) -> Iterator[Server]:
    environment = environment_of(pod.spec, container, maps)
    image = image_of(environment.expand(str(container.get("image") or "")))
    for start in _starts(pod, container, maps):
        arguments = parse(start.words, start.engine, image.version, serves=start.serves)
        told = (start.lost, start.joined, start.perhaps)
        yield Server(start.engine, pod, container, image, environment, arguments, *told)


def _starts(pod: pods.Pod, container: Mapping[str, Any], maps: ConfigMaps) -> list[Start]:
    environment = environment_of(pod.spec, container, maps)
    image = image_of(environment.expand(str(container.get("image") or "")))
    command = apart(words_of(container, "command", environment))
    words = [*command, *words_of(container, "args", environment)]
    by_image = not command and not pod.by_ray and container in pod.containers
    by_image = by_image and (pod.whole or bool(words))
    found = starts(commands_of(words, environment), image, entrypoint=by_image)
    return with_lost(found, words, environment)


def _why(pod: pods.Pod, container: Mapping[str, Any], maps: ConfigMaps) -> str:
    """Return why a container is passed over."""
    environment = environment_of(pod.spec, container, maps)
    image = image_of(container.get("image"))
    words = [
        *words_of(container, "command", environment),
        *words_of(container, "args", environment),
    ]
    if other := other_server(commands_of(words, environment), image):
        return say("another kind of server ({name}), whose arguments are not checked", name=other)
    if not container.get("image") or (image.server and container in pod.containers):
        return say("not checked: it does not say which server it starts")
    if runs_a_file(words) and accelerators_of(container).kind != "none":
        return say("not checked: it does not say which server it starts")
    return say("not a model server")
