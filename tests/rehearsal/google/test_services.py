"""Service Usage and Cloud Billing, through their official clients."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import service_usage_v1

from warmbook_rehearsal.google.service_catalogue import BY_DEFAULT

PARENT = "projects/demo-project"
GKE = "container.googleapis.com"
ENABLED, DISABLED = service_usage_v1.State.ENABLED, service_usage_v1.State.DISABLED


def states(running: Any, *services: str) -> list[Any]:
    names = [f"{PARENT}/services/{service}" for service in services]
    request = {"parent": PARENT, "names": names}
    found = running.services.batch_get_services(request=request).services
    return [service.state for service in found]


def test_a_project_starts_with_gke_compute_and_iam_off(shared: Any) -> None:
    off = ["container", "compute", "iam"]
    found = states(shared, *(f"{name}.googleapis.com" for name in ("storage", *off)))

    assert found == [ENABLED] + [DISABLED] * 3


def test_a_service_that_gcloud_enables_in_a_new_project_brings_the_default_ones(
    running: Any,
) -> None:
    running.projects.create_project(project={"project_id": "second-project"}).result(timeout=5)
    parent = "projects/second-project"
    enable = {"name": f"{parent}/services/cloudapis.googleapis.com"}
    running.services.enable_service(request=enable).result(timeout=5)
    on = {"parent": parent, "filter": "state:ENABLED"}
    found = {one.name.rpartition("/")[2] for one in running.services.list_services(request=on)}
    assert found == BY_DEFAULT
    assert len(found) == 20
    assert not {"cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com"} & found


def test_enabling_brings_what_the_service_needs(running: Any) -> None:
    request = {"parent": PARENT, "service_ids": [GKE, "iam.googleapis.com"]}
    done = running.services.batch_enable_services(request=request).result(timeout=5)

    assert [service.state for service in done.services] == [ENABLED, ENABLED]
    assert states(running, GKE, "compute.googleapis.com") == [ENABLED, ENABLED]


def test_a_service_stays_off_until_the_operation_is_done(slow: Any) -> None:
    request = {"parent": PARENT, "service_ids": [GKE]}
    operation = slow.services.batch_enable_services(request=request)

    assert not operation.done()
    assert states(slow, GKE) == [DISABLED]


def test_enabling_what_is_on_is_done_at_once(shared: Any) -> None:
    name = f"{PARENT}/services/storage.googleapis.com"
    operation = shared.services.enable_service(request={"name": name})

    assert operation.done()
    assert operation.result(timeout=1).service.state == ENABLED


def test_the_list_can_be_filtered_by_state(shared: Any) -> None:
    request = {"parent": PARENT, "filter": "state:ENABLED"}
    on = [service.config.title for service in shared.services.list_services(request=request)]

    assert "Cloud Storage API" in on
    assert "Kubernetes Engine API" not in on
    with pytest.raises(exceptions.BadRequest):
        shared.services.list_services(request={"parent": PARENT, "filter": "title:x"})


def test_a_service_that_others_need_goes_only_with_them(running: Any) -> None:
    running.enable_gke()
    name = f"{PARENT}/services/compute.googleapis.com"

    with pytest.raises(exceptions.BadRequest, match="disable_dependent_services=true"):
        running.services.disable_service(request={"name": name})
    request = {"name": name, "disable_dependent_services": True}
    running.services.disable_service(request=request).result(timeout=5)

    assert states(running, GKE, "compute.googleapis.com") == [DISABLED, DISABLED]


def test_an_unknown_service_is_forbidden(shared: Any) -> None:
    with pytest.raises(exceptions.Forbidden, match="Not found or permission denied for service"):
        shared.services.get_service(request={"name": f"{PARENT}/services/no.example.com"})


def test_the_error_of_a_disabled_api_has_the_address_to_enable_it(running: Any) -> None:
    with pytest.raises(exceptions.Forbidden, match="Kubernetes Engine API has not been") as refused:
        running.clusters.list_clusters(parent=f"{PARENT}/locations/-")

    error = refused.value
    link = "https://console.developers.google.com/apis/api/container.googleapis.com/overview"
    assert (error.reason, error.domain) == ("SERVICE_DISABLED", "googleapis.com")
    assert error.metadata["service"] == GKE
    assert error.metadata["consumer"] == "projects/123456789012"
    assert error.metadata["activationUrl"] == f"{link}?project=123456789012"
    helps = [detail for detail in error.details if detail["@type"].endswith("google.rpc.Help")]
    assert helps[0]["links"][0]["url"] == error.metadata["activationUrl"]


def test_enabling_needs_the_permission(running: Any) -> None:
    running.allow("roles/container.admin")

    with pytest.raises(exceptions.Forbidden) as refused:
        running.services.batch_enable_services(request={"parent": PARENT, "service_ids": [GKE]})

    assert refused.value.metadata["permission"] == "serviceusage.services.enable"


@pytest.mark.parametrize("count", [0, 21])
def test_a_batch_has_between_1_and_20_services(shared: Any, count: int) -> None:
    request = {"parent": PARENT, "service_ids": ["storage.googleapis.com"] * count}
    with pytest.raises(exceptions.BadRequest):
        shared.services.batch_enable_services(request=request)


def test_billing_can_be_unlinked_and_linked_again(running: Any) -> None:
    name = PARENT
    info = running.billing.get_project_billing_info(name=name)
    account = next(iter(running.billing.list_billing_accounts()))
    assert info.billing_enabled
    assert info.billing_account_name == account.name

    def link(account_name: str) -> Any:
        wanted = {"billing_account_name": account_name}
        return running.billing.update_project_billing_info(name=name, project_billing_info=wanted)

    assert not link("").billing_enabled
    with pytest.raises(exceptions.BadRequest, match="Billing must be enabled for activation"):
        running.services.enable_service(request={"name": f"{PARENT}/services/{GKE}"})
    with pytest.raises(exceptions.BadRequest):
        link("billingAccounts/none")
    assert link(account.name).billing_enabled


def test_a_cluster_needs_billing(gke: Any) -> None:
    gke.cloud.project.billing_account = ""

    with pytest.raises(exceptions.Forbidden) as refused:
        gke.create_cluster("c")

    assert refused.value.reason == "BILLING_DISABLED"
