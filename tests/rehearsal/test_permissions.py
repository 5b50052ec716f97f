"""Each method that Google's roles are known for: with exactly its permissions, and with one less.

Source of both: iam-dataset (lib/warmbook_rehearsal/iam.json), and for what a method asks for only
at times Google's page "IAM permissions for JSON methods" (Cloud Storage), with its footnotes.
"""

import pytest
import requests

from warmbook_rehearsal import access

from ..conftest import RehearsalThread

P, NUMBER = "rehearsal-project", "415104041262"
ROLE = f"projects/{P}/roles/underTest"
BUCKET, MODEL = "rehearsal-project-models", "tiny%2Fconfig.json"
ZONE = f"/v1/projects/{P}/locations/us-central1-a"
CRM1, CRM3 = f"/v1/projects/{P}", f"/v3/projects/{P}"
USAGE = f"/v1/projects/{P}/services"
COMPUTE = f"/compute/v1/projects/{P}"
MODELS = f"/storage/v1/b/{BUCKET}"
LOGGING, POOL = "logging.googleapis.com", {"name": "another", "initialNodeCount": 1}
SERIES = (
    "filter=metric.type%3D%22storage.googleapis.com%2Fx%22&interval.endTime=2026-11-29T00:00:00Z"
)

CALLS = {
    "cloudresourcemanager.projects.get": ("GET", CRM3, None),
    "cloudresourcemanager.projects.getIamPolicy": ("POST", f"{CRM1}:getIamPolicy", {}),
    "cloudresourcemanager.projects.setIamPolicy": ("POST", f"{CRM1}:setIamPolicy", {}),
    "compute.acceleratorTypes.aggregatedList": (
        "GET",
        f"{COMPUTE}/aggregated/acceleratorTypes",
        None,
    ),
    "compute.acceleratorTypes.list": (
        "GET",
        f"{COMPUTE}/zones/us-central1-a/acceleratorTypes",
        None,
    ),
    "compute.machineTypes.get": (
        "GET",
        f"{COMPUTE}/zones/us-central1-a/machineTypes/g2-standard-4",
        None,
    ),
    "compute.machineTypes.list": ("GET", f"{COMPUTE}/zones/us-central1-a/machineTypes", None),
    "compute.projects.get": ("GET", COMPUTE, None),
    "compute.regions.get": ("GET", f"{COMPUTE}/regions/us-central1", None),
    "compute.regions.list": ("GET", f"{COMPUTE}/regions", None),
    "compute.zones.get": ("GET", f"{COMPUTE}/zones/us-central1-a", None),
    "compute.zones.list": ("GET", f"{COMPUTE}/zones", None),
    "container.projects.locations.clusters.create": (
        "POST",
        f"{ZONE}/clusters",
        {"cluster": {"name": "malformed_"}},
    ),
    "container.projects.locations.clusters.delete": ("DELETE", f"{ZONE}/clusters/none", None),
    "container.projects.locations.clusters.get": ("GET", f"{ZONE}/clusters/none", None),
    "container.projects.locations.clusters.list": ("GET", f"{ZONE}/clusters", None),
    "container.projects.locations.clusters.nodePools.create": (
        "POST",
        f"{ZONE}/clusters/none/nodePools",
        {"nodePool": POOL},
    ),
    "container.projects.locations.clusters.nodePools.delete": (
        "DELETE",
        f"{ZONE}/clusters/none/nodePools/p",
        None,
    ),
    "container.projects.locations.clusters.nodePools.get": (
        "GET",
        f"{ZONE}/clusters/none/nodePools/p",
        None,
    ),
    "container.projects.locations.clusters.nodePools.list": (
        "GET",
        f"{ZONE}/clusters/none/nodePools",
        None,
    ),
    "container.projects.locations.clusters.nodePools.setAutoscaling": (
        "POST",
        f"{ZONE}/clusters/none/nodePools/p:setAutoscaling",
        {},
    ),
    "container.projects.locations.clusters.nodePools.setSize": (
        "POST",
        f"{ZONE}/clusters/none/nodePools/p:setSize",
        {},
    ),
    "container.projects.locations.clusters.nodePools.update": (
        "PUT",
        f"{ZONE}/clusters/none/nodePools/p",
        {},
    ),
    "container.projects.locations.clusters.setResourceLabels": (
        "POST",
        f"{ZONE}/clusters/none:setResourceLabels",
        {},
    ),
    "container.projects.locations.clusters.update": ("PUT", f"{ZONE}/clusters/none", {}),
    "container.projects.locations.clusters.updateMaster": (
        "POST",
        f"{ZONE}/clusters/none:updateMaster",
        {},
    ),
    "container.projects.locations.operations.get": ("GET", f"{ZONE}/operations/o", None),
    "container.projects.locations.operations.list": ("GET", f"{ZONE}/operations", None),
    "monitoring.projects.timeSeries.list": ("GET", f"/v3/projects/{P}/timeSeries?{SERIES}", None),
    "serviceusage.operations.get": ("GET", f"/v1/operations/acf.p2-{NUMBER}.none", None),
    "serviceusage.services.batchEnable": (
        "POST",
        f"{USAGE}:batchEnable",
        {"serviceIds": [LOGGING]},
    ),
    "serviceusage.services.batchGet": (
        "GET",
        f"{USAGE}:batchGet?names=projects/{P}/services/{LOGGING}",
        None,
    ),
    "serviceusage.services.disable": ("POST", f"{USAGE}/{LOGGING}:disable", {}),
    "serviceusage.services.enable": ("POST", f"{USAGE}/{LOGGING}:enable", {}),
    "serviceusage.services.get": ("GET", f"{USAGE}/{LOGGING}", None),
    "serviceusage.services.list": ("GET", USAGE, None),
    "storage.buckets.delete": ("DELETE", MODELS, None),
    "storage.buckets.get": ("GET", MODELS, None),
    "storage.buckets.getIamPolicy": ("GET", f"{MODELS}/iam", None),
    "storage.buckets.insert": ("POST", f"/storage/v1/b?project={P}", {"name": "n"}),
    "storage.buckets.list": ("GET", f"/storage/v1/b?project={P}", None),
    "storage.buckets.patch": (
        "PATCH",
        MODELS,
        {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
    ),
    "storage.buckets.setIamPolicy": ("PUT", f"{MODELS}/iam", {"bindings": "none"}),
    "storage.buckets.update": (
        "PUT",
        MODELS,
        {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
    ),
    "storage.objects.compose": (
        "POST",
        f"{MODELS}/o/{MODEL}/compose",
        {"sourceObjects": [{"name": "tiny/config.json"}]},
    ),
    "storage.objects.copy": ("POST", f"{MODELS}/o/{MODEL}/copyTo/b/{BUCKET}/o/{MODEL}", {}),
    "storage.objects.delete": ("DELETE", f"{MODELS}/o/none", None),
    "storage.objects.get": ("GET", f"{MODELS}/o/{MODEL}", None),
    "storage.objects.insert": (
        "POST",
        f"/upload{MODELS}/o?uploadType=media&name={MODEL}&ifGenerationMatch=1",
        {},
    ),
    "storage.objects.list": ("GET", f"{MODELS}/o", None),
    "storage.objects.patch": ("PATCH", f"{MODELS}/o/{MODEL}", {"metadata": {"a": "b"}}),
    "storage.objects.rewrite": ("POST", f"{MODELS}/o/{MODEL}/rewriteTo/b/{BUCKET}/o/{MODEL}", {}),
    "storage.objects.update": ("PUT", f"{MODELS}/o/{MODEL}", {}),
}
"""A call of each method; where it can, one that changes nothing: a name that is not there."""

PARTIAL = "storage.buckets.getIamPolicy", "storage.objects.getIamPolicy"
"""Without these a full projection is partial, and not refused: footnotes 2 and 4."""
ACLS = "storage.objects.setIamPolicy"
"""For ACLs, which no bucket with uniform access has: footnotes 5 and 6."""
NEVER_REFUSED = {
    "storage.buckets.get": {PARTIAL[0]},
    "storage.buckets.list": {PARTIAL[0]},
    "storage.buckets.patch": {PARTIAL[0]},
    "storage.objects.get": {PARTIAL[1]},
    "storage.objects.list": {PARTIAL[1]},
    # the page, newer than the dataset, asks for no storage.objects.get
    "storage.objects.patch": {PARTIAL[1], ACLS, "storage.objects.get"},
    "storage.objects.update": {ACLS},
}
ALSO = {"container.projects.locations.clusters.create": {"iam.serviceAccounts.actAs"}}
"""What the dataset does not know of: GKE's "Create IAM policies", rancher/rancher issue 10553."""


@pytest.fixture(scope="module")
def up(image_and_model):
    with RehearsalThread(*image_and_model) as running:
        project = running.inner.cloud.project
        on = ("cloudresourcemanager", "compute", "container", "iam", "monitoring")
        running.call(lambda: project.services.update(f"{name}.googleapis.com" for name in on))
        yield running


@pytest.fixture
def call(up, monkeypatch):
    """Call a method as somebody who holds these permissions on the project, and no others."""
    cloud, storage = up.inner.cloud, up.inner.storage
    reader = up.inner.callers.reader.member
    policy = cloud.project.policy._policy
    before = list(policy.bindings)

    def called(method, permissions):
        monkeypatch.setitem(access.ROLES, ROLE, frozenset(permissions))
        up.call(lambda: _leave(policy, reader))
        verb, path, body = CALLS[method]
        at_storage = method.startswith("storage.")
        url = up.environ["STORAGE_EMULATOR_HOST" if at_storage else "WARMBOOK_REHEARSAL_URL"]
        token = {"Authorization": f"Bearer {up.environ['WARMBOOK_REHEARSAL_TOKEN']}"}
        return requests.request(verb, url + path, json=body, headers=token, timeout=10)

    yield called

    def restore():
        del policy.bindings[:]
        policy.bindings.extend(before)

    up.call(restore)
    assert storage.bucket(BUCKET).objects


def _leave(policy, member):
    del policy.bindings[:]
    policy.bindings.add(role=ROLE, members=[member])


def needed(method):
    return access.METHODS[method] | ALSO.get(method, set())


@pytest.mark.parametrize("method", CALLS)
def test_with_exactly_its_permissions_a_method_is_not_refused(call, method):
    answer = call(method, needed(method))
    assert answer.status_code not in (401, 403), answer.text


@pytest.mark.parametrize(
    ("method", "less"),
    [(method, permission) for method in CALLS for permission in sorted(needed(method))],
)
def test_with_one_permission_less_it_is_refused_by_that_name(call, method, less):
    answer = call(method, needed(method) - {less})
    if less in NEVER_REFUSED.get(method, ()):
        assert answer.status_code not in (401, 403), answer.text
    elif less == "iam.serviceAccounts.actAs":
        assert (answer.status_code, "serviceAccountUser" in answer.text) == (400, True)
    else:
        assert answer.status_code == 403, answer.text
        assert less in answer.json()["error"]["message"]
