"""One call or more of each method that the rehearsal serves and that asks for a permission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .roles import PARTIAL, SEEN_OF_BUCKETS, SEEN_OF_OBJECTS, Call, storage

P, NUMBER = "rehearsal-project", "415104041262"
ZONE = f"/v1/projects/{P}/locations/us-central1-a"
CLUSTER, POOL = f"{ZONE}/clusters/none", f"{ZONE}/clusters/none/nodePools/p"
CRM1, CRM3 = f"/v1/projects/{P}", f"/v3/projects/{P}"
USAGE = f"/v1/projects/{P}/services"
COMPUTE = f"/compute/v1/projects/{P}"
LOGGING = "logging.googleapis.com"
ACCOUNT = "billingAccounts/000000-AAAAAA-000000"
NODES = f"{NUMBER}-compute@developer.gserviceaccount.com"
SERIES = (
    "filter=metric.type%3D%22storage.googleapis.com%2Fx%22&interval.endTime=2026-11-29T00:00:00Z"
)
UNIFORM, LISTS = "roles-uniform", "roles-lists"
"""A bucket with uniform access, and one with access control lists and retention of objects."""
B, L = f"/storage/v1/b/{UNIFORM}", f"/storage/v1/b/{LISTS}"
OBJECT, CACHE = f"{B}/o/x", f"{B}/anywhereCaches/us-central1-a"
FOREVER = {"mode": "Unlocked", "retainUntilTime": "2036-01-01T00:00:00Z"}
READER = {"entity": "user-a@example.com", "role": "READER"}
OPEN = {"iamConfiguration": {"publicAccessPrevention": "inherited"}}


REPLACED = storage("objects.delete")
LISTS_OF_OBJECTS = storage("objects.setIamPolicy")
RETAINED, CONTEXT = storage("objects.setRetention"), storage("objects.createContext")
OF_LISTS = PARTIAL["storage.objects.patch"] | LISTS_OF_OBJECTS


def get(path: str, **what: Any) -> Call:
    return Call("GET", path, **what)


def post(path: str, body: Any = None, **what: Any) -> Call:
    return Call("POST", path, body or {}, **what)


def contexts(**values: str | None) -> dict[str, Any]:
    custom = {key: value and {"value": value} for key, value in values.items()}
    return {"contexts": {"custom": custom}}


def upload(query: str, **what: Any) -> Call:
    return post(f"/upload{L}/o?uploadType={query}", **what)


BY_READING = {
    "spares": storage("objects.move"),
    "instead": dict.fromkeys(storage("objects.get", "objects.delete"), "storage.objects.move"),
}
_CLUSTERS = "container.projects.locations.clusters"

# refusals of Cloud Billing and of Resource Manager v1: the rehearsal's modules have the sources
_BILLING = "resourcemanager.projects.createBillingAssignment"
_UNLINKING = "resourcemanager.projects.deleteBillingAssignment"
_NAMELESS = "The caller does not have permission"


def _v1(verb: str, words: str = _NAMELESS) -> dict[str, str]:
    return {f"resourcemanager.projects.{verb}": words}


CALLS: Mapping[str, tuple[Call, ...]] = {
    "cloudbilling.projects.getBillingInfo": (get(f"{CRM1}/billingInfo", instead=_v1("get")),),
    "cloudbilling.projects.updateBillingInfo": (
        Call(
            *("PUT", f"{CRM1}/billingInfo", {"billingAccountName": ""}),
            spares=frozenset({_BILLING}),
            instead={_UNLINKING: _NAMELESS},
        ),
        Call(
            *("PUT", f"{CRM1}/billingInfo", {"billingAccountName": ACCOUNT}),
            spares=frozenset({_UNLINKING}),
            instead={_BILLING: _NAMELESS},
        ),
    ),
    "cloudquotas.projects.locations.services.quotaInfos.get": (
        get(f"{CRM1}/locations/global/services/compute.googleapis.com/quotaInfos/none"),
    ),
    "cloudresourcemanager.projects.get": (get(CRM3), get(CRM1, instead=_v1("get"))),
    "cloudresourcemanager.projects.getIamPolicy": (
        post(f"{CRM3}:getIamPolicy"),
        post(f"{CRM1}:getIamPolicy", instead=_v1("getIamPolicy")),
    ),
    "cloudresourcemanager.projects.setIamPolicy": (
        post(f"{CRM3}:setIamPolicy"),
        post(f"{CRM1}:setIamPolicy", instead=_v1("setIamPolicy", "Policy update access denied.")),
    ),
    "compute.acceleratorTypes.aggregatedList": (get(f"{COMPUTE}/aggregated/acceleratorTypes"),),
    "compute.acceleratorTypes.list": (get(f"{COMPUTE}/zones/us-central1-a/acceleratorTypes"),),
    "compute.machineTypes.get": (get(f"{COMPUTE}/zones/us-central1-a/machineTypes/g2-standard-4"),),
    "compute.machineTypes.list": (get(f"{COMPUTE}/zones/us-central1-a/machineTypes"),),
    "compute.projects.get": (get(COMPUTE),),
    "compute.regions.get": (get(f"{COMPUTE}/regions/us-central1"),),
    "compute.regions.list": (get(f"{COMPUTE}/regions"),),
    "compute.zones.get": (get(f"{COMPUTE}/zones/us-central1-a"),),
    "compute.zones.list": (get(f"{COMPUTE}/zones"),),
    "container.projects.locations.getServerConfig": (get(f"{ZONE}/serverConfig"),),
    f"{_CLUSTERS}.create": (post(f"{ZONE}/clusters", {"cluster": {"name": "malformed_"}}),),
    f"{_CLUSTERS}.delete": (Call("DELETE", CLUSTER),),
    f"{_CLUSTERS}.get": (get(CLUSTER),),
    f"{_CLUSTERS}.list": (get(f"{ZONE}/clusters"),),
    f"{_CLUSTERS}.nodePools.create": (
        post(f"{CLUSTER}/nodePools", {"nodePool": {"name": "q", "initialNodeCount": 1}}),
    ),
    f"{_CLUSTERS}.nodePools.delete": (Call("DELETE", POOL),),
    f"{_CLUSTERS}.nodePools.get": (get(POOL),),
    f"{_CLUSTERS}.nodePools.list": (get(f"{CLUSTER}/nodePools"),),
    f"{_CLUSTERS}.nodePools.setAutoscaling": (post(f"{POOL}:setAutoscaling"),),
    f"{_CLUSTERS}.nodePools.setSize": (post(f"{POOL}:setSize"),),
    f"{_CLUSTERS}.nodePools.update": (Call("PUT", POOL, {}),),
    f"{_CLUSTERS}.setResourceLabels": (post(f"{CLUSTER}:setResourceLabels"),),
    f"{_CLUSTERS}.update": (Call("PUT", CLUSTER, {}),),
    f"{_CLUSTERS}.updateMaster": (post(f"{CLUSTER}:updateMaster"),),
    "container.projects.locations.operations.get": (get(f"{ZONE}/operations/o"),),
    "container.projects.locations.operations.list": (get(f"{ZONE}/operations"),),
    "iam.projects.serviceAccounts.get": (get(f"{CRM1}/serviceAccounts/{NODES}"),),
    "monitoring.projects.timeSeries.list": (get(f"/v3/projects/{P}/timeSeries?{SERIES}"),),
    "serviceusage.operations.get": (get(f"/v1/operations/acf.p2-{NUMBER}.none"),),
    "serviceusage.services.batchEnable": (post(f"{USAGE}:batchEnable", {"serviceIds": [LOGGING]}),),
    "serviceusage.services.batchGet": (
        get(f"{USAGE}:batchGet?names=projects/{P}/services/{LOGGING}"),
    ),
    "serviceusage.services.disable": (post(f"{USAGE}/{LOGGING}:disable"),),
    "serviceusage.services.enable": (post(f"{USAGE}/{LOGGING}:enable"),),
    "serviceusage.services.get": (get(f"{USAGE}/{LOGGING}"),),
    "serviceusage.services.list": (get(USAGE),),
    "storage.anywhereCaches.disable": (post(f"{CACHE}/disable"),),
    "storage.anywhereCaches.get": (get(CACHE),),
    "storage.anywhereCaches.insert": (post(f"{B}/anywhereCaches", {"zone": "none"}),),
    "storage.anywhereCaches.list": (get(f"{B}/anywhereCaches"),),
    "storage.anywhereCaches.pause": (post(f"{CACHE}/pause"),),
    "storage.anywhereCaches.resume": (post(f"{CACHE}/resume"),),
    "storage.anywhereCaches.update": (Call("PATCH", CACHE, {}),),
    **{
        f"storage.{kind}.{verb}": (call,)
        for kind, path in (
            ("bucketAccessControls", f"{L}/acl"),
            ("defaultObjectAccessControls", f"{L}/defaultObjectAcl"),
            ("objectAccessControls", f"{L}/o/x/acl"),
        )
        for verb, call in (
            ("insert", post(path, READER)),
            ("list", get(path)),
            ("get", get(f"{path}/{READER['entity']}")),
            ("patch", Call("PATCH", f"{path}/{READER['entity']}", READER)),
            ("update", Call("PUT", f"{path}/{READER['entity']}", READER)),
            ("delete", Call("DELETE", f"{path}/{READER['entity']}")),
        )
    },
    "storage.buckets.delete": (Call("DELETE", B),),
    "storage.buckets.get": (get(B, spares=SEEN_OF_BUCKETS),),
    "storage.buckets.getIamPolicy": (get(f"{B}/iam"),),
    "storage.buckets.getStorageLayout": (get(f"{B}/storageLayout"),),
    "storage.buckets.insert": (
        post(f"/storage/v1/b?project={P}", {"name": "n"}),
        post(
            f"/storage/v1/b?project={P}&enableObjectRetention=true",
            {"name": "n"},
            also=storage("buckets.enableObjectRetention"),  # footnote 3
        ),
    ),
    "storage.buckets.list": (get(f"/storage/v1/b?project={P}", spares=SEEN_OF_BUCKETS),),
    "storage.buckets.lockRetentionPolicy": (
        post(f"{B}/lockRetentionPolicy?ifMetagenerationMatch=77"),
    ),
    "storage.buckets.operations.get": (get(f"{B}/operations/none"),),
    "storage.buckets.operations.list": (get(f"{B}/operations"),),
    "storage.buckets.patch": (
        Call("PATCH", B, OPEN, spares=SEEN_OF_BUCKETS),
        Call("PATCH", L, {"acl": [READER]}, spares=SEEN_OF_BUCKETS),
        Call("PATCH", L, {"defaultObjectAcl": [READER]}, spares=SEEN_OF_BUCKETS),
        Call(
            *("PATCH", B, {"labels": {"a": "b"}}),
            spares=SEEN_OF_BUCKETS | storage("buckets.setIamPolicy"),
        ),
    ),
    "storage.buckets.restore": (post(f"{B}/restore?generation=1"),),
    "storage.buckets.setIamPolicy": (Call("PUT", f"{B}/iam", {"bindings": "none"}),),
    "storage.buckets.update": (Call("PUT", f"{B}?ifMetagenerationMatch=77", OPEN),),
    "storage.folders.list": (get(f"{B}/folders"),),
    "storage.managedFolders.delete": (
        Call(*("DELETE", f"{B}/managedFolders/f"), spares=storage("managedFolders.setIamPolicy")),
        Call("DELETE", f"{B}/managedFolders/f?allowNonEmpty=true"),  # footnote 10
    ),
    "storage.managedFolders.get": (get(f"{B}/managedFolders/f"),),
    "storage.managedFolders.insert": (post(f"{L}/managedFolders", {"name": "f"}),),
    "storage.managedFolders.list": (get(f"{B}/managedFolders"),),
    "storage.objects.compose": (
        post(f"{OBJECT}/compose", {"sourceObjects": [{"name": "x"}]}),
        post(f"{B}/o/new/compose", {"sourceObjects": [{"name": "x"}]}, spares=REPLACED),
        post(
            f"{L}/o/new-kept/compose",
            {"sourceObjects": [{"name": "x"}], "destination": {"retention": FOREVER}},
            spares=REPLACED,
            also=RETAINED,
        ),
    ),
    "storage.objects.copy": (
        post(f"{OBJECT}/copyTo/b/{UNIFORM}/o/x"),
        post(f"{OBJECT}/copyTo/b/{UNIFORM}/o/new-copy", spares=REPLACED),
        post(
            f"{OBJECT}/copyTo/b/{UNIFORM}/o/new-context",
            contexts(a="b"),
            spares=REPLACED,
            also=CONTEXT,
        ),
    ),
    "storage.objects.delete": (Call("DELETE", f"{B}/o/none"),),
    "storage.objects.get": (
        get(OBJECT, spares=SEEN_OF_OBJECTS),
        get(f"{OBJECT}?alt=media", spares=SEEN_OF_OBJECTS),
        get(f"/download{OBJECT}?alt=media", spares=SEEN_OF_OBJECTS),
    ),
    "storage.objects.insert": (
        upload("media&name=x&ifGenerationMatch=1"),
        upload("media&name=new&ifGenerationMatch=1", spares=REPLACED),
        upload("resumable", body={"name": "x"}),
        upload(
            *("resumable",),
            body={"name": "new", "retention": FOREVER},
            spares=REPLACED,
            also=RETAINED,
        ),
        upload(
            "resumable",
            body={"name": "new", **contexts(a="b")},
            spares=REPLACED,
            also=CONTEXT,
        ),
    ),
    "storage.objects.list": (get(f"{B}/o", spares=SEEN_OF_OBJECTS),),
    "storage.objects.move": (
        post(f"{L}/o/m1/moveTo/o/new-1", spares=REPLACED),
        # either set will do, and what is missing of the second is named by the first: footnote 15
        post(f"{L}/o/m2/moveTo/o/new-2", also=storage("objects.get"), **BY_READING),
        post(f"{L}/o/m3/moveTo/o/replaced"),
    ),
    "storage.objects.patch": (
        Call(
            *("PATCH", OBJECT, {"metadata": {"a": "b"}}),
            spares=OF_LISTS,
        ),
        Call("PATCH", f"{L}/o/x", {"acl": [READER]}, spares=PARTIAL["storage.objects.patch"]),
        Call("PATCH", f"{L}/o/r", {"retention": FOREVER}, spares=OF_LISTS, also=RETAINED),
        Call("PATCH", f"{L}/o/c", contexts(new="1"), spares=OF_LISTS, also=CONTEXT),
        Call(
            *("PATCH", f"{L}/o/c", contexts(a="2")),
            spares=OF_LISTS,
            also=storage("objects.updateContext"),
        ),
        Call(
            *("PATCH", f"{L}/o/c", contexts(a=None)),
            spares=OF_LISTS,
            also=storage("objects.deleteContext"),
        ),
    ),
    "storage.objects.restore": (post(f"{B}/o/back/restore?generation=GENERATION"),),
    "storage.objects.rewrite": (
        post(f"{OBJECT}/rewriteTo/b/{UNIFORM}/o/x"),
        post(f"{OBJECT}/rewriteTo/b/{UNIFORM}/o/new-rewritten", spares=REPLACED),
    ),
    "storage.objects.update": (
        Call("PUT", OBJECT, {}, spares=LISTS_OF_OBJECTS),
        Call("PUT", f"{L}/o/x", {"acl": [READER]}),
        Call(
            *("PUT", f"{L}/o/retained?overrideUnlockedRetention=true", {}),
            spares=LISTS_OF_OBJECTS,
            also=RETAINED | storage("objects.overrideUnlockedRetention"),
        ),
    ),
}
"""Calls by their methods' names in the discovery documents; most change nothing."""

FULL = {
    "storage.buckets.get": get(f"{L}?projection=full"),
    "storage.buckets.list": get(f"/storage/v1/b?project={P}&prefix={LISTS}&projection=full"),
    "storage.buckets.patch": Call("PATCH", f"{L}?projection=full", {"labels": {"a": "b"}}),
    "storage.objects.get": get(f"{L}/o/x?projection=full"),
    "storage.objects.list": get(f"{L}/o?projection=full"),
    "storage.objects.patch": Call("PATCH", f"{L}/o/x?projection=full", {"metadata": {"a": "b"}}),
}
"""Calls whose answers have access control lists."""

NOT_ASKED = {
    "cloudbilling.billingAccounts.list": (
        "lists the accounts that the caller may see, and refuses nobody: discovery document of "
        "cloudbilling v1; the one of the rehearsal is the reader's own"
    ),
    "cloudresourcemanager.projects.create": (
        "the permission is one on the organisation, and the rehearsal has none"
    ),
    "cloudresourcemanager.projects.list": (
        "lists the projects that the caller may get, and refuses nobody: discovery document of "
        "cloudresourcemanager v1"
    ),
    "cloudresourcemanager.projects.search": "the same, of v3",
    **dict.fromkeys(
        ("cloudresourcemanager.projects.testIamPermissions", "storage.buckets.testIamPermissions"),
        "asks for nothing: discovery document of cloudresourcemanager v1; Cloud Storage's page",
    ),
    "cloudresourcemanager.operations.get": (
        "who may see an operation of no project is nowhere documented; its name is not guessed"
    ),
    "container.projects.locations.operations.cancel": (
        "what it asks for is nowhere documented; the rehearsal cancels nothing"
    ),
}
"""Methods that are served, and why none of their permissions is asked for."""


def each_call() -> Iterable[tuple[str, Call]]:
    return ((method, call) for method, calls in CALLS.items() for call in calls)
