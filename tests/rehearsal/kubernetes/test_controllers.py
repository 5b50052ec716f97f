"""What controllers, scheduler and autoscaler make of objects, seen by the official client."""

from __future__ import annotations

import pytest
from kubernetes import client

SELECTION = "node(s) didn't match Pod's node affinity/selector"


@pytest.fixture
def standard(start, eventually):
    """A Standard cluster without nodes, as soon as its default service account is there."""
    running = start(mode="standard")
    core = client.CoreV1Api(running.api())
    eventually(lambda: core.list_namespaced_service_account("default").items)
    return running


def _conditions(obj):
    return {c.type: (c.status, c.reason) for c in obj.status.conditions or ()}


def _ready(apps, eventually, count, name="web"):
    def holds():
        found = apps.read_namespaced_deployment(name, "default")
        status = found.status
        settled = status.observed_generation == found.metadata.generation
        same = status.replicas == status.updated_replicas == status.ready_replicas == count
        return found if settled and same else None

    return eventually(holds)


def test_a_deployment_becomes_available_on_a_node_that_autopilot_adds(
    cluster, apps, core, deployment, eventually
):
    apps.create_namespaced_deployment("default", deployment(gpus=1))
    found = _ready(apps, eventually, 1)
    assert _conditions(found) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    (pod,) = core.list_namespaced_pod("default").items
    node = core.read_node(pod.spec.node_name)
    assert node.metadata.labels["cloud.google.com/gke-accelerator"] == "nvidia-l4"
    assert node.status.allocatable["nvidia.com/gpu"] == "1"
    (failed,) = cluster.events("default", "FailedScheduling")
    assert failed["message"] == (
        f"0/1 nodes are available: 1 {SELECTION}. preemption: 0/1 nodes are available: "
        "1 Preemption is not helpful for scheduling."
    )
    (triggered,) = cluster.events("default", "TriggeredScaleUp")
    assert triggered["count"] == 1
    assert triggered["message"].startswith("pod triggered scale-up: [{https://")
    about = [
        e for e in cluster.events("default") if e["involvedObject"]["name"] == node.metadata.name
    ]
    assert [e["reason"] for e in about] == ["Starting", "RegisteredNode", "NodeReady"]


def test_a_zone_that_is_asked_for_is_the_node_s(start, deployment, eventually):
    running = start(zones=["us-central1-a", "us-central1-b"])
    api = running.api()
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    body = deployment(gpus=1)
    zone = {"topology.kubernetes.io/zone": "us-central1-b"}
    body["spec"]["template"]["spec"]["nodeSelector"].update(zone)
    apps.create_namespaced_deployment("default", body)
    _ready(apps, eventually, 1)
    selector = "cloud.google.com/gke-accelerator"
    (node,) = core.list_node(label_selector=selector).items
    assert node.metadata.labels["topology.kubernetes.io/zone"] == "us-central1-b"


def test_node_affinity_is_honoured_as_well(cluster, apps, core, deployment, eventually):
    body = deployment(gpus=1)
    spec = body["spec"]["template"]["spec"]
    key = "cloud.google.com/gke-accelerator"
    del spec["nodeSelector"]
    terms = [{"matchExpressions": [{"key": key, "operator": "In", "values": ["nvidia-l4"]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    spec["affinity"] = {"nodeAffinity": required}
    apps.create_namespaced_deployment("default", body)
    _ready(apps, eventually, 1)
    (pod,) = core.list_namespaced_pod("default").items
    assert core.read_node(pod.spec.node_name).metadata.labels[key] == "nvidia-l4"


def test_a_zone_that_the_cluster_has_not_gets_no_node(cluster, apps, core, deployment, eventually):
    body = deployment(gpus=1)
    zone = {"topology.kubernetes.io/zone": "mars-a"}
    body["spec"]["template"]["spec"]["nodeSelector"].update(zone)
    apps.create_namespaced_deployment("default", body)
    (told,) = eventually(lambda: cluster.events("default", "NotTriggerScaleUp"))
    assert told["message"] == f"pod didn't trigger scale-up: 1 {SELECTION}"
    assert len(core.list_node().items) == 1


def test_the_quota_limits_the_gpus(start, deployment, eventually):
    running = start(most_gpus=1)
    api = running.api()
    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    eventually(lambda: core.list_namespaced_service_account("default").items)
    apps.create_namespaced_deployment("default", deployment(gpus=1, replicas=2))
    (told,) = eventually(lambda: running.events("default", "FailedScaleUp"))
    assert told["type"] == "Warning" and "GCE quota exceeded" in told["message"]
    eventually(lambda: apps.read_namespaced_deployment("web", "default").status.ready_replicas == 1)
    assert len(core.list_node().items) == 2


def test_a_standard_cluster_waits_for_a_node_of_its_pool(standard, deployment, eventually):
    apps = client.AppsV1Api(standard.api())
    apps.create_namespaced_deployment("default", deployment(gpus=1))
    (told,) = eventually(lambda: standard.events("default", "FailedScheduling"))
    assert told["message"] == "no nodes available to schedule pods"
    assert not standard.events("default", "TriggeredScaleUp")
    standard.add_gpu_node()
    _ready(apps, eventually, 1)


def test_a_pod_that_can_do_without_a_gpu_stays_off_gpu_nodes(standard, core_of, pod, eventually):
    core = core_of(standard)
    standard.add_gpu_node()
    core.create_namespaced_pod("default", pod())
    (told,) = eventually(lambda: standard.events("default", "FailedScheduling"))
    assert "1 node(s) had untolerated taint {nvidia.com/gpu: present}" in told["message"]


@pytest.fixture
def core_of():
    return lambda running: client.CoreV1Api(running.api())


def test_a_rolling_update_with_one_gpu_stands_still(standard, core_of, deployment, eventually):
    core, apps = core_of(standard), client.AppsV1Api(standard.api())
    standard.add_gpu_node()
    apps.create_namespaced_deployment("default", deployment(gpus=1))
    _ready(apps, eventually, 1)
    apps.replace_namespaced_deployment("web", "default", deployment(gpus=1, image="web:2"))
    (told,) = eventually(lambda: standard.events("default", "FailedScheduling"))
    assert told["message"] == (
        "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. preemption: 0/1 nodes are "
        "available: 1 No preemption victims found for incoming pod."
    )
    phases = sorted(p.status.phase for p in core.list_namespaced_pod("default").items)
    assert phases == ["Pending", "Running"]


def test_recreate_frees_the_gpu_first(standard, core_of, deployment, eventually):
    apps = client.AppsV1Api(standard.api())
    standard.add_gpu_node()
    strategy = {"strategy": {"type": "Recreate"}}
    apps.create_namespaced_deployment("default", deployment(gpus=1, **strategy))
    _ready(apps, eventually, 1)
    new = deployment(gpus=1, image="web:2", **strategy)
    apps.replace_namespaced_deployment("web", "default", new)
    _ready(apps, eventually, 1)
    (pod,) = core_of(standard).list_namespaced_pod("default").items
    assert pod.spec.containers[0].image == "web:2"


def test_a_rolling_update_never_goes_below_its_limit(cluster, apps, core, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment(replicas=4))
    _ready(apps, eventually, 4)
    apps.replace_namespaced_deployment("web", "default", deployment(replicas=4, image="web:2"))
    _ready(apps, eventually, 4)

    def least_and_most():
        counts, now = [], {}
        for change in cluster.store.history.since(cluster.store.history.oldest_version):
            if change.kind == "Pod":
                meta = change.obj["metadata"]
                alive = change.type != "DELETED" and "deletionTimestamp" not in meta
                conditions = change.obj["status"].get("conditions") or ()
                ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
                now[meta["name"]] = alive, alive and ready
                counts.append(tuple(sum(column) for column in zip(*now.values(), strict=True)))
        first = next(i for i, (_, ready) in enumerate(counts) if ready == 4)
        return min(r for _, r in counts[first:]), max(n for n, _ in counts)

    assert cluster.on_loop(least_and_most) == (3, 5)
    revision = "deployment.kubernetes.io/revision"
    sets = apps.list_namespaced_replica_set("default").items
    found = {s.metadata.annotations[revision]: s.spec.replicas for s in sets}
    assert found == {"1": 0, "2": 4}


def test_a_template_that_comes_back_is_the_latest_revision(apps, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment())
    _ready(apps, eventually, 1)
    for image in ("web:2", "web:1"):
        apps.replace_namespaced_deployment("web", "default", deployment(image=image))
        _ready(apps, eventually, 1)
    found = apps.read_namespaced_deployment("web", "default")
    assert found.metadata.annotations["deployment.kubernetes.io/revision"] == "3"
    assert len(apps.list_namespaced_replica_set("default").items) == 2


def test_scaling_makes_and_removes_pods(apps, core, cluster, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment(replicas=3))
    _ready(apps, eventually, 3)
    apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 1}})
    _ready(apps, eventually, 1)
    said = [e["message"] for e in cluster.events("default", "ScalingReplicaSet")]
    assert [text.rpartition(" replica set ")[0] for text in said] in (
        ["Scaled up", "Scaled down"],
        ["Scaled down", "Scaled up"],
    )
    assert any(text.endswith("from 3 to 1") for text in said)


def test_a_stuck_rollout_is_reported_after_its_deadline(apps, deployment, eventually):
    body = deployment(progressDeadlineSeconds=1, annotations={"test/ready": "False"})
    apps.create_namespaced_deployment("default", body)

    def over():
        found = apps.read_namespaced_deployment("web", "default")
        return _conditions(found).get("Progressing") == ("False", "ProgressDeadlineExceeded")

    eventually(over)


def test_a_missing_service_account_is_reported_and_recovered_from(
    cluster, apps, core, deployment, eventually
):
    body = deployment()
    body["spec"]["template"]["spec"]["serviceAccountName"] = "vllm-ksa"
    apps.create_namespaced_deployment("default", body)
    (told,) = eventually(lambda: cluster.events("default", "FailedCreate"))
    name = told["involvedObject"]["name"]
    why = (
        f'pods "{name}-" is forbidden: error looking up service account default/vllm-ksa: '
        'serviceaccount "vllm-ksa" not found'
    )
    assert told["message"] == f"Error creating: {why}"
    failure = eventually(
        lambda: next(
            (
                c
                for c in apps.read_namespaced_deployment("web", "default").status.conditions
                if c.type == "ReplicaFailure"
            ),
            None,
        )
    )
    assert (failure.status, failure.reason, failure.message) == ("True", "FailedCreate", why)
    core.create_namespaced_service_account("default", {"metadata": {"name": "vllm-ksa"}})
    found = _ready(apps, eventually, 1)
    assert "ReplicaFailure" not in _conditions(found)


def test_a_namespace_ends_with_all_that_is_in_it(core, apps, deployment, eventually, call):
    core.create_namespace({"metadata": {"name": "t"}})
    eventually(lambda: core.list_namespaced_service_account("t").items)
    body = deployment()
    body["metadata"]["namespace"] = "t"
    apps.create_namespaced_deployment("t", body)
    eventually(lambda: core.list_namespaced_pod("t", field_selector="status.phase=Running").items)
    core.delete_namespace("t")

    def gone():
        return call("GET", "/api/v1/namespaces/t")[0] == 404

    eventually(gone)
    for path in ("/api/v1/pods", "/apis/apps/v1/replicasets", "/api/v1/events"):
        spaces = [i["metadata"]["namespace"] for i in call("GET", path)[1]["items"]]
        assert "t" not in spaces


def test_nothing_new_enters_a_namespace_that_ends(cluster, core, call, pod, eventually):
    core.create_namespace({"metadata": {"name": "t"}})
    eventually(lambda: core.list_namespaced_service_account("t").items)
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    core.create_namespaced_config_map("t", held)
    core.delete_namespace("t")
    status, body = call("POST", "/api/v1/namespaces/t/configmaps", {"metadata": {"name": "b"}})
    assert status == 403 and "because it is being terminated" in body["message"]
    assert core.read_namespace("t").status.phase == "Terminating"
    core.patch_namespaced_config_map("held", "t", {"metadata": {"finalizers": None}})
    eventually(lambda: call("GET", "/api/v1/namespaces/t")[0] == 404)


@pytest.mark.parametrize(("policy", "left"), [("Background", 0), ("Foreground", 0), ("Orphan", 1)])
def test_owned_objects_follow_the_propagation_policy(
    apps, core, deployment, eventually, policy, left
):
    apps.create_namespaced_deployment("default", deployment())
    _ready(apps, eventually, 1)
    apps.delete_namespaced_deployment("web", "default", propagation_policy=policy)
    eventually(lambda: not apps.list_namespaced_deployment("default").items)
    if left:
        (kept,) = apps.list_namespaced_replica_set("default").items
        assert not kept.metadata.owner_references
        assert len(core.list_namespaced_pod("default").items) == 1
    else:
        eventually(lambda: not apps.list_namespaced_replica_set("default").items)
        eventually(lambda: not core.list_namespaced_pod("default").items)


def test_a_pod_that_is_deleted_is_replaced(apps, core, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment())
    _ready(apps, eventually, 1)
    (old,) = core.list_namespaced_pod("default").items
    core.delete_namespaced_pod(old.metadata.name, "default")

    def replaced():
        names = {p.metadata.name for p in core.list_namespaced_pod("default").items}
        return names and old.metadata.name not in names

    eventually(replaced)


def test_an_orphan_pod_is_adopted_and_one_with_other_labels_is_released(
    apps, core, deployment, eventually
):
    """ReplicaSet should adopt matching pods on creation and release no longer matching pods."""
    apps.create_namespaced_deployment("default", deployment(replicas=1))
    first = eventually(lambda: core.list_namespaced_pod("default").items)[0].metadata
    owner, name = first.owner_references[0].uid, first.name

    def owners():
        found = core.read_namespaced_pod(name, "default").metadata.owner_references
        return [one.uid for one in found or ()]

    core.patch_namespaced_pod(name, "default", {"metadata": {"ownerReferences": None}})
    eventually(lambda: owners() == [owner])
    assert len(core.list_namespaced_pod("default").items) == 1
    core.patch_namespaced_pod(name, "default", {"metadata": {"labels": {"app": "alone"}}})
    eventually(lambda: owners() == [])
    eventually(lambda: len(core.list_namespaced_pod("default").items) == 2)


def test_a_pod_waits_for_its_kubelet_before_it_goes(cluster, core, running_pod):
    cluster.on_loop(lambda: setattr(cluster.kubelet, "act", lambda pod: None))
    core.delete_namespaced_pod("one", "default", grace_period_seconds=7)
    found = core.read_namespaced_pod("one", "default").metadata
    assert found.deletion_timestamp and found.deletion_grace_period_seconds == 7
    core.delete_namespaced_pod("one", "default", grace_period_seconds=0)
    assert not core.list_namespaced_pod("default").items


def test_pods_of_a_node_that_goes_go_too(standard, core_of, deployment, eventually):
    core, apps = core_of(standard), client.AppsV1Api(standard.api())
    standard.add_gpu_node()
    apps.create_namespaced_deployment("default", deployment(gpus=1))
    _ready(apps, eventually, 1)
    core.delete_node("gpu-0")
    eventually(
        lambda: [p.status.phase for p in core.list_namespaced_pod("default").items] == ["Pending"]
    )


def _job(**annotations):
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x"}]}
    template = {"metadata": {"annotations": annotations}, "spec": pod}
    spec = {"backoffLimit": 1, "template": template}
    return {"metadata": {"name": "j"}, "spec": spec}


@pytest.mark.parametrize(("code", "condition", "pods"), [("0", "Complete", 1), ("1", "Failed", 2)])
def test_a_job_ends_with_its_pods(cluster, core, eventually, code, condition, pods):
    batch = client.BatchV1Api(cluster.api())
    batch.create_namespaced_job("default", _job(**{"test/exit": code}))

    def over():
        found = batch.read_namespaced_job("j", "default")
        return condition in _conditions(found) and found

    status = eventually(over).status
    assert (status.succeeded or 0, status.failed or 0) == ((1, 0) if code == "0" else (0, 2))
    assert len(core.list_namespaced_pod("default").items) == pods


def test_endpoints_follow_the_ready_pods(core, apps, deployment, eventually):
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}}
    body["spec"]["ports"] = [{"port": 80, "targetPort": 8000}]
    core.create_namespaced_service("default", body)
    apps.create_namespaced_deployment("default", deployment())

    def subset():
        return (core.read_namespaced_endpoints("web", "default").subsets or [None])[0]

    found = eventually(lambda: (s := subset()) and s.addresses and s)
    assert (found.addresses[0].ip, found.ports[0].port) == ("127.0.0.1", 8000)
    apps.delete_namespaced_deployment("web", "default")
    eventually(lambda: subset() is None)


def test_no_pod_carries_a_private_address(apps, core, deployment, eventually):
    apps.create_namespaced_deployment("default", deployment(gpus=1))
    _ready(apps, eventually, 1)
    nodes = [a.address for n in core.list_node().items for a in n.status.addresses]
    pods = [p.status.pod_ip for p in core.list_namespaced_pod("default").items]
    assert not [a for a in nodes + pods if a.startswith(("10.", "172.", "192.168."))]
