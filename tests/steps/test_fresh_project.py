"""A project as the console makes it, or the API: the notebooks prepare it, and it is late."""

import time

import pytest
from google.api_core.exceptions import Forbidden

from warmbook.cloud import roles
from warmbook.cloud.projects import OWN_SERVICES, SERVICES
from warmbook.display.banner import connect
from warmbook.steps import cluster, project
from warmbook_rehearsal.google.service_catalogue import BY_DEFAULT

PREPARING = ("roles/serviceusage.serviceUsageAdmin", "roles/resourcemanager.projectIamAdmin")
"""What notebook 02 needs itself, as its first table says."""
DELAY_S = 1.0


@pytest.fixture
def on():
    return ()


@pytest.fixture
def held(request):
    """The reader's roles on the project before notebook 02."""
    return getattr(request, "param", ("roles/owner",))


@pytest.fixture
def nothing_on(rehearsal, held):
    """The rehearsal's project as the API makes it: no API is on."""

    def begin():
        cloud = rehearsal.inner.cloud
        cloud.project.disable(set(cloud.project.services))
        policy = cloud.project.policy.read()
        del policy.bindings[:]
        for role in held:
            policy.bindings.add(role=role, members=[rehearsal.inner.callers.reader.member])

    rehearsal.call(begin)
    return rehearsal


def test_a_new_project_has_googles_default_set_on(rehearsal):
    assert rehearsal.inner.cloud.project.services == BY_DEFAULT
    assert not {*SERVICES} - {"storage.googleapis.com"} & BY_DEFAULT


def test_without_enabled_apis_only_service_usage_responds(chosen, nothing_on, clients):
    for call in (
        lambda: clients.projects.get_project(name="projects/rehearsal-project"),
        lambda: clients.billing.get_project_billing_info(name="projects/rehearsal-project"),
        lambda: clients.compute("zones"),
        lambda: clients.storage.get_bucket(chosen.bucket_name),
    ):
        with pytest.raises(Forbidden, match="has not been used in project"):
            call()


def test_the_workbooks_own_apis_come_first_and_once(chosen, nothing_on, clients, quiet):
    first = project.enable_own_services(chosen, clients, **quiet)
    again = project.enable_own_services(chosen, clients, **quiet)
    assert (first.enabled, again.before) == (OWN_SERVICES, OWN_SERVICES)
    assert (first.missing, again.enabled) == ((), ())
    assert project.find(chosen, clients).state == "ACTIVE"
    assert "cloudbilling.googleapis.com" in first.command


def test_a_project_that_the_api_makes_can_be_looked_at(chosen, clients, quiet):
    new = chosen.model_copy(update={"project_id": "brand-new-project"})
    made = project.create(new, connect(new), **quiet)
    assert (made.project_id, made.state) == ("brand-new-project", "ACTIVE")
    assert project.create(new, connect(new), **quiet) == made


@pytest.mark.parametrize("propagation_s", [DELAY_S])
@pytest.mark.parametrize("held", [PREPARING], indirect=True)
def test_the_project_is_ready_when_all_of_it_holds(chosen, nothing_on, clients):
    told = []
    quiet = {"report": told.append}
    project.enable_own_services(chosen, clients, **quiet)
    project.enable_services(chosen, clients, **quiet)
    time.sleep(DELAY_S)
    given = project.grant_roles(chosen, clients)
    assert given.granted == (
        *roles.PROJECT_ROLES,
        "roles/compute.viewer",
        "roles/iam.serviceAccountUser",
    )
    assert {*given.granted, *given.covered} == {*roles.PROJECT_ROLES, *roles.FURTHER_ROLES}
    ready = project.wait_ready(chosen, clients, **quiet)
    late = " ".join(progress.state for progress in told)
    for name in ("cloudbilling.googleapis.com", "container.clusters.create"):
        assert name in late
    assert ready.nodes_account == "415104041262-compute@developer.gserviceaccount.com"
    assert clients.compute("zones")["items"]
    assert ready.services == 9


@pytest.mark.parametrize("propagation_s", [2.0])
def test_gke_is_asked_again_for_what_it_does_not_see_yet(chosen, nothing_on, clients, quiet):
    told = []
    project.enable_own_services(chosen, clients, **quiet)
    project.enable_services(chosen, clients, **quiet)
    made = cluster_when_gke_answers(chosen, clients, told)
    states = [progress.state for progress in told]
    assert any("should enable service:container.googleapis.com" in state for state in states)
    assert any("does not exist" in state for state in states)
    assert made.status == "RUNNING"


def cluster_when_gke_answers(settings, clients, told):
    """Create the cluster as soon as GKE answers at all, without waiting for the rest."""
    parent = f"projects/{settings.project_id}/locations/-"
    while True:
        try:
            clients.clusters.list_clusters(parent=parent)
            break
        except Forbidden:
            continue
    return cluster.create(settings, clients, report=told.append)
