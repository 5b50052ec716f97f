"""Whether a Pod fits a node, and in the scheduler's words why not.

Source: Kubernetes, pkg/scheduler/framework/plugins (NodeUnschedulable, TaintToleration,
NodeAffinity, NodeResourcesFit).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..objects import Obj, labels_of, name_of
from ..quantities import number
from ..selectors import requirement_holds

Resources = dict[str, Decimal]

NO_AFFINITY = "node(s) didn't match Pod's node affinity/selector"
_LASTING = ("NoSchedule", "NoExecute")


def requests_of(pod: Obj) -> Resources:
    """Return what a Pod asks for: its containers' sum, or an init container's if that is more."""
    spec = pod["spec"]
    total = _sum(spec.get("containers") or ())
    for container in spec.get("initContainers") or ():
        for name, value in _sum([container]).items():
            total[name] = max(total[name], value)
    total["pods"] = Decimal(1)
    return total


def _sum(containers: Iterable[Obj]) -> Resources:
    total: Resources = defaultdict(Decimal)
    for container in containers:
        requests = (container.get("resources") or {}).get("requests") or {}
        for name, value in requests.items():
            total[name] += number(value)
    return total


class Usage:
    """What the Pods on each node use, kept as they come and go."""

    def __init__(self) -> None:
        self._of_node: dict[str, Resources] = defaultdict(lambda: defaultdict(Decimal))
        self._placed: dict[object, tuple[str, Resources]] = {}

    def on(self, node: str) -> Resources:
        """Return what is in use on a node."""
        return self._of_node[node]

    def note(self, key: object, pod: Obj | None) -> None:
        """Take a Pod as it is now, None if it is gone, in place of what was known of it."""
        if placed := self._placed.pop(key, None):
            self._add(*placed, sign=-1)
        node = pod["spec"].get("nodeName") if pod else None
        if pod and node and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            self._placed[key] = node, requests_of(pod)
            self._add(*self._placed[key], sign=1)

    def _add(self, node: str, requests: Resources, *, sign: int) -> None:
        for name, value in requests.items():
            self._of_node[node][name] += sign * value


def why_not(pod: Obj, node: Obj, used: Mapping[str, Decimal]) -> list[str]:
    """Return why a Pod can't go on a node, nothing if it can; the first rule that fails tells."""
    if node["spec"].get("unschedulable"):
        return ["node(s) were unschedulable"]
    if taint := untolerated(pod, node):
        return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    if not admits(pod, node):
        return [NO_AFFINITY]
    return _insufficient(pod, node, used)


def helped_by_preemption(reasons: Iterable[str]) -> bool:
    """Tell whether fewer Pods on the node could help."""
    return all(reason.startswith(("Insufficient", "Too many")) for reason in reasons)


def _insufficient(pod: Obj, node: Obj, used: Mapping[str, Decimal]) -> list[str]:
    allocatable = node["status"].get("allocatable") or {}
    return [
        "Too many pods" if name == "pods" else f"Insufficient {name}"
        for name, wanted in sorted(requests_of(pod).items())
        if wanted and wanted > number(allocatable.get(name, "0")) - used.get(name, Decimal(0))
    ]


def untolerated(pod: Obj, node: Obj) -> Obj | None:
    """Return the first taint of a node that keeps a Pod away."""
    tolerations = pod["spec"].get("tolerations") or ()
    for taint in node["spec"].get("taints") or ():
        if taint["effect"] in _LASTING and not any(_tolerates(t, taint) for t in tolerations):
            found: Obj = taint
            return found
    return None


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same_value = toleration.get("value", "") == taint.get("value", "")
    return toleration.get("key") == taint["key"] and same_value


def admits(pod: Obj, node: Obj) -> bool:
    """Tell whether a node fits the Pod's nodeSelector and required node affinity."""
    labels = labels_of(node)
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    terms = required_terms(pod)
    return terms is None or any(_term_holds(term, node) for term in terms)


def required_terms(pod: Obj) -> list[Obj] | None:
    """Return the terms of the Pod's required node affinity, None if it has none."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return None if required is None else list(required.get("nodeSelectorTerms") or ())


def _term_holds(term: Mapping[str, Any], node: Obj) -> bool:
    expressions = term.get("matchExpressions") or ()
    fields = term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    name = {"metadata.name": name_of(node)}
    return all(requirement_holds(e, labels_of(node)) for e in expressions) and all(
        requirement_holds(f, name) for f in fields
    )
