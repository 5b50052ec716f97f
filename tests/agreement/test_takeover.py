"""Half by hand, half by notebook: each finds what the other did and makes nothing twice."""

import pytest
from google.cloud import container_v1 as gke

from warmbook.book.script import script
from warmbook.display.banner import connect
from warmbook.serving.guide_manifest import DEPLOYMENT
from warmbook.settings import Settings, merge

PARTS = ("02", "03", "04", "05", "06", "07", "08")


def identities(settings, clients):
    """Return what tells each thing from a second one of its kind."""
    cluster = clients.clusters.get_cluster(name=clients.cluster_path(settings))
    objects = {
        "Namespace": (settings.namespace, None),
        "ServiceAccount": (settings.service_account, settings.namespace),
        "Deployment": (DEPLOYMENT, settings.namespace),
    }
    found = {kind: clients.kubernetes.find(kind, *where) for kind, where in objects.items()}
    caches = clients.caches.list_anywhere_caches(
        parent=f"projects/_/buckets/{settings.bucket_name}"
    )
    return {
        "cluster": cluster.id,
        **{kind: one and one["metadata"]["uid"] for kind, one in found.items()},
        "caches": {cache.zone: cache.create_time for cache in caches},
    }


def creations(settings, clients):
    """Return how often GKE was asked for a cluster or a pool."""
    listed = clients.clusters.list_operations(parent=clients.location_path(settings)).operations
    kinds = [gke.Operation.Type(operation.operation_type).name for operation in listed]
    return {kind: kinds.count(kind) for kind in kinds if kind.startswith("CREATE")}


@pytest.mark.timeout(500)
def test_each_notebook_takes_over_what_was_done_by_hand(shell, notebook, monkeypatch):
    monkeypatch.setenv("WARMBOOK_MODE", "standard")
    monkeypatch.setenv("WARMBOOK_LOCATION", "us-central1-a")
    settings = Settings.parse(merge())
    clients = connect(settings)
    for number in PARTS:
        shell.must(script(settings, [number]))
        before = number >= "04" and identities(settings, clients)
        notebook(number)
        assert before == (number >= "04" and identities(settings, clients)), number
    assert creations(settings, clients) == {"CREATE_CLUSTER": 1, "CREATE_NODE_POOL": 1}
    left = notebook("10").record().left
    assert left == ()
    assert (
        clients.clusters.get_cluster(name=clients.cluster_path(settings)).status.name == "RUNNING"
    )


@pytest.mark.timeout(500)
@pytest.mark.parametrize("first", ["hand", "notebook"])
def test_steps_by_hand_and_by_notebook_can_alternate(first, shell, notebook, rehearsal):
    settings = Settings.parse(merge())
    clients = connect(settings)
    for turn, number in enumerate(PARTS):
        if (turn % 2 == 0) == (first == "hand"):
            shell.must(script(settings, [number]))
        else:
            notebook(number)
    there = identities(settings, clients)
    assert all(there.values())
    assert len(there["caches"]) == 1
    assert creations(settings, clients) == {"CREATE_CLUSTER": 1}
    if first == "hand":
        notebook("10")
    else:
        shell.must(script(settings, ["10"]))
    names = [
        c.name
        for c in clients.clusters.list_clusters(parent=clients.location_path(settings)).clusters
    ]
    # by hand all goes; the notebook leaves a cluster that it did not make
    assert names == (["run-ai-test"] if first == "hand" else [])


@pytest.mark.timeout(300)
def test_deploying_updates_a_manual_deployment_to_the_chosen_settings(shell, notebook, rehearsal):
    settings = Settings.parse(merge())
    shell.must(script(settings, ["02", "04", "05", "06"]))
    shell.must(
        f"kubectl set env deployment/{DEPLOYMENT} -n {settings.namespace} MINE=kept\n"
        f"kubectl scale deployment/{DEPLOYMENT} -n {settings.namespace} --replicas=2\n"
    )
    notebook("06", max_model_len=2048)
    found = connect(settings).kubernetes.find("Deployment", DEPLOYMENT, settings.namespace)
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert found["spec"]["replicas"] == 1
    assert "--max-model-len=2048" in container["args"]
    assert {"name": "MINE", "value": "kept"} in container["env"]
