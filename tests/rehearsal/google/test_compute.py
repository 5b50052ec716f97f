"""Compute Engine look-ups, as plain REST calls."""

from __future__ import annotations

from typing import Any

import pytest

BASE = "/compute/v1/projects/demo-project"


@pytest.fixture(scope="module")
def looked_up(shared: Any) -> Any:
    shared.enable_gke()
    return shared


def test_zones_name_their_regions(looked_up: Any) -> None:
    zones = looked_up.get(f"{BASE}/zones").json()["items"]

    assert len(zones) > 20
    assert all(zone["region"].endswith(zone["name"][:-2]) for zone in zones)
    regions = looked_up.get(f"{BASE}/regions").json()["items"]
    listed = {zone.rpartition("/")[2] for region in regions for zone in region["zones"]}
    assert listed == {zone["name"] for zone in zones}


def test_pages_lead_to_all_zones(looked_up: Any) -> None:
    whole = [zone["name"] for zone in looked_up.get(f"{BASE}/zones").json()["items"]]
    found: list[str] = []
    query = {"maxResults": "7"}
    for _ in range(len(whole)):
        page = looked_up.get(f"{BASE}/zones", **query).json()
        found += [zone["name"] for zone in page["items"]]
        if "nextPageToken" not in page:
            break
        query["pageToken"] = page["nextPageToken"]

    assert found == whole


def test_quotas_count_the_gpus_in_use(gke: Any) -> None:
    pool = {
        "name": "gpus",
        "initial_node_count": 2,
        "config": {
            "machine_type": "g2-standard-24",
            "accelerators": [{"accelerator_type": "nvidia-l4", "accelerator_count": 2}],
        },
    }
    gke.create_cluster("c", initial_node_count=0, node_pools=[pool])

    def usage(path: str, metric: str) -> float:
        quotas = gke.get(BASE + path).json()["quotas"]
        return float(next(q["usage"] for q in quotas if q["metric"] == metric))

    assert usage("/regions/us-central1", "NVIDIA_L4_GPUS") == 4.0
    assert usage("/regions/us-east1", "NVIDIA_L4_GPUS") == 0.0
    assert usage("", "GPUS_ALL_REGIONS") == 4.0


@pytest.mark.parametrize(
    "expression", ["name=nvidia-l4", 'name = "nvidia-l4"', "(name eq nvidia-l4)", "name eq .*-l4"]
)
def test_accelerators_are_filtered_by_name(looked_up: Any, expression: str) -> None:
    found = looked_up.get(f"{BASE}/aggregated/acceleratorTypes", filter=expression).json()["items"]
    with_l4 = {scope for scope, offer in found.items() if "acceleratorTypes" in offer}
    names = {a["name"] for offer in found.values() for a in offer.get("acceleratorTypes", ())}

    assert names == {"nvidia-l4"}
    assert "zones/us-central1-a" in with_l4
    assert "zones/europe-southwest1-a" not in with_l4
    assert found["zones/europe-southwest1-a"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"


def test_a_zone_lists_its_accelerators_and_machine_types(looked_up: Any) -> None:
    zone = f"{BASE}/zones/us-central1-a"
    names = [a["name"] for a in looked_up.get(f"{zone}/acceleratorTypes").json()["items"]]
    machine = looked_up.get(f"{zone}/machineTypes/g2-standard-24").json()
    listed = [m["name"] for m in looked_up.get(f"{zone}/machineTypes").json()["items"]]

    assert "nvidia-l4" in names
    assert machine["accelerators"] == [
        {"guestAcceleratorType": "nvidia-l4", "guestAcceleratorCount": 2}
    ]
    assert "g2-standard-24" in listed
    assert "a3-ultragpu-8g" not in listed


@pytest.mark.parametrize(
    "path",
    [
        "/regions/us-nowhere1",
        "/zones/us-nowhere1-a",
        "/zones/us-nowhere1-a/machineTypes",
        "/zones/us-central1-a/machineTypes/g2-standard-17",
    ],
)
def test_what_is_not_there_is_not_found(looked_up: Any, path: str) -> None:
    answer = looked_up.get(BASE + path)

    assert answer.status_code == 404
    assert answer.json()["error"]["errors"][0]["reason"] == "notFound"
    assert "was not found" in answer.json()["error"]["message"]


@pytest.mark.parametrize("query", [{"filter": "name~~x"}, {"maxResults": "x"}, {"pageToken": "²"}])
def test_a_query_that_cannot_be_read_is_refused(looked_up: Any, query: dict[str, str]) -> None:
    answer = looked_up.get(f"{BASE}/zones", **query)

    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalid"


def test_the_disabled_api_is_named(running: Any) -> None:
    error = running.get(f"{BASE}/zones").json()["error"]

    assert error["code"] == 403
    assert error["message"].startswith("Compute Engine API has not been used in project")
    assert error["errors"][0]["reason"] == "accessNotConfigured"
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"


def test_a_look_up_needs_the_permission(gke: Any) -> None:
    gke.allow("roles/storage.admin")
    error = gke.get(f"{BASE}/regions/us-central1").json()["error"]

    assert (
        error["message"] == "Required 'compute.regions.get' permission for 'projects/demo-project'"
    )
    assert error["errors"][0]["reason"] == "forbidden"
