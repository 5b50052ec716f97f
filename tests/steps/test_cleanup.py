import pytest

from warmbook.steps import cache, cleanup, cluster, project


def kinds(resources):
    return sorted(resource.kind for resource in resources)


@pytest.mark.guide("G31 G32 G33")
def test_everything_that_was_created_is_found_deleted_and_looked_for_again(
    chosen, clients, quiet, up_to
):
    up_to("server")
    cache.create(chosen, clients, **quiet)
    assert kinds(cleanup.inventory(chosen, clients).created) == ["cache", "cluster", "role", "role"]
    removed = cleanup.delete(chosen, clients, **quiet)
    assert removed.left == ()
    assert len(removed.record()["created"]) == 4
    assert cleanup.inventory(chosen, clients).created == ()
    assert clients.storage.get_bucket(chosen.bucket_name).labels == {}
    assert cleanup.delete(chosen, clients, **quiet).created == ()


def test_the_bucket_and_its_model_stay(chosen, clients, quiet, up_to):
    up_to("cluster")
    cleanup.delete(chosen, clients, **quiet)
    assert len(list(clients.storage.list_blobs(chosen.bucket_name))) == 4
    assert "bucket" in kinds(cleanup.inventory(chosen, clients).staying)


def test_a_cluster_that_was_there_before_stays(chosen, clients, quiet, up_to, monkeypatch):
    monkeypatch.setattr(cluster, "LABEL", {})
    up_to("server")
    plan = cleanup.inventory(chosen, clients)
    assert "cluster" not in kinds(plan.created)
    assert {"Deployment", "Namespace", "ServiceAccount"} <= set(kinds(plan.created))
    assert cleanup.delete(chosen, clients, **quiet).left == ()
    assert cluster.find(chosen, clients) is not None
    assert clients.kubernetes.find("Namespace", chosen.namespace) is None


def test_in_a_project_without_the_apis_there_is_nothing_to_delete(chosen, clients):
    assert cleanup.inventory(chosen, clients).created == ()


@pytest.mark.guide("G31")
def test_deleting_the_project_is_offered_and_never_done(chosen, clients):
    offer = cleanup.delete_project(chosen, clients)
    assert offer.command == "gcloud projects delete rehearsal-project"
    assert project.find(chosen, clients).state == "ACTIVE"
