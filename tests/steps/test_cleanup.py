import re
from types import SimpleNamespace

import pytest
from google.api_core.exceptions import BadRequest

from warmbook import texts
from warmbook.cloud import anywhere_cache, gke
from warmbook.cloud.anywhere_cache import Cache
from warmbook.cloud.iam import grant_on_bucket, of_bucket
from warmbook.display.banner import connect
from warmbook.errors import ResourceFailedError
from warmbook.serving.guide_manifest import GPU_POOL, OURS
from warmbook.steps import cache, cleanup, project
from warmbook.steps.cleanup import deletion
from warmbook.steps.cluster import creation, node_pool


def kinds(resources):
    return sorted(resource.kind for resource in resources)


@pytest.mark.guide("G31 G32 G33")
def test_everything_created_is_found_deleted_and_checked_again(chosen, clients, quiet, up_to):
    up_to("server")
    cache.create(chosen, clients, **quiet)
    assert kinds(cleanup.inventory(chosen, clients).created) == ["cache", "cluster", "role", "role"]
    removed = cleanup.delete(chosen, clients, **quiet)
    texts.speak("es")
    assert "rol roles/storage.objectUser sobre gs://" in repr(removed)
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
    monkeypatch.setattr(creation, "LABEL", {})
    up_to("server")
    plan = cleanup.inventory(chosen, clients)
    assert "cluster" not in kinds(plan.created)
    assert {"Deployment", "Namespace", "ServiceAccount"} <= set(kinds(plan.created))
    told = []
    assert cleanup.delete(chosen, clients, report=told.append).left == ()
    assert (told[-1].state, told[-1].done) == ("gone", True)
    assert told[-1].what == "The server's Pods"
    assert gke.find(chosen, clients) is not None
    assert clients.kubernetes.find("Namespace", chosen.namespace) is None


def test_in_a_project_without_the_apis_there_is_nothing_to_delete(chosen, clients):
    assert cleanup.inventory(chosen, clients).created == ()


@pytest.mark.guide("G31")
def test_deleting_the_project_is_offered_and_never_done(chosen, clients):
    offer = cleanup.delete_project(chosen, clients)
    assert offer.command == "gcloud projects delete rehearsal-project"
    assert project.find(chosen, clients).state == "ACTIVE"


def test_running_resources_are_listed_with_price_and_date(chosen, clients, quiet, up_to):
    up_to("server")
    plan = cleanup.inventory(chosen, clients)
    assert "g2-standard-16" in plan.machines
    assert re.search(r"\$\d+\.\d\d per hour at list price: 1 x g2-standard-16 \(", repr(plan))
    cleanup.delete(chosen, clients, **quiet)
    assert "per hour" not in repr(cleanup.inventory(chosen, clients))


def test_a_machine_without_a_known_price_is_named_and_no_price_is_made_up():
    (row,) = cleanup.Inventory((), (), ("z9-giant-1",)).rows()
    assert row.detail == "price unknown: 1 x z9-giant-1"


def test_what_is_left_or_perhaps_a_pool_has_its_price_and_what_is_gone_has_none():
    machines, pool = ("g2-standard-16",), cleanup.Resource("node pool", "gpu-pool", command="x")
    gone = cleanup.Deleted((pool,), (), machines)
    assert "per hour" not in repr(gone)
    assert "per hour" in repr(cleanup.Deleted((pool,), (pool,), machines))
    assert "per hour" in repr(cleanup.Deleted((), (), machines, (pool,)))
    role = cleanup.Resource("role", "reader")
    assert "per hour" not in repr(cleanup.Deleted((), (), machines, (role,)))


def test_a_plan_names_what_was_created_else_what_may_be_yours_else_nothing():
    one = cleanup.Resource("role", "reader")
    titles = [
        cleanup.Inventory(created, (), (), perhaps).title()
        for created in ((one,), ())
        for perhaps in ((one,), ())
    ]
    assert titles[0] == titles[1] and len(set(titles)) == 3


def test_a_resource_is_the_same_with_another_delete_command():
    assert cleanup.Resource("role", "a") == cleanup.Resource("role", "a", command="gcloud x")


def test_an_existing_namespace_is_kept_and_a_leftover_probe_is_deleted(
    chosen, clients, quiet, up_to, monkeypatch
):
    monkeypatch.setattr(creation, "LABEL", {})
    up_to("cluster")
    names = {"metadata": {"name": chosen.namespace}}
    clients.kubernetes.create({"apiVersion": "v1", "kind": "Namespace", **names})
    clients.kubernetes.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "forgotten",
                "namespace": chosen.namespace,
                "labels": dict([OURS.split("=")]),
            },
            "spec": {"containers": [{"name": "c", "image": "python:3", "command": ["true"]}]},
        }
    )
    assert kinds(cleanup.inventory(chosen, clients).created) == ["Pod"]
    assert cleanup.delete(chosen, clients, **quiet).left == ()
    assert clients.kubernetes.find("Namespace", chosen.namespace) is not None


def test_another_principals_binding_on_the_bucket_is_kept(chosen, clients, quiet, up_to):
    up_to("identity")
    bucket = clients.storage.bucket(chosen.bucket_name)
    other = "principal://iam.googleapis.com/projects/1/x/subject/ns/others/sa/reader"
    grant_on_bucket(bucket, ["roles/storage.objectUser"], other)
    cleanup.delete(chosen, clients, **quiet)
    members = [m for b in bucket.get_iam_policy().bindings for m in b["members"]]
    assert other in members
    assert not [m for m in members if m.endswith(f"/sa/{chosen.service_account}")]


def test_a_role_under_a_condition_was_not_granted_here_and_stays(chosen, clients, quiet, up_to):
    up_to("identity")
    bucket = clients.storage.bucket(chosen.bucket_name)
    policy = of_bucket(bucket)
    (ours,) = (b for b in policy.bindings if b["role"] == "roles/storage.objectUser")
    condition = {"title": "only then", "expression": "true"}
    policy.bindings.append({**ours, "condition": condition})
    bucket.set_iam_policy(policy)
    plan = cleanup.inventory(chosen, clients)
    assert kinds(plan.created) == ["cluster", "role", "role"]
    assert kinds(plan.perhaps) == ["role"]
    assert cleanup.delete(chosen, clients, **quiet).left == ()
    members = [(b.get("condition"), b["members"]) for b in of_bucket(bucket).bindings]
    assert (condition, ours["members"]) in members
    assert (None, ours["members"]) not in members


def test_with_the_bucket_gone_the_rest_is_deleted_all_the_same(chosen, clients, quiet, up_to):
    up_to("cluster")
    elsewhere = chosen.model_copy(update={"model_uri": "gs://rehearsal-project-gone/tiny"})
    assert kinds(cleanup.inventory(elsewhere, clients).created) == ["cluster"]
    assert cleanup.delete(elsewhere, clients, **quiet).left == ()


def test_the_command_of_the_inventory_lists_resources(settings):
    command = cleanup.inventory.command(settings)
    assert "gcloud container clusters list --project=my-project" in command
    assert "gcloud storage buckets get-iam-policy gs://my-bucket" in command
    assert "gcloud container clusters delete" in cleanup.delete.command(settings)


def a_cluster(status, reason=""):
    return SimpleNamespace(status=SimpleNamespace(name=status), status_message=reason)


class Clusters:
    """A cluster that is seen in one state after the other; the last one stays."""

    def __init__(self, *seen):
        self.seen, self.deletions = list(seen), 0

    def get_cluster(self, name):
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    def delete_cluster(self, name):
        self.deletions += 1


def test_a_cluster_that_cannot_be_deleted_ends_the_wait_with_gkes_message(settings, quiet):
    clusters = Clusters(a_cluster("RUNNING"), a_cluster("ERROR", "a firewall rule is in use"))
    clients = SimpleNamespace(clusters=clusters, cluster_path=lambda settings: "clusters/c")
    with pytest.raises(ResourceFailedError, match="a firewall rule is in use") as failed:
        deletion._delete_cluster(settings, clients, quiet["report"])
    assert clusters.deletions == 1
    assert "billed" in failed.value.remedy


@pytest.fixture
def caches(monkeypatch):
    """Caches by zone: how many times each is still seen being created, and what was disabled."""
    seen = SimpleNamespace(creating={}, disabled=[])

    def find(clients, bucket):
        found = []
        for zone, times in seen.creating.items():
            seen.creating[zone] = max(0, times - 1)
            found.append(Cache(zone, "creating" if times else "running", 86400.0))
        return found

    monkeypatch.setattr(anywhere_cache, "find", find)
    monkeypatch.setattr(
        anywhere_cache, "disable", lambda clients, bucket, zone: seen.disabled.append(zone)
    )
    return seen


def test_a_cache_that_is_being_created_is_waited_for_and_then_disabled(settings, caches):
    caches.creating, told = {"a": 0, "b": 6}, []
    deletion._disable_caches(settings, None, ["a", "b"], told.append)
    assert caches.disabled == ["a", "b"]
    assert told[0].state == "b creating"
    assert (told[-1].state, told[-1].done) == ("done", True)


def test_a_cache_whose_creation_takes_too_long_is_left(settings, caches, quiet, monkeypatch):
    monkeypatch.setattr(deletion, "CREATION_S", 0.1)
    caches.creating = {"a": 0, "b": 10**6}
    deletion._disable_caches(settings, None, ["a", "b"], quiet["report"])
    assert caches.disabled == ["a"]


@pytest.fixture
def standard(chosen):
    """The choices for a Standard cluster."""
    return chosen.model_copy(update={"mode": "standard", "location": "us-central1-a"})


@pytest.fixture
def somebody_elses(standard, quiet, up_to, monkeypatch):
    """A Standard cluster without the workbook's label, in which notebooks 04 and 05 have run."""
    monkeypatch.setattr(creation, "LABEL", {})
    up_to("identity", standard)
    return connect(standard)


def pools(settings, clients):
    return [pool.name for pool in gke.find(settings, clients).node_pools]


def test_the_pool_in_another_users_cluster_is_deleted_and_the_cluster_is_kept(
    standard, somebody_elses
):
    assert GPU_POOL in pools(standard, somebody_elses)
    plan = cleanup.inventory(standard, somebody_elses)
    assert "node pool" in kinds(plan.created)
    assert "cluster" in kinds(plan.staying)
    told = []
    removed = cleanup.delete(standard, somebody_elses, report=told.append)
    assert (told[-1].state, told[-1].done) == ("gone", True)
    assert f"{GPU_POOL} STOPPING" in [progress.state for progress in told]
    assert removed.left == removed.perhaps == ()
    assert f"node pool {GPU_POOL}" in removed.record()["created"]
    assert pools(standard, somebody_elses) == ["default-pool"]
    assert "cluster" in kinds(cleanup.inventory(standard, somebody_elses).staying)


def test_a_pool_with_the_guides_name_and_no_label_may_be_the_readers(
    standard, quiet, up_to, monkeypatch
):
    monkeypatch.setattr(creation, "LABEL", {})
    monkeypatch.setattr(node_pool, "LABEL", {})
    up_to("cluster", standard)
    clients = connect(standard)
    removed = cleanup.delete(standard, clients, **quiet)
    assert GPU_POOL in pools(standard, clients)
    (pool,) = removed.perhaps
    assert (pool.kind, pool.name) == ("node pool", GPU_POOL)
    assert pool.command.startswith(f"gcloud container node-pools delete {GPU_POOL} ")
    assert "per hour at list price" in repr(removed)
    assert "nothing" not in removed.title()


def test_a_pool_is_asked_for_again_while_the_cluster_is_busy(
    standard, somebody_elses, quiet, monkeypatch
):
    clusters, refusals = (
        somebody_elses.clusters,
        [BadRequest("Cluster c is running incompatible operation o; try again once it is done")],
    )
    delete = clusters.delete_node_pool

    def busy_once(**request):
        if refusals:
            raise refusals.pop()
        return delete(**request)

    monkeypatch.setattr(clusters, "delete_node_pool", busy_once)
    assert cleanup.delete(standard, somebody_elses, **quiet).left == ()
    assert refusals == []
    assert pools(standard, somebody_elses) == ["default-pool"]


def in_namespace(settings, namespace):
    return settings.model_copy(update={"namespace": namespace})


def accounts_with_roles(clients, bucket):
    policy = of_bucket(clients.storage.bucket(bucket))
    members = {m for b in policy.bindings for m in b["members"] if "/subject/ns/" in m}
    return {m.rpartition("/ns/")[2].partition("/sa/")[0] for m in members}


def test_roles_of_another_namespace_go_with_the_workbooks_own_cluster(
    chosen, clients, quiet, up_to
):
    up_to("identity")
    up_to("identity", in_namespace(chosen, "later"))
    assert kinds(cleanup.inventory(chosen, clients).created).count("role") == 4
    removed = cleanup.delete(chosen, clients, **quiet)
    assert removed.left == removed.perhaps == ()
    assert accounts_with_roles(clients, chosen.bucket_name) == set()


def test_roles_of_another_namespace_in_another_users_cluster_may_be_the_readers(
    standard, somebody_elses, quiet, up_to
):
    up_to("identity", in_namespace(standard, "later"))
    removed = cleanup.delete(standard, somebody_elses, **quiet)
    assert kinds(removed.perhaps) == ["role", "role"]
    assert all("ns/later/sa/" in one.command for one in removed.perhaps)
    assert accounts_with_roles(somebody_elses, standard.bucket_name) == {"later"}


def test_another_cluster_with_the_label_may_be_the_readers(chosen, clients, quiet, up_to):
    up_to("cluster")
    elsewhere = chosen.model_copy(update={"cluster_name": "renamed"})
    (cluster,) = cleanup.inventory(elsewhere, connect(elsewhere)).perhaps
    assert cluster.name.startswith(f"{chosen.cluster_name} ")
    assert f"delete {chosen.cluster_name} " in cluster.command


def test_a_cache_that_the_bucket_has_no_label_for_may_be_the_readers(chosen, clients, quiet, up_to):
    up_to("server")
    cache.create(chosen, clients, **quiet)
    bucket = clients.storage.get_bucket(chosen.bucket_name)
    bucket.labels = {}
    bucket.patch()
    removed = cleanup.delete(chosen, clients, **quiet)
    assert kinds(removed.perhaps) == ["cache"]
    assert removed.record()["perhaps"] == [str(removed.perhaps[0])]


def test_a_cluster_that_stays_is_billed_like_one_that_was_created():
    bucket, cluster = (cleanup.Resource(kind, "x") for kind in ("bucket", "cluster"))
    billed = [cleanup.Inventory((), stays).billed for stays in ((bucket,), (bucket, cluster))]
    assert billed == ["bucket", "cluster"]
    assert cleanup.Inventory((cluster,), (bucket,)).billed == "cluster"
