"""GKE node pools, GPUs and their quota, through the official client."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import container_v1

from warmbook_rehearsal.google.errors import GoogleError

CLUSTER = "projects/demo-project/locations/us-central1-a/clusters/std"
Status = container_v1.NodePool.Status
Kind = container_v1.Operation.Type


def gpu_pool(
    machine_type: str = "g2-standard-16", gpu: str = "nvidia-l4", count: int = 1, nodes: int = 1
) -> Any:
    accelerator = container_v1.AcceleratorConfig(accelerator_type=gpu, accelerator_count=count)
    config = container_v1.NodeConfig(machine_type=machine_type, accelerators=[accelerator])
    return container_v1.NodePool(name="g2-gpu-pool", initial_node_count=nodes, config=config)


@pytest.fixture
def std(gke: Any) -> Any:
    """A cloud with a Standard cluster that runs."""
    gke.wait(
        gke.create_cluster(
            "std", workload_identity_config={"workload_pool": "demo-project.svc.id.goog"}
        )
    )
    return gke


def create(running: Any, pool: Any) -> Any:
    return running.clusters.create_node_pool(parent=CLUSTER, node_pool=pool)


def test_a_gpu_pool_gets_its_nodes_and_its_defaults(std: Any) -> None:
    done = std.wait(create(std, gpu_pool()))
    pool = std.clusters.get_node_pool(name=f"{CLUSTER}/nodePools/g2-gpu-pool")
    cluster = std.clusters.get_cluster(name=CLUSTER)

    assert not done.error.message
    assert pool.status == Status.RUNNING
    assert list(pool.locations) == ["us-central1-a"]
    metadata = pool.config.workload_metadata_config.mode
    assert metadata == container_v1.WorkloadMetadataConfig.Mode.GKE_METADATA
    driver = pool.config.accelerators[0].gpu_driver_installation_config.gpu_driver_version
    assert driver == container_v1.GPUDriverInstallationConfig.GPUDriverVersion.DEFAULT
    assert cluster.current_node_count == 2
    assert std.host.calls[-1] == ("add_pool", "std", "g2-gpu-pool")


def test_pools_are_listed_and_deleted(std: Any) -> None:
    std.wait(create(std, gpu_pool()))
    listed = std.clusters.list_node_pools(parent=CLUSTER).node_pools
    std.wait(std.clusters.delete_node_pool(name=f"{CLUSTER}/nodePools/g2-gpu-pool"))

    assert [pool.name for pool in listed] == ["default-pool", "g2-gpu-pool"]
    assert std.host.calls[-1] == ("remove_pool", "std", "g2-gpu-pool")
    with pytest.raises(exceptions.NotFound):
        std.clusters.get_node_pool(name=f"{CLUSTER}/nodePools/g2-gpu-pool")


def test_a_name_in_use_is_refused_with_409(std: Any) -> None:
    std.wait(create(std, gpu_pool()))

    with pytest.raises(exceptions.Conflict):
        create(std, gpu_pool())


def test_a_pool_waits_for_the_operation_before_it(slow_gke: Any) -> None:
    slow_gke.create_cluster("std")

    with pytest.raises(exceptions.BadRequest, match="is currently creating cluster std"):
        create(slow_gke, gpu_pool())


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (gpu_pool(gpu="nvidia-b9000"), 'Accelerator type "nvidia-b9000" does not exist in zone'),
        (gpu_pool(gpu="nvidia-h200-141gb"), "does not exist in zone us-central1-a"),
        (gpu_pool("g2-standard-24"), 'Machine type "g2-standard-24" cannot be used with 1 nv'),
        (gpu_pool(count=2), 'Machine type "g2-standard-16" cannot be used with 2 nvidia-l4'),
        (gpu_pool("e2-standard-4"), 'Machine type "e2-standard-4" cannot be used with 1 nv'),
        (gpu_pool("g2-standard-17"), 'Machine type with name "g2-standard-17" does not exist'),
        (gpu_pool(count=9), "Invalid accelerator count 9 for nvidia-l4"),
        (gpu_pool(nodes=-1), "initial_node_count must be"),
    ],
)
def test_gpus_must_exist_and_fit_the_machine(std: Any, pool: Any, message: str) -> None:
    with pytest.raises(exceptions.BadRequest, match=message):
        create(std, pool)


def test_gpus_beyond_the_quota_of_the_region_are_refused(std: Any) -> None:
    with pytest.raises(exceptions.TooManyRequests, match='resource "NVIDIA_L4_GPUS"') as refused:
        create(std, gpu_pool("g2-standard-96", count=8, nodes=3))

    assert 'request requires "24.0" and is short "8.0"' in refused.value.message
    assert refused.value.reason == "QUOTA_EXCEEDED"
    types = [detail["@type"].rpartition(".")[2] for detail in refused.value.details]
    assert types == ["QuotaFailure", "ErrorInfo", "Help"]


def test_gpus_beyond_the_quota_of_their_family_are_refused_by_its_name(std: Any) -> None:
    with pytest.raises(exceptions.TooManyRequests, match='"GPUS_PER_GPU_FAMILY"') as refused:
        create(std, gpu_pool("a3-highgpu-8g", gpu="nvidia-h100-80gb", count=8, nodes=2))

    assert "compute.googleapis.com/gpus_per_gpu_family" in str(refused.value.details)


def test_gpus_in_use_count_against_the_quota(std: Any) -> None:
    std.wait(create(std, gpu_pool("g2-standard-96", count=8, nodes=2)))
    more = gpu_pool()
    more.name = "one-more"

    with pytest.raises(exceptions.TooManyRequests, match=r'is short "1\.0"'):
        create(std, more)


def test_spot_gpus_count_against_the_preemptible_quota_where_there_is_one(std: Any) -> None:
    nine = gpu_pool(nodes=9)
    nine.config.spot = True
    with pytest.raises(exceptions.TooManyRequests, match=r'"PREEMPTIBLE_NVIDIA_L4_GPUS".*"1\.0"'):
        create(std, nine)

    t4 = gpu_pool("n1-standard-8", gpu="nvidia-tesla-t4", nodes=5)
    t4.config.spot = True
    with pytest.raises(exceptions.TooManyRequests, match=r'"NVIDIA_T4_GPUS".*"1\.0"'):
        create(std, t4)


def test_a_cluster_in_error_takes_no_pool(gke: Any) -> None:
    gke.host.broken = True
    gke.wait(gke.create_cluster("std"))

    with pytest.raises(exceptions.BadRequest, match="Cluster std is not running: ERROR"):
        create(gke, gpu_pool())


def test_autopilot_pools_cannot_be_changed(gke: Any) -> None:
    gke.wait(gke.create_cluster("auto", "us-central1", autopilot={"enabled": True}))
    parent = "projects/demo-project/locations/us-central1/clusters/auto"

    with pytest.raises(exceptions.BadRequest, match="Autopilot node pools cannot be accessed"):
        gke.clusters.create_node_pool(parent=parent, node_pool=gpu_pool())


def test_a_shortage_leaves_the_pool_in_error_and_the_cluster_running(std: Any) -> None:
    shortage = GoogleError("RESOURCE_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED: no nvidia-l4 left")
    std.cloud.cluster_operations.fail_next[Kind.CREATE_NODE_POOL] = shortage
    done = std.wait(create(std, gpu_pool()))
    pool = std.clusters.get_node_pool(name=f"{CLUSTER}/nodePools/g2-gpu-pool")

    assert done.error.message.startswith("ZONE_RESOURCE_POOL_EXHAUSTED")
    assert pool.status == Status.ERROR
    cluster = std.clusters.get_cluster(name=CLUSTER)
    assert cluster.status == container_v1.Cluster.Status.RUNNING
    std.wait(std.clusters.delete_node_pool(name=f"{CLUSTER}/nodePools/g2-gpu-pool"))
    assert len(std.clusters.get_cluster(name=CLUSTER).node_pools) == 1
