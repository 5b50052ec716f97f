from types import SimpleNamespace

import pytest

from warmbook.cloud import availability


def test_the_cloud_offers_projects_places_and_models(rehearsal):
    asked = availability.ask("rehearsal-project", "nvidia-l4", "autopilot")
    assert asked.missing == {}
    assert asked.values["project_id"] == ("rehearsal-project",)
    assert "us-central1" in asked.values["location"]
    assert asked.values["model_uri"] == ("gs://rehearsal-project-models/tiny",)


def test_standard_clusters_are_offered_zones(rehearsal):
    asked = availability.ask("rehearsal-project", "nvidia-l4", "standard")
    assert "us-central1-a" in asked.values["location"]


def test_what_can_not_be_asked_is_told_and_stops_nothing(rehearsal):
    disabled = rehearsal.inner.cloud.project.services
    rehearsal.call(lambda: disabled.discard("compute.googleapis.com"))
    asked = availability.ask("rehearsal-project", "nvidia-l4", "autopilot")
    assert "compute.googleapis.com is off" in asked.missing["location"]
    assert asked.values["model_uri"]


def test_without_a_project_only_projects_are_offered(rehearsal):
    assert set(availability.ask("", "nvidia-l4", "autopilot").values) == {"project_id"}


def quotas(**limits):
    listed = [{"metric": name, "limit": n, "usage": 1} for name, n in limits.items()]
    return SimpleNamespace(compute=lambda path: {"quotas": listed})


@pytest.mark.parametrize(
    ("preemptible", "spot", "limit"),
    [
        ({"PREEMPTIBLE_NVIDIA_L4_GPUS": 2}, True, 2),
        ({"PREEMPTIBLE_NVIDIA_L4_GPUS": 2}, False, 4),
        ({"PREEMPTIBLE_NVIDIA_L4_GPUS": 0}, True, 4),
        ({}, True, 4),
    ],
)
def test_spot_has_the_preemptible_quota_where_there_is_one(preemptible, spot, limit):
    clients = quotas(NVIDIA_L4_GPUS=4, **preemptible)
    assert availability.gpu_quota(clients, "us-central1", "nvidia-l4", spot=spot) == (limit, 1)


@pytest.mark.parametrize(
    ("gpu", "metric"),
    [
        ("nvidia-tesla-t4", "NVIDIA_T4_GPUS"),
        ("nvidia-tesla-a100", "NVIDIA_A100_GPUS"),
        ("nvidia-a100-80gb", "NVIDIA_A100_80GB_GPUS"),
        ("nvidia-l4", "NVIDIA_L4_GPUS"),
    ],
)
def test_each_gpu_has_its_own_quota(gpu, metric):
    clients = quotas(**{"NVIDIA_A100_GPUS": 5, metric: 7})
    assert availability.gpu_quota(clients, "us-central1", gpu) == (7, 1)


def of_families(*limits):
    """Return clients of a region without quotas of its own and of Cloud Quotas."""
    infos = [
        {"dimensions": dimensions, "details": {} if value is None else {"value": value}}
        for dimensions, value in limits
    ]
    return SimpleNamespace(
        compute=lambda path: {}, quota=lambda service, name: {"dimensionsInfos": infos}
    )


H100 = {"gpu_family": "NVIDIA_H100"}


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ([({"region": "us-central1", **H100}, "8"), (H100, None)], 8),
        ([({"region": "us-east1", **H100}, "8"), (H100, None)], 0),
        ([({"gpu_family": "NVIDIA_H200"}, "8"), ({}, "-1")], float("inf")),
        ([({"gpu_family": "NVIDIA_H200"}, "8")], None),
    ],
)
def test_the_first_entry_that_fits_tells_the_limit_of_a_family(limits, limit):
    found = availability.gpu_quota(of_families(*limits), "us-central1", "nvidia-h100-80gb")
    assert found == (limit, 0)


def test_a_newer_gpus_quota_is_in_cloud_quotas_and_nowhere_else(chosen, clients, up_to, rehearsal):
    up_to("project")
    listed = {one["metric"] for one in clients.compute("regions/us-central1")["quotas"]}
    newer = {name for name in listed if "H100" in name or "H200" in name}
    assert newer <= {"PREEMPTIBLE_NVIDIA_H100_GPUS"}  # the one that Compute Engine has
    services = rehearsal.inner.cloud.project.services
    rehearsal.call(lambda: services.discard("cloudquotas.googleapis.com"))
    assert availability.gpu_quota(clients, "us-central1", "nvidia-h100-80gb") == (None, 0)
    rehearsal.call(lambda: services.add("cloudquotas.googleapis.com"))
    assert availability.gpu_quota(clients, "us-central1", "nvidia-h100-80gb") == (8, 0)
    assert availability.gpu_quota(clients, "us-central1", "nvidia-h200-141gb") == (0, 0)
    assert availability.gpu_quota(clients, "us-central1", "nvidia-l4") == (16, 0)


def test_a_zone_has_a_machine_type_or_not(clients, up_to):
    up_to("project")
    has = availability.machine_gpus
    assert has(clients, "us-central1-a", "g2-standard-16") == {"nvidia-l4": 1}
    assert has(clients, "us-central1-a", "g2-standard-24") == {"nvidia-l4": 2}
    assert has(clients, "us-central1-a", "n1-standard-8") == {}
    assert has(clients, "us-central1-f", "g2-standard-16") is None
    assert has(clients, "us-nowhere1-a", "g2-standard-16") is None
