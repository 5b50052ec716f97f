import time
from types import SimpleNamespace

import pytest

from warmbook.cloud import availability


def wanted(**changes):
    values = {"project_id": "rehearsal-project", "gpu": "nvidia-l4", "mode": "autopilot"}
    return availability.Wanted.of({**values, **changes})


STANDARD = {"mode": "standard", "location": "us-central1-a"}


def test_the_cloud_offers_projects_places_and_models(rehearsal):
    asked = availability.ask(wanted())
    assert asked.missing == {}
    assert asked.values["project_id"] == ("rehearsal-project",)
    assert "us-central1" in asked.values["location"]
    assert asked.values["model_uri"] == ("gs://rehearsal-project-models/tiny",)


def test_standard_clusters_are_offered_zones(rehearsal):
    asked = availability.ask(wanted(**STANDARD), ["location"])
    assert set(asked.values) == {"location"}
    assert "us-central1-a" in asked.values["location"]


def test_gpus_of_the_region_and_zones_with_the_gpu_are_offered(rehearsal):
    asked = availability.ask(wanted(), ["gpu", "zone"]).values
    assert {"nvidia-l4", "nvidia-tesla-t4"} <= set(asked["gpu"])
    assert all(gpu.startswith("nvidia-") for gpu in asked["gpu"])
    assert asked["zone"] == ("us-central1-a", "us-central1-b", "us-central1-c")
    in_a_zone = availability.ask(wanted(**STANDARD), ["zone"]).values
    assert in_a_zone["zone"] == ("us-central1-a",)


@pytest.mark.parametrize(
    ("changes", "machines"),
    [
        ({"gpu_count": "2"}, {"g2-standard-24"}),
        ({"gpu_count": 2}, {"g2-standard-24"}),
        ({"gpu_count": "3"}, set()),
        ({"gpu_count": "x"}, set()),
        ({"gpu": "nvidia-tesla-t4"}, {"n1-standard-4", "n1-standard-8"}),
        ({"location": "mars"}, set()),
    ],
)
def test_machine_types_with_these_gpus_are_offered(rehearsal, changes, machines):
    asked = availability.ask(wanted(**{**STANDARD, **changes}), ["machine_type"])
    assert asked.missing == {}
    offered = asked.values["machine_type"]
    assert set(offered) >= machines
    assert bool(offered) == bool(machines)


def test_the_smallest_machine_type_is_offered_first(rehearsal):
    offered = availability.ask(wanted(**STANDARD), ["machine_type"]).values["machine_type"]
    assert offered[:2] == ("g2-standard-4", "g2-standard-8")


def pages(*listed):
    """Return clients of a Compute Engine that answers with one item a page."""

    def compute(path, pageToken="0", **_):  # noqa: N803 - as the API has it
        following = (
            {"nextPageToken": str(int(pageToken) + 1)} if int(pageToken) + 1 < len(listed) else {}
        )
        return {"items": [listed[int(pageToken)]], **following}

    return SimpleNamespace(compute=compute)


def test_machine_types_are_read_to_the_last_page():
    gpus = [{"guestAcceleratorType": "nvidia-l4", "guestAcceleratorCount": 1}]
    listed = [{"name": f"g2-{cpus}", "guestCpus": cpus, "accelerators": gpus} for cpus in (8, 4)]
    other = {"name": "e2-standard-2", "guestCpus": 2}
    found = availability.machines_for(pages(*listed, other), wanted(zone="us-central1-a"), [])
    assert found == ["g2-4", "g2-8"]


def test_gpus_of_virtual_workstations_and_tpus_are_not_offered():
    names = ("nvidia-l4", "nvidia-l4-vws", "ct5lp")
    zones = {"zones/us-central1-a": {"acceleratorTypes": [{"name": name} for name in names]}}
    clients = SimpleNamespace(compute=lambda path: {"items": zones})
    assert availability.gpus(clients, "us-central1") == ["nvidia-l4"]


def test_a_failed_query_is_reported_and_stops_no_other(rehearsal):
    disabled = rehearsal.inner.cloud.project.services
    rehearsal.call(lambda: disabled.discard("compute.googleapis.com"))
    asked = availability.ask(wanted())
    assert set(asked.missing) == {"location", "gpu", "machine_type", "zone"}
    assert "compute.googleapis.com is not enabled" in asked.missing["location"]
    assert asked.values["model_uri"]


def test_a_cloud_that_does_not_answer_is_asked_once(rehearsal):
    rehearsal.stop()
    begun = time.monotonic()
    asked = availability.ask(wanted())
    assert set(asked.missing) == set(availability.ASKED)
    assert len(set(asked.missing.values())) == 1
    assert time.monotonic() - begun < 15


def test_without_credentials_only_the_first_question_looks_for_them(monkeypatch):
    from google.auth.exceptions import DefaultCredentialsError

    looked = []

    def none(**_):
        looked.append(1)
        raise DefaultCredentialsError("none")

    monkeypatch.setattr("google.auth.default", none)
    asked = availability.ask(wanted())
    assert set(asked.missing) == set(availability.ASKED)
    assert len(looked) == 1


def test_without_a_project_only_projects_are_offered(rehearsal, monkeypatch):
    monkeypatch.delenv("WARMBOOK_PROJECT_ID")
    assert set(availability.ask(wanted(project_id="")).values) == {"project_id"}


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
def test_the_limit_of_a_family_is_its_first_matching_entry(limits, limit):
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
