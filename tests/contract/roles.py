"""What methods ask for, and what one call of a method does: a permission too few is refused.

What a method may ask for: iam-dataset (lib/warmbook_rehearsal/iam.json), and where that is silent
`OF_PAGES`. What a call asks for is narrower at times: Cloud Storage's page "IAM permissions for
JSON methods", 2026-04-09, says so in its footnotes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warmbook_rehearsal import access


def storage(*names: str) -> frozenset[str]:
    return frozenset(f"storage.{name}" for name in names)


@dataclass(frozen=True)
class Call:
    """A request; of its method's permissions it `spares` some, and may ask for more `also`.

    A refusal names the permission that is missing, or says what is here `instead`.
    """

    verb: str
    path: str
    body: Any = None
    spares: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    instead: Mapping[str, str] = field(default_factory=dict)


SEEN_OF_BUCKETS, SEEN_OF_OBJECTS = storage("buckets.getIamPolicy"), storage("objects.getIamPolicy")

PARTIAL: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("storage.buckets.get", "storage.buckets.list"), SEEN_OF_BUCKETS),
    **dict.fromkeys(("storage.objects.get", "storage.objects.list"), SEEN_OF_OBJECTS),
    "storage.buckets.patch": SEEN_OF_BUCKETS,
    # the page, newer than the dataset, asks for no storage.objects.get
    "storage.objects.patch": SEEN_OF_OBJECTS | storage("objects.get"),
}
"""Without these no call is refused: its answer has no access control lists (footnotes 2 and 4)."""

OF_PAGES: Mapping[str, frozenset[str]] = {
    # discovery document of cloudbilling v1, projects.getBillingInfo
    "cloudbilling.projects.getBillingInfo": frozenset({"resourcemanager.projects.get"}),
    # the role "Project Billing Manager", which holds these two and nothing else
    "cloudbilling.projects.updateBillingInfo": frozenset(
        f"resourcemanager.projects.{verb}BillingAssignment" for verb in ("create", "delete")
    ),
    # the role "Cloud Quotas Viewer", whose only permission for what is there is this
    "cloudquotas.projects.locations.services.quotaInfos.get": frozenset({"cloudquotas.quotas.get"}),
    # cloudpilot-ai/karpenter-provider-gcp, pull request 403
    "container.projects.locations.getServerConfig": frozenset({"container.clusters.list"}),
    # Cloud Storage, "IAM permissions for JSON methods"
    **{
        f"storage.anywhereCaches.{verb}": storage(f"anywhereCaches.{verb}")
        for verb in ("disable", "get", "list", "pause", "resume", "update")
    },
    "storage.anywhereCaches.insert": storage("anywhereCaches.create"),
    "storage.folders.list": storage("folders.list"),
    **{
        f"storage.managedFolders.{verb}": storage(f"managedFolders.{verb}")
        for verb in ("get", "list")
    },
    "storage.managedFolders.insert": storage("managedFolders.create"),
    "storage.managedFolders.delete": storage(
        "managedFolders.delete", "managedFolders.setIamPolicy"
    ),
    "storage.objects.move": storage("objects.move", "objects.create", "objects.delete"),
    "storage.objects.restore": storage("objects.restore", "objects.create", "objects.delete"),
    # Cloud Storage, "IAM permissions for Cloud Storage", long-running operations
    **{
        f"storage.buckets.operations.{verb}": storage(f"bucketOperations.{verb}")
        for verb in ("get", "list")
    },
    # JSON API, Buckets: getStorageLayout and Buckets: restore, "Required permissions"
    "storage.buckets.getStorageLayout": storage("objects.list"),
    "storage.buckets.restore": storage("buckets.restore"),
}
"""What methods ask for that the dataset does not know, and who says so."""

OF_OTHERS = {"container.projects.locations.clusters.create": {"iam.serviceAccounts.actAs"}}
"""What else a method asks for: GKE, "Create IAM policies"; rancher/rancher issue 10553."""


def known(method: str) -> frozenset[str]:
    """Return what a method may ask for."""
    told = access.METHODS.get(method, frozenset()) | OF_PAGES.get(method, frozenset())
    return told | OF_OTHERS.get(method, set())


def needed(method: str, call: Call) -> frozenset[str]:
    """Return what one call of a method asks for."""
    return (known(method) - call.spares) | call.also
