import pytest
from google.api_core import exceptions

from warmbook.cloud import availability, gke
from warmbook.errors import ResourceFailedError
from warmbook.serving.guide_manifest import GPU, GPU_POOL
from warmbook.steps import cluster, project

L4 = "nvidia-l4"


def staged(name):
    return pytest.mark.parametrize("faults", [(name,)], ids=[name])


@pytest.fixture
def enabled(chosen, clients, quiet):
    project.enable_services(chosen, clients, **quiet)


@pytest.fixture
def made(enabled, chosen, clients, quiet):
    return cluster.create(chosen, clients, **quiet)


def ask_for_pool(chosen, clients):
    return clients.clusters.create_node_pool(
        parent=clients.cluster_path(chosen), node_pool=cluster.wanted_pool(chosen)
    )


def elsewhere(chosen, zone):
    return chosen.model_copy(update={"location": zone})


@staged("gpu-quota-region")
def test_the_region_allows_no_gpu_and_another_does(made, chosen, clients, quiet):
    assert availability.gpu_quota(clients, "us-central1", L4) == (0, 0)
    assert availability.gpu_quota(clients, "us-east1", L4) == (4, 0)
    with pytest.raises(exceptions.TooManyRequests, match="NVIDIA_L4_GPUS"):
        ask_for_pool(chosen, clients)
    other = elsewhere(chosen, "us-east1-b")
    cluster.create(other, clients, **quiet)
    assert cluster.create_node_pool(other, clients, **quiet).ready


@staged("gpu-quota-global")
def test_all_regions_together_allow_no_gpu(made, chosen, clients, quiet, rehearsal):
    assert availability.gpu_quota(clients, "us-central1", L4) == (16, 0)
    assert availability.gpu_quota_everywhere(clients) == (0, 0)
    with pytest.raises(exceptions.TooManyRequests, match="GPUS_ALL_REGIONS"):
        ask_for_pool(chosen, clients)
    rehearsal.call(
        rehearsal.inner.cloud.cluster_registry.cut.clear
    )  # more was asked for, and given
    assert cluster.create_node_pool(chosen, clients, **quiet).ready


@staged("gpu-not-offered")
def test_the_zone_has_no_such_gpu_and_another_does(made, chosen, clients, quiet):
    assert chosen.location not in availability.zones_with_gpu(clients, L4)
    with pytest.raises(exceptions.BadRequest, match="does not exist in zone us-central1-f"):
        ask_for_pool(chosen, clients)
    other = elsewhere(chosen, "us-central1-a")
    cluster.create(other, clients, **quiet)
    assert cluster.create_node_pool(other, clients, **quiet).ready


@staged("pool-stockout")
def test_the_pool_ends_in_error_and_the_next_one_is_made(made, chosen, clients, quiet):
    with pytest.raises(ResourceFailedError, match="GCE_STOCKOUT"):
        cluster.create_node_pool(chosen, clients, **quiet)
    name = f"{clients.cluster_path(chosen)}/nodePools/{GPU_POOL}"
    assert clients.clusters.get_node_pool(name=name).conditions[0].code.name == "GCE_STOCKOUT"
    gone(clients, chosen, clients.clusters.delete_node_pool(name=name))
    assert cluster.create_node_pool(chosen, clients, **quiet).ready


@staged("operation-failed")
def test_the_cluster_ends_in_error_and_the_next_one_is_made(enabled, chosen, clients, quiet):
    with pytest.raises(ResourceFailedError, match="Internal error"):
        cluster.create(chosen, clients, **quiet)
    gone(clients, chosen, clients.clusters.delete_cluster(name=clients.cluster_path(chosen)))
    assert cluster.create(chosen, clients, **quiet).status == "RUNNING"


@staged("cluster-foreign")
def test_a_foreign_cluster_exists_without_an_identity_pool(made, chosen, clients, quiet):
    assert not made.created
    assert made.workload_pool == ""
    found = gke.find(chosen, clients)
    assert not found.resource_labels
    assert federated(found, "default-pool") is False
    gone(clients, chosen, clients.clusters.delete_cluster(name=clients.cluster_path(chosen)))
    assert cluster.create(chosen, clients, **quiet).workload_pool


@staged("pool-without-metadata")
def test_a_foreign_pool_exists_without_the_metadata_server(made, chosen, clients, quiet, rehearsal):
    assert not cluster.create_node_pool(chosen, clients, **quiet).created
    assert federated(gke.find(chosen, clients), GPU_POOL) is False
    pod = {"metadata": {"namespace": "vllm", "name": "pod"}, "spec": {"nodeName": node(chosen)}}
    who = rehearsal.call(lambda: rehearsal.inner._identity(pod))
    assert who.display.endswith("-compute@developer.gserviceaccount.com")
    remake(clients, chosen, quiet)
    assert federated(gke.find(chosen, clients), GPU_POOL)
    who = rehearsal.call(lambda: rehearsal.inner._identity(pod))
    assert who.member.endswith("/subject/ns/vllm/sa/default")


@staged("pool-without-driver")
def test_a_foreign_pool_has_no_gpu(made, chosen, clients, quiet):
    assert not cluster.create_node_pool(chosen, clients, **quiet).created
    assert GPU not in clients.kubernetes.find("Node", node(chosen))["status"]["allocatable"]
    remake(clients, chosen, quiet)
    assert GPU in clients.kubernetes.find("Node", node(chosen))["status"]["allocatable"]


@staged("pool-with-default-driver")
def test_a_foreign_pool_has_the_default_driver(made, chosen, clients, quiet):
    there = cluster.create_node_pool(chosen, clients, **quiet)
    assert (there.created, there.driver, there.driver_wanted) == (False, "default", "latest")
    assert driver(chosen, clients) == "default"
    remake(clients, chosen, quiet)
    assert driver(chosen, clients) == "latest"


def driver(chosen, clients):
    labels = clients.kubernetes.find("Node", node(chosen))["metadata"]["labels"]
    return labels["cloud.google.com/gke-gpu-driver-version"]


def node(chosen):
    return f"gke-{chosen.cluster_name}-{GPU_POOL}-0"


def federated(found, name):
    (pool,) = (pool for pool in found.node_pools if pool.name == name)
    return pool.config.workload_metadata_config.mode.name == "GKE_METADATA"


def remake(clients, chosen, quiet):
    """Delete the pool and run the step again, as the remedy says."""
    name = f"{clients.cluster_path(chosen)}/nodePools/{GPU_POOL}"
    gone(clients, chosen, clients.clusters.delete_node_pool(name=name))
    assert cluster.create_node_pool(chosen, clients, **quiet).created


def gone(clients, chosen, operation):
    """Wait for a deletion."""
    name = f"{clients.location_path(chosen)}/operations/{operation.name}"
    while clients.clusters.get_operation(name=name).status.name != "DONE":
        pass
