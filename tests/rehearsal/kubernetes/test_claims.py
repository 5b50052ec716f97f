"""Persistent volume claims, seen by the official client: bound with their first Pod, or why not."""

from __future__ import annotations

import pytest
from kubernetes import client


@pytest.fixture
def claim(cluster, core, eventually):
    """Make a claim and return how to read it."""
    eventually(lambda: core.list_namespaced_service_account("default").items)

    def claim(name="data", mode="ReadWriteOnce", **spec):
        body = {
            "metadata": {"name": name},
            "spec": {
                "accessModes": [mode],
                "resources": {"requests": {"storage": "1Gi"}},
                **spec,
            },
        }
        core.create_namespaced_persistent_volume_claim("default", body)
        return lambda: core.read_namespaced_persistent_volume_claim(name, "default")

    return claim


def pod(core, claim_name="data", name="user"):
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": [volume]}
    core.create_namespaced_pod("default", {"metadata": {"name": name}, "spec": spec})


def test_a_claim_is_bound_when_a_pod_uses_it_and_its_volume_goes_with_it(
    cluster, core, claim, eventually
):
    read = claim()
    assert (read().status.phase, read().spec.storage_class_name) == ("Pending", "standard-rwo")
    (told,) = eventually(lambda: cluster.events("default", "WaitForFirstConsumer"))
    assert told["message"] == "waiting for first consumer to be created before binding"
    pod(core)
    eventually(lambda: read().status.phase == "Bound")
    assert read().status.capacity == {"storage": "1Gi"}
    volume = core.read_persistent_volume(read().spec.volume_name)
    assert volume.spec.claim_ref.name == "data"
    eventually(lambda: core.read_namespaced_pod("user", "default").spec.node_name)
    core.delete_namespaced_persistent_volume_claim("data", "default")
    assert read().metadata.deletion_timestamp
    core.delete_namespaced_pod("user", "default")
    eventually(lambda: not core.list_namespaced_persistent_volume_claim("default").items)
    eventually(lambda: not core.list_persistent_volume().items)


def test_a_pod_waits_for_a_claim_that_is_missing_and_starts_no_machine(
    cluster, core, claim, eventually
):
    pod(core)
    (told,) = eventually(lambda: cluster.events("default", "FailedScheduling"))
    assert told["message"] == (
        '0/1 nodes are available: persistentvolumeclaim "data" not found. preemption: 0/1 nodes '
        "are available: 1 Preemption is not helpful for scheduling."
    )
    claim()
    eventually(lambda: core.read_namespaced_pod("user", "default").spec.node_name)
    assert not cluster.events("default", "TriggeredScaleUp")


@pytest.mark.parametrize(
    ("fields", "reason", "part"),
    [
        ({"storageClassName": "fast"}, "ProvisioningFailed", '"fast" not found'),
        ({"storageClassName": ""}, "FailedBinding", "no storage class is set"),
        ({"mode": "ReadWriteMany"}, "ProvisioningFailed", "specified multi writer with mount"),
    ],
)
def test_what_gke_does_not_provision_stays_pending_with_the_reason(
    cluster, core, claim, eventually, fields, reason, part
):
    read = claim(**fields)
    pod(core)
    (told,) = eventually(lambda: cluster.events("default", reason))
    assert part in told["message"]
    assert read().status.phase == "Pending"
    assert not core.read_namespaced_pod("user", "default").spec.node_name


def test_the_class_standard_is_bound_at_once(claim, eventually):
    read = claim(storageClassName="standard")
    eventually(lambda: read().status.phase == "Bound")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"accessModes": []}, "spec.accessModes"),
        ({"resources": {}}, "spec.resources[storage]"),
    ],
)
def test_a_claim_that_asks_for_nothing_is_refused(claim, spec, field):
    with pytest.raises(client.ApiException) as refused:
        claim(**spec)
    assert refused.value.status == 422
    assert field in refused.value.body
