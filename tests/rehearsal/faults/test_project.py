import os
from types import SimpleNamespace

import pytest
from google.api_core import exceptions
from google.auth.exceptions import RefreshError

from warmbook.cloud.iam import grant_on_project
from warmbook.display.banner import connect
from warmbook.errors import AccessError
from warmbook.steps import cluster, project
from warmbook_rehearsal.google.billing import ACCOUNT

PROJECT = "projects/rehearsal-project"
GKE = f"{PROJECT}/locations/us-central1"
ONE_API = "storage.googleapis.com"


def staged(name):
    return pytest.mark.parametrize("faults", [(name,)], ids=[name])


@pytest.fixture
def enabled(chosen, clients, quiet):
    """The APIs of the guide are on and the reader has the two roles, as after notebook 02."""
    project.enable_services(chosen, clients, **quiet)
    project.grant_roles(chosen, clients)


@staged("quota-project")
def test_who_may_not_use_the_project_for_quota_is_refused_until_given_the_role(chosen, clients):
    for call in (
        lambda: clients.projects.get_project(name=PROJECT),
        lambda: clients.billing.get_project_billing_info(name=PROJECT),
        lambda: clients.compute("zones"),
        lambda: clients.clusters.list_clusters(parent=GKE),
    ):
        with pytest.raises(exceptions.Forbidden, match=r"required permission to use project") as no:
            call()
        assert no.value.reason == "USER_PROJECT_DENIED"
    with pytest.raises(exceptions.Forbidden, match=r"serviceusage\.services\.use access"):
        clients.storage.get_bucket(chosen.bucket_name)
    assert clients.services.get_service({"name": f"{PROJECT}/services/{ONE_API}"}).state
    with pytest.raises(AccessError, match="may not use") as explained:
        project.find(chosen, clients)
    assert explained.value.pitfall == "quota-project"
    assert "Service Usage Consumer" in explained.value.remedy
    uncounted = SimpleNamespace(projects=clients.new_projects)  # as gcloud sends it
    role = ["roles/serviceusage.serviceUsageConsumer"]
    grant_on_project(uncounted, chosen.project_id, role, "user:you@example.com")
    assert project.find(chosen, clients).project_id == "rehearsal-project"
    assert clients.storage.get_bucket(chosen.bucket_name)


@staged("credentials-expired")
def test_credentials_that_expired_are_refused_by_every_service_until_a_new_sign_in(
    rehearsal, chosen, clients
):
    assert clients.projects.get_project(name=PROJECT)
    for call in (
        lambda: clients.clusters.list_clusters(parent=GKE),
        lambda: clients.projects.get_project(name=PROJECT),
        lambda: clients.storage.get_bucket(chosen.bucket_name),
    ):
        with pytest.raises(RefreshError):
            call()
    token = rehearsal.call(lambda: rehearsal.inner.callers.token)
    anew = connect(chosen, {**os.environ, "WARMBOOK_REHEARSAL_TOKEN": token})
    assert anew.projects.get_project(name=PROJECT)
    assert anew.storage.get_bucket(chosen.bucket_name)


@staged("project-missing")
def test_a_project_that_is_not_there_is_refused_like_one_of_others(chosen, clients):
    with pytest.raises(exceptions.Forbidden, match="may not exist"):
        clients.new_projects.get_project(name=f"projects/{chosen.project_id}")
    with pytest.raises(AccessError) as refused:
        project.find(chosen, clients)
    assert refused.value.pitfall == "project-missing"
    (found,) = clients.new_projects.search_projects(query="state:ACTIVE")
    assert found.project_id == "rehearsal-project"


@staged("billing-off")
def test_without_billing_no_api_is_enabled_until_an_account_is_linked(chosen, clients, quiet):
    with pytest.raises(exceptions.BadRequest, match="Billing must be enabled"):
        clients.services.enable_service({"name": f"{PROJECT}/services/container.googleapis.com"})
    linked = {"billing_account_name": ACCOUNT}
    clients.billing.update_project_billing_info(name=PROJECT, project_billing_info=linked)
    assert not project.enable_services(chosen, clients, **quiet).missing


@staged("api-off-resource-manager")
def test_the_resource_manager_api_is_off_until_it_is_enabled(chosen, clients, quiet):
    project.enable_services(chosen, clients, **quiet)
    clients.clusters.list_clusters(parent=GKE)
    with pytest.raises(exceptions.Forbidden) as refused:
        clients.projects.get_project(name=PROJECT)
    assert refused.value.reason == "SERVICE_DISABLED"
    service = refused.value.metadata["service"]
    clients.services.enable_service({"name": f"{PROJECT}/services/{service}"}).result(5)
    assert clients.projects.get_project(name=PROJECT)


@staged("api-off-storage")
def test_the_storage_api_goes_off_once_after_it_was_enabled(chosen, clients, quiet):
    assert clients.storage.get_bucket(chosen.bucket_name)
    project.enable_services(chosen, clients, **quiet)
    for _ in range(2):
        with pytest.raises(exceptions.Forbidden) as refused:
            clients.storage.get_bucket(chosen.bucket_name)
    assert refused.value.errors[0]["reason"] == "accessNotConfigured"
    project.enable_services(chosen, clients, **quiet)
    assert clients.storage.get_bucket(chosen.bucket_name)


@staged("api-off-container")
def test_the_gke_api_goes_off_once_after_it_was_enabled(chosen, clients, quiet):
    project.enable_services(chosen, clients, **quiet)
    with pytest.raises(exceptions.Forbidden) as refused:
        clients.clusters.list_clusters(parent=GKE)
    assert refused.value.reason == "SERVICE_DISABLED"
    project.enable_services(chosen, clients, **quiet)
    assert not clients.clusters.list_clusters(parent=GKE).clusters


@staged("role-missing-cluster")
def test_a_reader_without_the_gke_role_sees_clusters_and_makes_none(chosen, clients, enabled):
    clients.storage.get_bucket(chosen.bucket_name)
    assert not clients.clusters.list_clusters(parent=GKE).clusters
    wanted = cluster.wanted(chosen)
    with pytest.raises(exceptions.Forbidden, match=r"container\.clusters\.create"):
        clients.clusters.create_cluster(parent=GKE, cluster=wanted)
    assert project.grant_roles(chosen, clients).granted == ("roles/container.admin",)
    assert clients.clusters.create_cluster(parent=GKE, cluster=wanted).name


@staged("role-missing-nodes")
def test_a_reader_who_may_not_act_as_the_nodes_account_makes_no_nodes(chosen, clients, enabled):
    assert not clients.clusters.list_clusters(parent=GKE).clusters
    with pytest.raises(exceptions.BadRequest, match=r"iam\.serviceAccountUser"):
        clients.clusters.create_cluster(parent=GKE, cluster=cluster.wanted(chosen))
    assert project.grant_roles(chosen, clients).granted == ("roles/iam.serviceAccountUser",)
    assert clients.clusters.create_cluster(parent=GKE, cluster=cluster.wanted(chosen)).name


@staged("role-missing-bucket")
def test_a_reader_without_the_storage_role_reads_and_does_not_share(chosen, clients, enabled):
    bucket = clients.storage.get_bucket(chosen.bucket_name)
    assert list(bucket.list_blobs(prefix=chosen.model_path))
    with pytest.raises(exceptions.Forbidden, match=r"storage\.buckets\.getIamPolicy"):
        bucket.get_iam_policy(requested_policy_version=3)
    assert project.grant_roles(chosen, clients).granted == ("roles/storage.admin",)
    assert bucket.get_iam_policy(requested_policy_version=3).bindings


@staged("bucket-forbidden")
def test_a_reader_may_not_even_look_at_the_bucket(chosen, clients, enabled):
    with pytest.raises(exceptions.Forbidden, match=r"storage\.buckets\.get "):
        clients.storage.get_bucket(chosen.bucket_name)
    project.grant_roles(chosen, clients)
    assert clients.storage.get_bucket(chosen.bucket_name)
