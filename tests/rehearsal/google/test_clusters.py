"""GKE clusters and their operations, through the official client."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import container_v1

from warmbook_rehearsal.google.errors import GoogleError

LOCATION = "projects/demo-project/locations/us-central1-a"
AUTOPILOT = {"autopilot": {"enabled": True}}
Status = container_v1.Cluster.Status
Kind = container_v1.Operation.Type


def test_an_autopilot_cluster_is_made_with_workload_identity(gke: Any) -> None:
    operation = gke.create_cluster(
        "auto",
        "us-central1",
        **AUTOPILOT,
        resource_labels={"made-by": "warmbook"},
        node_pools=[{"name": "default-pool", "initial_node_count": 1}],
    )
    done = gke.wait(operation)
    name = "projects/demo-project/locations/us-central1/clusters/auto"
    cluster = gke.clusters.get_cluster(name=name)

    assert not done.error.message
    assert done.end_time
    assert cluster.status == Status.RUNNING
    assert cluster.workload_identity_config.workload_pool == "demo-project.svc.id.goog"
    assert cluster.endpoint == "127.0.0.1:6443"
    certificate = base64.b64decode(cluster.master_auth.cluster_ca_certificate)
    assert certificate.startswith(b"-----BEGIN CERTIFICATE-----")
    assert list(cluster.locations) == [f"us-central1-{zone}" for zone in "abc"]
    assert cluster.self_link.endswith(name)
    assert cluster.resource_labels == {"made-by": "warmbook"}
    assert gke.host.calls == [("start", "auto")]


def test_the_defaults_of_a_standard_cluster_are_filled_in(gke: Any) -> None:
    gke.wait(
        gke.create_cluster(
            "std", workload_identity_config={"workload_pool": "demo-project.svc.id.goog"}
        )
    )
    cluster = gke.clusters.get_cluster(name=f"{LOCATION}/clusters/std")
    config = cluster.node_pools[0].config

    assert cluster.current_master_version == cluster.current_node_version != ""
    assert cluster.release_channel.channel == container_v1.ReleaseChannel.Channel.REGULAR
    assert cluster.node_pools[0].name == "default-pool"
    assert config.machine_type == "e2-medium"
    mode = container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA
    assert config.workload_metadata_config.mode == mode


def test_a_cluster_is_provisioning_and_its_operation_running_at_first(slow_gke: Any) -> None:
    operation = slow_gke.create_cluster("c")
    cluster = slow_gke.clusters.get_cluster(name=f"{LOCATION}/clusters/c")
    path = f"{LOCATION}/operations/{operation.name}"
    found = slow_gke.clusters.get_operation(name=path)

    assert cluster.status == Status.PROVISIONING
    assert not cluster.endpoint
    assert found.status == container_v1.Operation.Status.RUNNING
    assert found.operation_type == Kind.CREATE_CLUSTER
    assert found.target_link.endswith("/clusters/c")
    assert [metric.name for metric in found.progress.metrics] == [
        "CLUSTER_DEPLOYING",
        "CLUSTER_DEPLOYING_TOTAL",
    ]
    listed = slow_gke.clusters.list_operations(parent=LOCATION).operations
    assert [op.name for op in listed] == [operation.name]


def test_a_cluster_is_not_deleted_while_it_is_being_created(slow_gke: Any) -> None:
    slow_gke.create_cluster("c")

    with pytest.raises(exceptions.BadRequest, match="is currently creating cluster c") as refused:
        slow_gke.clusters.delete_cluster(name=f"{LOCATION}/clusters/c")

    assert refused.value.response.json()["error"]["status"] == "FAILED_PRECONDITION"
    assert refused.value.reason == "CLUSTER_ALREADY_HAS_OPERATION"


def test_a_deleted_cluster_is_gone(gke: Any) -> None:
    gke.wait(gke.create_cluster("c"))
    gke.wait(gke.clusters.delete_cluster(name=f"{LOCATION}/clusters/c"))

    where = LOCATION.replace("/locations/", "/zones/")  # as GKE's message has a zonal cluster
    with pytest.raises(exceptions.NotFound, match=f"Not found: {where}/clusters/c"):
        gke.clusters.get_cluster(name=f"{LOCATION}/clusters/c")
    assert gke.host.calls == [("start", "c"), ("stop", "c")]


def test_a_name_in_use_is_refused_with_409(slow_gke: Any) -> None:
    slow_gke.create_cluster("c")

    with pytest.raises(exceptions.Conflict, match="Already exists") as refused:
        slow_gke.create_cluster("c")

    assert refused.value.response.json()["error"]["status"] == "ALREADY_EXISTS"


def test_clusters_are_listed_by_location_or_all(slow_gke: Any) -> None:
    slow_gke.create_cluster("zonal")
    slow_gke.create_cluster("auto", "europe-west4", **AUTOPILOT)

    def names(location: str) -> list[str]:
        parent = f"projects/demo-project/locations/{location}"
        return [c.name for c in slow_gke.clusters.list_clusters(parent=parent).clusters]

    assert names("us-central1-a") == ["zonal"]
    assert names("us-east1") == []
    assert names("-") == ["zonal", "auto"]


@pytest.mark.parametrize(
    ("location", "fields", "message"),
    [
        ("us-central1-a", AUTOPILOT, "Autopilot clusters must be regional"),
        ("us-central1", {"initial_node_count": 0}, "initial_node_count must be greater than zero"),
        ("us-central1", {"name": "Bad_Name"}, 'Invalid value for field "cluster.name"'),
        ("us-central1", {"name": "a" * 41}, 'Invalid value for field "cluster.name"'),
        ("us-central1", {"name": ""}, 'Invalid value for field "cluster.name"'),
        ("us-central1", {"initial_cluster_version": "1.2"}, 'version "1.2" is unsupported'),
        ("us-central1", {"locations": ["us-east1-b"]}, "are not zones in us-central1"),
        ("us-central1", {"resource_labels": {"A": "b"}}, "Invalid resource label"),
        (
            "us-central1",
            {**AUTOPILOT, "node_pools": [{"name": "p", "config": {"machine_type": "e2-medium"}}]},
            "Autopilot clusters do not support custom node machine types",
        ),
        (
            "us-central1",
            {"workload_identity_config": {"workload_pool": "other.svc.id.goog"}},
            "only supported identity namespace is demo-project.svc.id.goog",
        ),
        (
            "us-central1",
            {"node_pools": [{"name": "p", "initial_node_count": 1}]},
            "Only one of initial_node_count or node_pools",
        ),
    ],
)
def test_a_request_that_gke_refuses_is_refused(
    gke: Any, location: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(exceptions.BadRequest, match=message) as refused:
        gke.create_cluster(**{"name": "c", "location": location, **fields})

    assert refused.value.response.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert not gke.clusters.list_clusters(parent="projects/demo-project/locations/-").clusters


def test_an_unknown_location_is_forbidden(gke: Any) -> None:
    with pytest.raises(exceptions.Forbidden, match="Permission denied on 'locations/us-nowhere1'"):
        gke.create_cluster("c", "us-nowhere1")


def test_an_unknown_project_is_forbidden(gke: Any) -> None:
    with pytest.raises(exceptions.Forbidden) as refused:
        gke.clusters.list_clusters(parent="projects/someone-elses/locations/-")

    assert refused.value.reason == "CONSUMER_INVALID"


@pytest.mark.parametrize(
    ("method", "argument", "permission"),
    [
        ("list_clusters", {"parent": LOCATION}, "container.clusters.list"),
        ("get_cluster", {"name": f"{LOCATION}/clusters/c"}, "container.clusters.get"),
        ("delete_cluster", {"name": f"{LOCATION}/clusters/c"}, "container.clusters.delete"),
        ("create_cluster", {"parent": LOCATION, "cluster": {}}, "container.clusters.create"),
        ("get_operation", {"name": f"{LOCATION}/operations/o"}, "container.operations.get"),
    ],
)
def test_a_call_without_the_permission_is_forbidden(
    gke: Any, method: str, argument: dict[str, Any], permission: str
) -> None:
    gke.allow("roles/storage.admin")

    with pytest.raises(exceptions.Forbidden, match=f'Required "{permission}"') as refused:
        getattr(gke.clusters, method)(**argument)

    assert refused.value.reason == "IAM_PERMISSION_DENIED"


def test_who_may_not_act_as_the_nodes_account_makes_no_cluster(gke: Any) -> None:
    gke.allow("roles/container.admin")

    with pytest.raises(exceptions.BadRequest, match='access to service account "default"'):
        gke.create_cluster("c", "us-central1")

    assert not gke.clusters.list_clusters(parent=LOCATION).clusters


def test_a_host_that_fails_leaves_an_operation_with_an_error_and_a_cluster_in_error(
    gke: Any,
) -> None:
    gke.host.broken = True
    done = gke.wait(gke.create_cluster("c"))
    cluster = gke.clusters.get_cluster(name=f"{LOCATION}/clusters/c")

    assert done.error.message == done.status_message == "Internal error: no port is free"
    assert cluster.status == Status.ERROR
    assert cluster.status_message == done.status_message
    gke.wait(gke.clusters.delete_cluster(name=f"{LOCATION}/clusters/c"))
    assert not gke.clusters.list_clusters(parent=LOCATION).clusters


def test_the_next_operation_can_be_made_to_fail(gke: Any) -> None:
    shortage = GoogleError("RESOURCE_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED: no nvidia-l4 left")
    gke.cloud.cluster_operations.fail_next[Kind.CREATE_CLUSTER] = shortage
    failed = gke.wait(gke.create_cluster("unlucky"))
    lucky = gke.wait(gke.create_cluster("lucky"))
    cluster = gke.clusters.get_cluster(name=f"{LOCATION}/clusters/unlucky")

    assert failed.error.code == 8
    assert cluster.status == Status.ERROR
    assert cluster.conditions[0].code == container_v1.StatusCondition.Code.GCE_STOCKOUT
    assert not lucky.error.message


def test_an_unknown_operation_is_not_found(gke: Any) -> None:
    with pytest.raises(exceptions.NotFound):
        gke.clusters.get_operation(name=f"{LOCATION}/operations/operation-0")


def test_the_versions_on_offer_include_the_default(gke: Any) -> None:
    config = gke.clusters.get_server_config(name=LOCATION)

    assert config.default_cluster_version in config.valid_master_versions


def test_updating_a_cluster_is_reported_as_not_supported(gke: Any) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="UpdateCluster is not part of"):
        gke.clusters.update_cluster(name=f"{LOCATION}/clusters/c", update={})
