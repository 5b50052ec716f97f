"""What people do all day with Google's own Python clients: each call once or more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httplib2
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import container_v1 as gke
from google.cloud import storage as gcs
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient import discovery
from googleapiclient.errors import HttpError

PROJECT = "rehearsal-project"
FILES = 150
"""How many small files are uploaded and deleted again."""

PLACE = f"projects/{PROJECT}/locations/us-central1-a"

LOOKS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("compute", "v1", "projects.get", {"project": PROJECT}),
    ("compute", "v1", "regions.list", {"project": PROJECT}),
    ("compute", "v1", "regions.get", {"project": PROJECT, "region": "us-central1"}),
    ("compute", "v1", "zones.list", {"project": PROJECT, "maxResults": 2}),
    ("compute", "v1", "zones.get", {"project": PROJECT, "zone": "us-central1-a"}),
    ("compute", "v1", "zones.get", {"project": PROJECT, "zone": "us-nowhere1-a"}),
    ("compute", "v1", "acceleratorTypes.list", {"project": PROJECT, "zone": "us-central1-a"}),
    ("compute", "v1", "acceleratorTypes.aggregatedList", {"project": PROJECT}),
    (
        *("compute", "v1", "machineTypes.list"),
        {"project": PROJECT, "zone": "us-central1-a", "filter": 'name="g2-standard-16"'},
    ),
    (
        *("compute", "v1", "machineTypes.get"),
        {"project": PROJECT, "zone": "us-central1-a", "machineType": "g2-standard-16"},
    ),
    ("cloudresourcemanager", "v1", "projects.list", {"filter": "lifecycleState:ACTIVE"}),
    ("cloudresourcemanager", "v1", "projects.get", {"projectId": PROJECT}),
    ("cloudresourcemanager", "v1", "projects.getIamPolicy", {"resource": PROJECT, "body": {}}),
    ("cloudresourcemanager", "v3", "projects.get", {"name": f"projects/{PROJECT}"}),
    ("cloudresourcemanager", "v3", "projects.get", {"name": "projects/nobodys-project"}),
    ("cloudresourcemanager", "v3", "projects.search", {"query": f"projectId:{PROJECT}"}),
    ("cloudbilling", "v1", "billingAccounts.list", {}),
    ("cloudbilling", "v1", "projects.getBillingInfo", {"name": f"projects/{PROJECT}"}),
    (
        *("serviceusage", "v1", "services.list"),
        {"parent": f"projects/{PROJECT}", "filter": "state:ENABLED", "pageSize": 2},
    ),
    (
        *("serviceusage", "v1", "services.get"),
        {"name": f"projects/{PROJECT}/services/storage.googleapis.com"},
    ),
    ("container", "v1", "projects.locations.getServerConfig", {"name": PLACE}),
    ("container", "v1", "projects.locations.clusters.list", {"parent": PLACE}),
    ("container", "v1", "projects.locations.clusters.get", {"name": f"{PLACE}/clusters/none"}),
    ("container", "v1", "projects.locations.operations.list", {"parent": PLACE}),
    ("storage", "v1", "buckets.list", {"project": PROJECT, "projection": "full"}),
    ("storage", "v1", "objects.list", {"bucket": f"{PROJECT}-models", "delimiter": "/"}),
    ("storage", "v1", "buckets.get", {"bucket": "nobodys-bucket"}),
    ("storage", "v1", "buckets.getStorageLayout", {"bucket": f"{PROJECT}-models"}),
    ("storage", "v1", "folders.list", {"bucket": f"{PROJECT}-models"}),
    ("storage", "v1", "managedFolders.list", {"bucket": f"{PROJECT}-models"}),
    ("storage", "v1", "anywhereCaches.list", {"bucket": f"{PROJECT}-models"}),
)
"""API, version, method and parameters; some name what is not there."""


def look_around(ask: Asker) -> None:
    """Ask by Google's own discovery client, which builds each request from the document."""
    for api, version, method, given in LOOKS:
        with suppress(HttpError):
            ask(api, version, method, **given)


class Asker:
    """Calls any method by the discovery client, in the rehearsal that `environ` points at."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        credentials = Credentials(token=environ["WARMBOOK_REHEARSAL_TOKEN"])
        self._http = AuthorizedHttp(credentials, http=httplib2.Http(proxy_info=None, timeout=20))
        self._built: dict[tuple[str, str], Any] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __call__(self, api: str, version: str, method: str, **given: Any) -> Any:
        resource = self._service(api, version)
        *way, last = method.split(".")
        for name in way:
            resource = getattr(resource, name)()
        return getattr(resource, last)(**given).execute(num_retries=0)

    def _service(self, api: str, version: str) -> Any:
        if (api, version) not in self._built:
            below = {"compute": "compute/v1/", "storage": "storage/v1/"}.get(api, "")
            server = "STORAGE_EMULATOR_HOST" if api == "storage" else "WARMBOOK_REHEARSAL_URL"
            self._built[api, version] = discovery.build(
                *(api, version),
                http=self._http,
                static_discovery=True,
                client_options={"api_endpoint": f"{self._environ[server]}/{below}"},
            )
        return self._built[api, version]


def use_caches(ask: Asker, until: Callable[[Callable[[], bool]], None]) -> None:
    """Create a cache by the JSON API, look at it, change it, pause it, resume it, disable it."""
    of = {"bucket": f"{PROJECT}-models"}
    named = {**of, "anywhereCacheId": "us-central1-b"}

    def asked(method: str, **given: Any) -> Any:
        return ask("storage", "v1", f"anywhereCaches.{method}", **given)

    begun = asked("insert", **of, body={"zone": "us-central1-b", "ttl": "86400s"})
    ask("storage", "v1", "operations.get", **of, operationId=begun["name"].rpartition("/")[2])
    until(lambda: asked("get", **named)["state"] == "running")
    asked("update", **named, body={"ttl": "7200s"})
    until(lambda: not asked("get", **named).get("pendingUpdate"))
    for method in ("pause", "resume", "disable"):
        asked(method, **named)
    asked("list", **of)
    ask("storage", "v1", "operations.list", **of)


def use_storage(client: gcs.Client, folder: Path) -> None:
    """Make a bucket, fill it, look at everything in it, change it, and remove it."""
    bucket = client.create_bucket("everyday-bucket-77", location="us-central1")
    bucket.labels, bucket.versioning_enabled = {"team": "ml"}, True
    bucket.add_lifecycle_delete_rule(age=30)
    bucket.patch()
    for number in range(FILES):
        bucket.blob(f"many/{number:03}").upload_from_string(f"file {number}")
    assert len(list(client.list_blobs(bucket, prefix="many/", page_size=60))) == FILES
    _use_object(bucket, folder)
    _ask_for_what_is_not_there(client, bucket)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"user:a@b.example"}})
    bucket.set_iam_policy(policy)
    bucket.test_iam_permissions(["storage.objects.list"])
    for blob in list(client.list_blobs(bucket, versions=True)):
        blob.delete()
    bucket.delete()


def _use_object(bucket: gcs.Bucket, folder: Path) -> None:
    first, second = bucket.blob("many/000"), bucket.blob("many/001")
    assert first.download_as_bytes(start=0, end=3) == b"file"
    second.download_to_filename(folder / "second")
    first.metadata, first.content_type = {"team": "ml"}, "text/plain"
    first.patch()
    first.reload(projection="full")
    copy = bucket.copy_blob(first, bucket, "copies/000")
    copy.rewrite(second)
    bucket.blob("both").compose([first, second])
    bucket.rename_blob(copy, "moved/000")
    with bucket.blob("large", chunk_size=256 * 1024).open("wb") as file:
        file.write(bytes(600_000))


def _ask_for_what_is_not_there(client: gcs.Client, bucket: gcs.Bucket) -> None:
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: client.get_bucket("nobodys-bucket"),
        lambda: client.create_bucket("everyday-bucket-77", location="us-central1"),
        lambda: bucket.blob("nothing").reload(),
        lambda: bucket.blob("nothing").download_as_bytes(),
        lambda: bucket.blob("many/000").upload_from_string("x", if_generation_match=1),
        bucket.delete,
    )
    for attempt in attempts:
        with suppress(GoogleAPICallError):
            attempt()


def use_clusters(clusters: gke.ClusterManagerClient, wait: Callable[[Any], None]) -> None:
    """Make a Standard cluster with a GPU pool, look at both, and delete them."""
    cluster = gke.Cluster(name="everyday", initial_node_count=1)
    wait(clusters.create_cluster(parent=PLACE, cluster=cluster))
    name = f"{PLACE}/clusters/everyday"
    gpu = gke.AcceleratorConfig(accelerator_type="nvidia-l4", accelerator_count=1)
    config = gke.NodeConfig(machine_type="g2-standard-16", accelerators=[gpu], spot=True)
    pool = gke.NodePool(name="gpus", initial_node_count=1, config=config)
    wait(clusters.create_node_pool(parent=name, node_pool=pool))
    clusters.get_cluster(name=name)
    clusters.list_clusters(parent=f"projects/{PROJECT}/locations/-")
    clusters.list_node_pools(parent=name)
    clusters.get_node_pool(name=f"{name}/nodePools/gpus")
    for attempt in (
        lambda: clusters.get_node_pool(name=f"{name}/nodePools/none"),
        lambda: clusters.create_cluster(parent=PLACE, cluster=cluster),
        lambda: clusters.set_node_pool_size(
            request={"name": f"{name}/nodePools/gpus", "node_count": 2}
        ),
    ):
        with suppress(GoogleAPICallError):
            attempt()
    wait(clusters.delete_node_pool(name=f"{name}/nodePools/gpus"))
    wait(clusters.delete_cluster(name=name))
