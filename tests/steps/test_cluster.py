from types import SimpleNamespace

import pytest
from google.cloud import container_v1 as gke

from warmbook.display.banner import connect
from warmbook.errors import AccessError, ResourceFailedError
from warmbook.steps import cluster
from warmbook_rehearsal.google.errors import GoogleError


@pytest.fixture
def standard(chosen):
    return chosen.model_copy(update={"mode": "standard", "location": "us-central1-a"})


def test_the_card_lists_zones_with_the_gpu_and_the_quota(chosen, clients, up_to):
    up_to("project")
    offer = cluster.gpu_offer(chosen, clients)
    assert "us-central1-a" in offer.zones
    assert offer.limit > 0


def test_a_region_without_the_gpu_is_reported(chosen, clients, up_to):
    up_to("project")
    nowhere = chosen.model_copy(update={"location": "europe-southwest1"})
    offer = cluster.gpu_offer(nowhere, clients)
    assert offer.zones == ()
    assert offer.edge() == "error"


def test_a_region_whose_name_begins_like_anothers_has_none_of_its_zones(settings):
    kinds = {"acceleratorTypes": [{"name": "nvidia-l4"}]}
    items = {f"zones/{zone}": kinds for zone in ("europe-west1-b", "europe-west10-a")}
    cloud = SimpleNamespace(compute=lambda path, **_: {"items": items})
    offers = [
        cluster.gpu_offer(settings.model_copy(update={"location": region}), cloud).zones
        for region in ("europe-west1", "europe-west10", "europe-west")
    ]
    assert offers == [("europe-west1-b",), ("europe-west10-a",), ()]


@pytest.mark.guide("G09")
def test_an_autopilot_cluster_is_created_once(chosen, clients, quiet, up_to):
    up_to("project")
    first = cluster.create(chosen, clients, **quiet)
    again = cluster.create(chosen, clients, **quiet)
    assert (first.created, again.created) == (True, False)
    assert first.status == again.status == "RUNNING"
    assert first.workload_pool == "rehearsal-project.svc.id.goog"
    pool = cluster.create_node_pool(chosen, clients, **quiet)
    assert (pool.needed, pool.node_comes_with) == (False, "pod")


@pytest.mark.guide("G10 G11")
def test_a_standard_cluster_gets_its_pool_with_the_driver(standard, clients, quiet, up_to):
    up_to("project", standard)
    assert cluster.create(standard, clients, **quiet).mode == "Standard"
    first = cluster.create_node_pool(standard, clients, **quiet)
    again = cluster.create_node_pool(standard, clients, **quiet)
    assert (first.created, again.created) == (True, False)
    assert first.ready
    assert first.node_comes_with == "pool"
    assert first.gpus == "1 x nvidia-l4"
    name = f"{clients.cluster_path(standard)}/nodePools/g2-gpu-pool"
    accelerator = clients.clusters.get_node_pool(name=name).config.accelerators[0]
    assert accelerator.gpu_driver_installation_config.gpu_driver_version.name == "LATEST"


def test_without_the_api_the_notebook_that_enables_it_is_named(chosen, clients, quiet):
    with pytest.raises(AccessError, match=r"container\.googleapis\.com is not enabled") as refused:
        cluster.create(chosen, clients, **quiet)
    assert "02" in refused.value.remedy


def test_a_failed_pool_is_reported_with_googles_reason(standard, clients, quiet, up_to, rehearsal):
    up_to("project", standard)
    cluster.create(standard, clients, **quiet)
    stockout = GoogleError("RESOURCE_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED: no L4 today")
    failing = rehearsal.inner.cloud.cluster_operations.fail_next
    rehearsal.call(lambda: failing.update({gke.Operation.Type.CREATE_NODE_POOL: stockout}))
    with pytest.raises(ResourceFailedError, match="ZONE_RESOURCE_POOL_EXHAUSTED"):
        cluster.create_node_pool(standard, clients, **quiet)


def test_a_failed_cluster_is_reported_with_googles_reason(chosen, clients, quiet, up_to, rehearsal):
    up_to("project")
    broken = GoogleError("INTERNAL", "the master did not come up")
    failing = rehearsal.inner.cloud.cluster_operations.fail_next
    rehearsal.call(lambda: failing.update({gke.Operation.Type.CREATE_CLUSTER: broken}))
    with pytest.raises(ResourceFailedError, match="the master did not come up"):
        cluster.create(chosen, clients, **quiet)


def test_a_spot_pool_has_spot_nodes_and_the_flag_in_its_command(standard, clients, quiet, up_to):
    spot = standard.model_copy(update={"spot": True})
    up_to("cluster", spot)
    clients = connect(spot)
    nodes = clients.kubernetes.list_objects("Node", labels="cloud.google.com/gke-spot=true")
    assert len(nodes) == 1
    assert cluster.create_node_pool(spot, clients, **quiet).command.endswith("--spot")
