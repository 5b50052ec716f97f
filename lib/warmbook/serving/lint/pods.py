"""Pod templates in objects of any kind, known or not, each with its containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .shapes import as_list, as_map, as_whole
from .words import is_open, line_of

_DEEPEST = 30
_NO_PODS = frozenset(("ConfigMap", "Secret", "CustomResourceDefinition", "Service"))
_KUBERNETES = frozenset(
    (
        *("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"),
        *("LeaderWorkerSet", "JobSet", "PodTemplate", "ReplicationController"),
    )
)
"""Kinds whose Pods are what stands in the template; of others a controller adds to it."""
_RAY = frozenset(("RayService", "RayCluster", "RayJob"))


@dataclass(frozen=True)
class Pod:
    """A Pod's spec in an object; `size` is how many such Pods serve together, None if not known."""

    owner: Mapping[str, Any]
    spec: Mapping[str, Any]
    containers: tuple[Mapping[str, Any], ...]
    size: int | None = 1

    @property
    def kind(self) -> str:
        """The object's kind."""
        return str(self.owner.get("kind") or "")

    @property
    def name(self) -> str:
        """Kind and name of the object."""
        name = str(as_map(self.owner.get("metadata")).get("name") or "")
        return " ".join(filter(None, (self.kind, name)))

    @property
    def whole(self) -> bool:
        """Whether the Pods are what stands in the template, and nothing is added."""
        return self.kind in _KUBERNETES

    @property
    def by_ray(self) -> bool:
        """Whether Ray's operator says what the containers run."""
        return self.kind in _RAY


def objects(documents: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Return the objects of documents, those within lists too."""
    for document in map(as_map, documents):
        items = as_list(document.get("items"))
        if str(document.get("kind") or "").endswith("List") and items:
            yield from objects(items)
        elif document:
            yield document


def pods_of(owner: Mapping[str, Any]) -> Iterator[Pod]:
    """Return the Pod templates of an object, wherever they stand in it."""
    if owner.get("kind") in _NO_PODS:
        return
    size = _size(owner)
    for spec, containers in _specs(owner, 0):
        yield Pod(owner, spec, containers, size)


def _specs(
    value: object, depth: int
) -> Iterator[tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        listed = value.get("containers")
        if isinstance(listed, list):
            yield value, tuple(one for one in map(as_map, listed) if one)
        elif own := _single(value):
            yield value, own
        for key, inner in value.items():
            if key != "containers" and isinstance(inner, (dict, list)):
                yield from _specs(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _specs(inner, depth + 1)


def _single(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the one container of a template that has a place for it.

    Source: KServe's InferenceService (`predictor.model`), Dynamo's DynamoGraphDeployment
    (`extraPodSpec.mainContainer`).
    """
    main, model = as_map(value.get("mainContainer")), as_map(value.get("model"))
    found = main or (model if "modelFormat" in model else {})
    return (found,) if found else ()


def line(pod: Pod, container: Mapping[str, Any]) -> int:
    """Return the line of a container, else of its Pod."""
    return line_of(container, line_of(pod.spec))


def _size(owner: Mapping[str, Any]) -> int | None:
    """Return how many Pods serve together. Source: LeaderWorkerSet's API, `size`."""
    if owner.get("kind") != "LeaderWorkerSet":
        return 1
    template = as_map(as_map(owner.get("spec")).get("leaderWorkerTemplate"))
    size = template.get("size", 1)
    return None if is_open(str(size)) else as_whole(size)
