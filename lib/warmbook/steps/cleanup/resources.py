"""What the workbook created in a cluster, each with its proof; how a thing to delete looks."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...cloud.clients import Clients
from ...measure.runs.cleanup import label
from ...serving.guide_manifest import AUTOSCALING, OURS
from ...settings import Settings
from ...texts import say

KINDS = (
    *AUTOSCALING,  # first, or it would scale what is being deleted
    *("Deployment", "Job", "Pod", "ServiceAccount", "Namespace"),
)
"""What the workbook makes in a cluster, in the order in which it is deleted; Pods are probes."""


@dataclass(frozen=True)
class Resource:
    """Something in the cloud: its kind, its name, and why it counts as created here."""

    kind: str
    name: str
    proof: str = ""
    command: str = field(default="", compare=False)
    """What deletes it by hand; only for what is not proved to be the workbook's."""

    def __str__(self) -> str:
        """Return kind and name in English, as the record has them."""
        return f"{self.kind} {self.name}"

    @property
    def label(self) -> str:
        """Kind and name in the reader's language; kinds of Kubernetes keep their names."""
        return label(self.kind, self.name)


@dataclass
class Found:
    """What is `ours` by proof, and what `perhaps` is: a person has to say."""

    ours: list[Resource] = field(default_factory=list)
    perhaps: list[Resource] = field(default_factory=list)

    def __add__(self, other: Found) -> Found:
        return Found(self.ours + other.ours, self.perhaps + other.perhaps)


def objects(settings: Settings, clients: Clients) -> list[Resource]:
    """Return the workbook's objects in the cluster, and the namespace if it made it."""
    found = []
    for kind in KINDS:
        inside: str | None = settings.namespace
        only = ""
        if kind == "Namespace":  # another reader's may be in the same cluster
            inside, only = None, f"metadata.name={settings.namespace}"
        for one in clients.kubernetes.list_objects(kind, inside, labels=OURS, fields=only):
            proof = say("label {label}", label=OURS)
            found.append(Resource(kind, one["metadata"]["name"], proof))
    return found
