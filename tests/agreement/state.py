"""What a walk through the guide leaves in the cloud, as one flat mapping of paths to values."""

from google.api_core.exceptions import NotFound
from google.protobuf.json_format import MessageToDict

from warmbook.cloud.anywhere_cache import find as find_caches

EACH_TIME_ANOTHER = (
    *("uid", "creationTimestamp", "resourceVersion", "generation", "managedFields"),
    *("lastUpdateTime", "lastTransitionTime", "observedGeneration"),
    *("endpoint", "publicEndpoint", "privateEndpoint", "clusterCaCertificate", "selfLink"),
    *("id", "etag", "createTime", "instanceGroupUrls", "podCidrBlock"),
)
"""Names, addresses and times that no two runs share."""


def state(settings, clients):
    """Return all that the guide creates or changes, flat: path to value."""
    found = {
        "project": _project(settings, clients),
        "cluster": _cluster(settings, clients),
        "bucket": _bucket(settings, clients),
        "kubernetes": _kubernetes(settings, clients),
    }
    return dict(_flat(found))


def _project(settings, clients):
    name = f"projects/{settings.project_id}"
    policy = clients.projects.get_iam_policy(request={"resource": name})
    services = clients.services.list_services(request={"parent": name, "filter": "state:ENABLED"})
    return {
        "services": sorted(service.name.rpartition("/")[2] for service in services),
        "roles": {binding.role: sorted(binding.members) for binding in policy.bindings},
    }


def _cluster(settings, clients):
    try:
        found = clients.clusters.get_cluster(name=clients.cluster_path(settings))
    except NotFound:
        return {}
    told = MessageToDict(type(found).pb(found))
    pools = told.pop("nodePools", [])
    # Autopilot's own pools come and go with the Pods; a Standard cluster's are the reader's
    return {**told, "pools": {p["name"]: p for p in pools if settings.mode == "standard"}}


def _bucket(settings, clients):
    bucket = clients.storage.get_bucket(settings.bucket_name)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    caches = find_caches(clients, settings.bucket_name)
    return {
        "labels": dict(bucket.labels),
        "roles": {b["role"]: sorted(b["members"]) for b in policy.bindings},
        "caches": {cache.zone: [cache.state, cache.ttl_s] for cache in caches},
    }


def _kubernetes(settings, clients):
    if not _cluster(settings, clients):
        return {}
    found = {}
    for kind in ("Namespace", "ServiceAccount", "Deployment"):
        inside = None if kind == "Namespace" else settings.namespace
        for one in clients.kubernetes.list_objects(kind, inside):
            found[f"{kind}/{one['metadata']['name']}"] = one
    return found


def _flat(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in EACH_TIME_ANOTHER:
                yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{number}]")
    else:
        yield path, value
