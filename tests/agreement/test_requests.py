"""What the steps send, byte for byte in meaning, against what gcloud 528 was recorded to send.

Recorded on loopback with gcloud 528.0.0: `container clusters create-auto`, `clusters create`,
`node-pools create`, both `add-iam-policy-binding`, `storage buckets anywhere-caches create`.
"""

import json
import re

import pytest
import requests

from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import cache, cluster, identity, project

SCOPES = [
    f"https://www.googleapis.com/auth/{name}"
    for name in (
        *("devstorage.read_only", "logging.write", "monitoring"),
        *("service.management.readonly", "servicecontrol", "trace.append"),
    )
]
UPKEEP = {
    "management": {"autoRepair": True, "autoUpgrade": True},
    "upgradeSettings": {"maxSurge": 1},
}
AUTOPILOT = {
    "name": "run-ai-test",
    "autopilot": {"enabled": True},
    "ipAllocationPolicy": {"useIpAliases": True, "createSubnetwork": False},
    "nodePools": [
        {"name": "default-pool", "initialNodeCount": 1, "config": {"oauthScopes": SCOPES}}
    ],
}
STANDARD = {
    "name": "run-ai-test",
    "workloadIdentityConfig": {"workloadPool": "rehearsal-project.svc.id.goog"},
    "nodePools": [
        {
            "name": "default-pool",
            "initialNodeCount": 1,
            "config": {"oauthScopes": SCOPES},
            **UPKEEP,
        }
    ],
}
POOL = {
    "name": "g2-gpu-pool",
    "initialNodeCount": 1,
    "config": {
        "machineType": "g2-standard-16",
        "accelerators": [{"acceleratorType": "nvidia-l4", "acceleratorCount": "1"}],
        "oauthScopes": SCOPES,
    },
    **UPKEEP,
}
ON_PURPOSE = {
    "resourceLabels": "the mark by which cleanup knows what the workbook made",
    "gpuDriverInstallationConfig": "the API's own default, by gcloud's help, installs no driver",
    "addonsConfig": "Cloud Storage FUSE, which notebook 09 compares, is off by default in Standard",
}
"""Fields that the steps send and gcloud does not."""


@pytest.fixture
def sent(monkeypatch):
    """Every request that leaves by REST: method, path, body."""
    seen = []
    send = requests.Session.send

    def recording(session, request, **kwargs):
        body = json.loads(request.body) if request.body else None
        seen.append((request.method, request.path_url.partition("?")[0], body))
        return send(session, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", recording)
    return seen


def body_of(sent, method, path):
    return next(body for verb, where, body in sent if verb == method and re.fullmatch(path, where))


def without_defaults(value):
    """Drop what protobuf leaves out, and the fields that are set on purpose."""
    if isinstance(value, dict):
        inner = {k: without_defaults(v) for k, v in value.items() if k not in ON_PURPOSE}
        return {k: v for k, v in inner.items() if v not in (False, "", 0, None, [], {})}
    if isinstance(value, list):
        return [without_defaults(one) for one in value]
    return value


@pytest.mark.guide("G09")
def test_create_auto(chosen, clients, quiet, sent):
    project.enable_services(chosen, clients, **quiet)
    cluster.create(chosen, clients, **quiet)
    path = "/v1/projects/rehearsal-project/locations/us-central1/clusters"
    body = body_of(sent, "POST", path)
    assert without_defaults(body["cluster"]) == without_defaults(AUTOPILOT)
    assert body["cluster"]["resourceLabels"] == {"created-by": "warmbook"}
    assert body.keys() <= {"cluster", "parent"}


@pytest.mark.guide("G10 G11")
def test_create_and_node_pools_create(rehearsal, quiet, sent):
    settings = Settings.parse(merge({"mode": "standard", "location": "us-central1-a"}))
    clients = connect(settings)
    project.enable_services(settings, clients, **quiet)
    cluster.create(settings, clients, **quiet)
    cluster.create_node_pool(settings, clients, **quiet)
    path = "/v1/projects/rehearsal-project/locations/us-central1-a/clusters"
    assert without_defaults(body_of(sent, "POST", path)["cluster"]) == STANDARD
    pool = body_of(sent, "POST", f"{path}/run-ai-test/nodePools")["nodePool"]
    assert without_defaults(pool) == POOL
    driver = pool["config"]["accelerators"][0]["gpuDriverInstallationConfig"]
    assert driver == {"gpuDriverVersion": 3}, "LATEST, by its number"
    addons = body_of(sent, "POST", path)["cluster"]["addonsConfig"]
    assert addons == {"gcsFuseCsiDriverConfig": {"enabled": True}}


@pytest.mark.guide("G06 G07")
def test_the_projects_binding(chosen, clients, sent):
    project.grant_roles(chosen, clients)
    get = body_of(sent, "POST", "/v3/projects/rehearsal-project:getIamPolicy")
    assert get["options"] == {"requestedPolicyVersion": 3}
    policy = body_of(sent, "POST", "/v3/projects/rehearsal-project:setIamPolicy")["policy"]
    assert policy.keys() == {"bindings", "etag", "version"}
    assert policy["version"] == 3
    granted = {binding["role"]: binding["members"] for binding in policy["bindings"]}
    assert granted["roles/container.admin"] == ["user:you@example.com"]
    assert granted["roles/storage.admin"] == ["user:you@example.com"]


@pytest.mark.guide("G16 G17")
def test_the_buckets_binding(chosen, clients, sent):
    identity.grant_bucket_roles(chosen, clients)
    policy = body_of(sent, "PUT", "/storage/v1/b/rehearsal-project-models/iam")
    assert policy.keys() - {"resourceId", "kind"} == {"bindings", "etag", "version"}
    assert policy["version"] == 3
    member = (
        "principal://iam.googleapis.com/projects/415104041262/locations/global/"
        "workloadIdentityPools/rehearsal-project.svc.id.goog/subject/ns/vllm/sa/vllm-streamer"
    )
    granted = {binding["role"]: binding["members"] for binding in policy["bindings"]}
    assert granted["roles/storage.bucketViewer"] == [member]
    assert granted["roles/storage.objectUser"] == [member]


@pytest.mark.guide("G29")
def test_the_cache(rehearsal, monkeypatch, quiet):
    from google.cloud import storage_control_v2 as control

    asked = []
    create = control.StorageControlClient.create_anywhere_cache

    def recording(client, *args, **kwargs):
        asked.append(kwargs)
        return create(client, *args, **kwargs)

    monkeypatch.setattr(control.StorageControlClient, "create_anywhere_cache", recording)
    settings = Settings.parse(merge({"zone": "us-central1-a"}))
    clients = connect(settings)
    project.enable_services(settings, clients, **quiet)
    cluster.create(settings, clients, **quiet)
    cache.create(settings, clients, **quiet)
    (request,) = asked
    # gcloud: {"bucket": B, "zone": Z}; no ttl and no admission policy: the service's defaults
    assert request["parent"] == "projects/_/buckets/rehearsal-project-models"
    assert request["anywhere_cache"] == control.AnywhereCache(zone="us-central1-a")
