"""The documents of a text, each read by itself; what is not read is told with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import limited_yaml
from ...texts import say
from .report import Passed
from .shapes import as_list, as_map
from .words import line_of

MOST_BYTES = 8 << 20
LIMITS = limited_yaml.Limits(size=MOST_BYTES, nodes=200_000, documents=5_000)
"""More than of a file of settings: charts come out as one long file."""

_SEPARATOR = re.compile(r"^---(?:[ \t\r].*)?$", re.MULTILINE)
"""Where kubectl divides a file. Source: k8s.io/apimachinery, util/yaml."""
_TEMPLATE = re.compile(
    r"\{\{-?\s*(?:\.|\$|/\*|if\b|else\b|end\b|range\b|with\b|include\b|template\b|define\b|toYaml\b"
    r"|tpl\b|block\b|printf\b|default\b|quote\b|required\b|fail\b|int\b|lookup\b|and\b|or\b|not\b)"
)
"""An action of a Helm chart's template."""


@dataclass(frozen=True)
class Documents:
    """What a text holds, and what of it is not read."""

    found: list[Any] = field(default_factory=list)
    unread: list[Passed] = field(default_factory=list)
    count: int = 0


def documents(text: str, file: str) -> Documents:
    """Return the documents of a text; one that is no YAML does not keep others from being read."""
    seen, found, unread, count = limited_yaml.Seen(LIMITS), [], [], 0
    for piece, above in _pieces(text):
        if not piece.strip():
            continue
        count += 1
        try:
            found += limited_yaml.placed(piece, seen, above)
        except limited_yaml.YamlSyntaxError as error:
            unread.append(_broken(piece, above, file, error))
        except limited_yaml.YamlError as error:
            unread.append(_beyond(above, file, error))
            if seen.nodes > LIMITS.nodes or seen.documents > LIMITS.documents:
                break
    return Documents([one for one in found if one is not None], unread, count)


def not_rendered(document: Mapping[str, Any], file: str) -> Passed | None:
    """Return what to do first with a document from which objects are only made, None for others."""
    line = line_of(document, 1)
    if document.get("kind") == "Kustomization" or _is_kustomization(document):
        command = "kubectl kustomize DIR | warmbook lint -"
        return Passed(file, line, "Kustomization", *_render(say("a kustomization"), command))
    others = {"apiVersion", "kind", "spec", "services", "jobs", "steps"}  # Compose, workflows
    if not others & document.keys() and _has_values(document):
        return Passed(file, line, "values", *_render(say("the values of a Helm chart"), _HELM))
    return None


def is_patch(document: Mapping[str, Any]) -> bool:
    """Say whether an object is a patch of a kustomization: a part of another object.

    Deployments and their like can't be without a selector, nor Pods without an image.
    """
    spec = as_map(document.get("spec"))
    needs = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    return document.get("kind") in needs and "template" in spec and "selector" not in spec


def patch(document: Mapping[str, Any], file: str) -> Passed:
    """Return what to do with a patch."""
    name = str(as_map(document.get("metadata")).get("name") or "")
    kind = str(document.get("kind") or "")
    command = "kubectl kustomize DIR | warmbook lint -"
    told = _render(say("part of an object, such as a kustomize patch"), command)
    return Passed(file, line_of(document, 1), f"{kind} {name}".strip(), *told)


_HELM = "helm template CHART -f VALUES | warmbook lint -"


def _render(what: str, command: str) -> tuple[str, str]:
    return what, say("Render it first: {command}", command=command)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """Return each document's text, and how many lines stand before it."""
    start, above = 0, 0
    for found in _SEPARATOR.finditer(text):
        piece = text[start : found.start()]
        if not _only_directives(piece):
            yield piece, above
        above += piece.count("\n")
        # what follows "--- " on its line belongs to the document
        start = found.start() + 3
    yield text[start:], above


def _only_directives(piece: str) -> bool:
    lines = (line.strip() for line in piece.splitlines())
    return all(not line or line.startswith(("%", "#")) for line in lines)


def _broken(piece: str, above: int, file: str, error: limited_yaml.YamlSyntaxError) -> Passed:
    line = _line_in(error.problem) or above + 1
    if _TEMPLATE.search(piece):
        return Passed(file, line, "", *_render(say("a Helm chart's template"), _HELM))
    reason = say("it is not YAML: {problem}", problem=error.problem)
    return Passed(file, line, "", reason, say("Correct the file, then try again."))


def _line_in(problem: str) -> int:
    found = re.search(r"(\d+)\)$", problem)
    return int(found[1]) if found else 0


def _beyond(above: int, file: str, error: limited_yaml.YamlError) -> Passed:
    remedy = say("Keep only the servers in it, written without aliases.")
    return Passed(
        file, above + 1, "", say("The YAML can't be read: {reason}.", reason=error.reason), remedy
    )


def _is_kustomization(document: Mapping[str, Any]) -> bool:
    listed = [as_list(document.get(key)) for key in ("resources", "patches", "components")]
    return "kind" not in document and any(listed)


def _has_values(value: object, depth: int = 0) -> bool:
    """Say whether a document without a kind names images, as the values of a chart do."""
    if depth > 8:
        return False
    if isinstance(value, dict):
        if {"repository", "tag"} & value.keys() or isinstance(value.get("image"), (dict, str)):
            return True
        return any(_has_values(inner, depth + 1) for inner in value.values())
    return isinstance(value, list) and any(_has_values(inner, depth + 1) for inner in value)
