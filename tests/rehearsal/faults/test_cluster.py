"""Each fault of the cluster's API and of its nodes is seen over the wire."""

import base64
import json
import re
import time

import pytest
import requests
import yaml

from warmbook.cloud import availability, gke
from warmbook.cloud.gke import ACCELERATOR
from warmbook.errors import MissingError, ResourceFailedError
from warmbook.serving.guide_manifest import GPU, GPU_POOL
from warmbook.steps import cluster, identity, server
from warmbook_rehearsal.faults.cluster import A_WHILE
from warmbook_rehearsal.faults.gpus import STOCKOUT

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/kube-system/pods"
OTHERS = "node(s) didn't match Pod's node affinity/selector"
SCHEDULING = "FailedScheduling"

slower = pytest.mark.parametrize("minute_s", [0.1], ids=[""])
"""Back-offs so long that the workbook looks meanwhile."""


def staged(name):
    return pytest.mark.parametrize("faults", [(name,)], ids=[name])


def eventually(look):
    end = time.monotonic() + 10
    while not (found := look()):
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.05)
    return found


@pytest.fixture
def ask(rehearsal, up_to, tmp_path):
    """Send one plain request to the cluster's API."""
    up_to("cluster")
    config = yaml.safe_load(rehearsal.inner.clusters.kubeconfig.read_text())
    found = config["clusters"][0]["cluster"]
    authority = tmp_path / "ca.pem"
    authority.write_bytes(base64.b64decode(found["certificate-authority-data"]))
    headers = {"Authorization": f"Bearer {rehearsal.inner.token}"}

    def send(path, **options):
        options = {"headers": headers, "verify": str(authority), "timeout": 10, **options}
        return requests.get(f"{found['server']}{path}", **options)

    return send


@pytest.fixture
def deployed(up_to, chosen, clients):
    up_to("identity")
    server.deploy(chosen, clients)


def pods(clients, chosen):
    return clients.kubernetes.list_objects("Pod", chosen.namespace)


def is_ready(pod):
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def ready_pod(clients, chosen):
    return eventually(lambda: next(filter(is_ready, pods(clients, chosen)), None))


def events(clients, chosen, reason):
    return [
        event["message"]
        for event in clients.kubernetes.list_objects("Event", chosen.namespace)
        if event["reason"] == reason
    ]


def gpu_nodes(clients):
    return clients.kubernetes.list_objects("Node", labels=ACCELERATOR)


def states(chosen, clients):
    """Wait as notebook 06 does; return what it told meanwhile."""
    told = []
    server.wait_started(chosen, clients, report=lambda progress: told.append(progress.state))
    return told


# the API


@staged("kube-unavailable")
def test_the_clusters_api_answers_503_for_a_while(ask):
    answers = [ask(PODS) for _ in range(A_WHILE + 1)]
    assert [one.status_code for one in answers] == [503] * A_WHILE + [200]
    assert answers[0].json()["reason"] == "ServiceUnavailable"


@staged("kube-rate-limited")
def test_the_clusters_api_answers_429_and_asks_for_a_pause(ask):
    answers = [ask(PODS) for _ in range(A_WHILE + 1)]
    assert [one.status_code for one in answers] == [429] * A_WHILE + [200]
    assert answers[0].headers["Retry-After"] == "1"
    assert answers[0].json()["details"]["retryAfterSeconds"] == 1
    assert "Retry-After" not in answers[-1].headers


def watched(ask):
    """List, then watch from there; return the watch's lines."""
    version = ask(PODS).json()["metadata"]["resourceVersion"]
    query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "1"}
    answer = ask(PODS, params=query, stream=True)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.iter_lines()]


@staged("watch-expired")
def test_watches_end_with_the_410_that_a_watch_has_inside(ask):
    for _ in range(A_WHILE):
        (told,) = watched(ask)
        assert told["type"] == "ERROR"
        assert (told["object"]["code"], told["object"]["reason"]) == (410, "Expired")
    assert watched(ask) == []


@staged("watch-cut")
def test_watches_break_off_in_the_middle(ask):
    for _ in range(A_WHILE):
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            watched(ask)
    assert watched(ask) == []


@staged("kube-token-expired")
def test_the_sign_in_is_refused_once_for_deployments(ask):
    assert ask(PODS).status_code == 200
    assert [ask(DEPLOYMENTS).status_code for _ in range(2)] == [401, 200]


@staged("kube-down")
def test_the_clusters_api_is_gone_and_google_cloud_is_not(ask, chosen, clients):
    assert ask(PODS).status_code == 200
    with pytest.raises(requests.ConnectionError):
        ask(DEPLOYMENTS)
    with pytest.raises(requests.ConnectionError, match="refused"):
        ask(PODS)
    assert gke.find(chosen, clients).status.name == "RUNNING"


# what lies in it


@staged("namespace-missing")
def test_the_namespace_is_gone_until_it_is_made_again(up_to, chosen, clients):
    up_to("identity")
    with pytest.raises(MissingError, match="because it is being terminated") as refused:
        server.deploy(chosen, clients)
    assert refused.value.__cause__.status == 403
    eventually(lambda: not clients.kubernetes.find("Namespace", chosen.namespace))
    identity.create_namespace(chosen, clients)
    identity.create_service_account(chosen, clients)
    assert server.deploy(chosen, clients).created
    ready_pod(clients, chosen)


@staged("service-account-missing")
def test_there_is_no_pod_until_the_service_account_is_made_again(deployed, chosen, clients):
    (told,) = eventually(lambda: events(clients, chosen, "FailedCreate"))
    assert f'serviceaccount "{chosen.service_account}" not found' in told
    assert not pods(clients, chosen)
    identity.create_service_account(chosen, clients)
    ready_pod(clients, chosen)


# nodes that don't come


@staged("gpu-quota-scale-up")
def test_autopilot_finds_no_quota_until_there_is_more(deployed, chosen, clients, rehearsal):
    assert availability.gpu_quota(clients, "us-central1", "nvidia-l4")[0] == 0
    (told,) = eventually(lambda: events(clients, chosen, "FailedScaleUp"))
    assert told.startswith("Node scale up in zones us-central1-a")
    assert "failed: GCE quota exceeded. Pod is at risk of not being scheduled." in told
    (waits,) = events(clients, chosen, "NotTriggerScaleUp")
    assert waits.endswith("in backoff after failed scale-up")
    assert not gpu_nodes(clients)
    rehearsal.call(rehearsal.inner.cloud.cluster_registry.cut.clear)
    ready_pod(clients, chosen)


@slower
@staged("stockout-passes")
def test_no_zone_has_a_gpu_at_first_and_the_workbook_reports_it(deployed, chosen, clients):
    told = states(chosen, clients)
    assert "no node yet: the zone has no free machine with this GPU" in told
    (failed,) = events(clients, chosen, "FailedScaleUp")
    assert f"failed: {STOCKOUT}." in failed
    assert events(clients, chosen, "TriggeredScaleUp")


@slower
@staged("driver-not-ready")
def test_a_node_is_ready_before_its_gpu_and_no_other_is_ordered(deployed, chosen, clients):
    (node,) = eventually(lambda: gpu_nodes(clients))
    assert is_ready(node)
    assert GPU not in node["status"]["allocatable"]
    told = states(chosen, clients)
    assert "the node is ready, its GPU driver is not yet" in told
    (node,) = gpu_nodes(clients)
    assert node["status"]["allocatable"][GPU] == node["status"]["capacity"][GPU] == "1"


@staged("gpu-stockout")
def test_a_stockout_that_lasts_ends_the_wait_until_another_gpu_is_chosen(
    deployed, chosen, clients, quiet, rehearsal
):
    with pytest.raises(ResourceFailedError, match="GCE out of resources") as ended:
        server.wait_started(chosen, clients, **quiet)
    assert ended.value.pitfall == "gpu-stockout"
    assert not gpu_nodes(clients)
    server.deploy(chosen.model_copy(update={"gpu": "nvidia-tesla-t4"}), clients)
    ready_pod(clients, chosen)


@staged("gpu-label-unknown")
def test_no_pool_has_the_gpu_of_the_selector_until_the_manifest_is_sent_again(
    deployed, chosen, clients
):
    (told,) = eventually(lambda: events(clients, chosen, "NotTriggerScaleUp"))
    assert told == f"pod didn't trigger scale-up: 1 {OTHERS}"
    assert OTHERS in events(clients, chosen, "FailedScheduling")[0]
    (pod,) = pods(clients, chosen)
    assert pod["spec"]["nodeSelector"][ACCELERATOR] != chosen.gpu
    assert server.deploy(chosen, clients).changed
    ready_pod(clients, chosen)


@staged("gpu-label-alone")
def test_without_autoscaling_only_the_scheduler_reports_the_selector(
    deployed, chosen, clients, quiet
):
    with pytest.raises(ResourceFailedError, match=re.escape(OTHERS)) as ended:
        server.wait_started(chosen, clients, **quiet)
    assert ended.value.pitfall == "gpu-not-offered"
    assert not events(clients, chosen, "NotTriggerScaleUp")
    assert server.deploy(chosen, clients).changed
    ready_pod(clients, chosen)


@staged("driver-never-ready")
def test_the_first_node_never_gives_its_gpu_and_another_does(deployed, chosen, clients, quiet):
    (node,) = gpu_nodes(clients)
    assert is_ready(node)
    assert GPU not in node["status"]["allocatable"]
    eventually(lambda: f"Insufficient {GPU}" in "".join(events(clients, chosen, SCHEDULING)))
    name = f"{clients.cluster_path(chosen)}/nodePools/{GPU_POOL}"
    operation = clients.clusters.delete_node_pool(name=name)
    path = f"{clients.location_path(chosen)}/operations/{operation.name}"
    eventually(lambda: clients.clusters.get_operation(name=path).status.name == "DONE")
    cluster.create_node_pool(chosen, clients, **quiet)
    ready_pod(clients, chosen)


# nodes that are there


@staged("second-gpu-for-update")
def test_the_new_pod_waits_for_the_old_ones_gpu(deployed, chosen, clients):
    old = ready_pod(clients, chosen)["metadata"]["name"]
    (new,) = eventually(lambda: [p for p in pods(clients, chosen) if p["metadata"]["name"] != old])
    assert not new["spec"].get("nodeName")
    (told,) = eventually(lambda: events(clients, chosen, "FailedScaleUp"))
    assert "GCE quota exceeded" in told
    assert any(f"Insufficient {GPU}" in one for one in events(clients, chosen, SCHEDULING))
    assert len(gpu_nodes(clients)) == 1
    clients.kubernetes.delete("Pod", old, chosen.namespace)
    eventually(lambda: len(pods(clients, chosen)) == 1)
    assert ready_pod(clients, chosen)["metadata"]["name"] == new["metadata"]["name"]


@staged("node-goes-away")
def test_the_node_goes_and_another_one_takes_the_server(deployed, chosen, clients):
    gone = eventually(lambda: gpu_nodes(clients))[0]["metadata"]["name"]
    eventually(lambda: not clients.kubernetes.find("Node", gone))
    assert ready_pod(clients, chosen)["spec"]["nodeName"] != gone
