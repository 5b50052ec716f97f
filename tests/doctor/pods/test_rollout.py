import dataclasses
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest
from google.cloud import container_v1

from warmbook.cloud.gke import ACCELERATOR
from warmbook.doctor.pods import rollout
from warmbook.doctor.pods.messages import PATIENCE
from warmbook.doctor.pods.rollout import RolloutWatch, wait_for_pods
from warmbook.errors import AccessError, ResourceFailedError, WaitTimeoutError
from warmbook.serving.pods import Pod

FORBIDDEN = (
    "google.api_core.exceptions.Forbidden: 403 GET http://127.0.0.1/storage/v1/b/bucket: "
    "vllm-streamer does not have storage.buckets.get access to the Google Cloud Storage bucket."
)
STOCKOUT = "Node scale up in zones z associated with this pod failed: GCE out of resources."
QUOTA = "Node scale up in zones z associated with this pod failed: GCE quota exceeded."
NOW = datetime.now(timezone.utc)
RUNNING = {"running": {"startedAt": "2026-11-23T10:00:30Z"}}


class Cluster:
    """The cluster's answers, and what was asked of it."""

    def __init__(self, events=(), log="", nodes=(), conditions=()):
        self.events, self.said, self.nodes, self.asked = list(events), log, nodes, []
        self.deployment = {"status": {"conditions": list(conditions)}}
        self.replica_sets = []

    def list_objects(self, kind, namespace=None, **_):
        if kind == "ReplicaSet":
            return self.replica_sets
        self.asked.append(kind)
        return {"Event": self.events, "Node": self.nodes}[kind]

    def log(self, pod, namespace, *, previous=False):
        self.asked.append("log")
        return self.said

    def find(self, kind, name, namespace=None):
        return self.deployment


def pod(restarts=0, *, node="n", state=None, last=None, ready=False, phase="Pending", **status):
    conditions = [
        {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-11-23T10:01:00Z"}
    ]
    return Pod.of(
        {
            "metadata": {"name": "p", "creationTimestamp": "2026-11-23T10:00:00Z"},
            "spec": {"nodeName": node},
            "status": {
                "phase": phase,
                "conditions": conditions,
                "containerStatuses": [
                    {"restartCount": restarts, "state": state or {}, "lastState": last or {}}
                ],
                **status,
            },
        }
    )


def ended(restarts, code=1, reason="Error", state=None):
    end = {"terminated": {"exitCode": code, "reason": reason}}
    return pod(restarts, state=state or {"waiting": {"reason": "CrashLoopBackOff"}}, last=end)


def restarted(restarts):
    return ended(restarts, state=RUNNING)


def event(reason, message, about="p"):
    return {"reason": reason, "message": message, "involvedObject": {"name": about}}


def clients_of(cluster, settings, members=(), gke=None):
    """Return clients of a cluster, a bucket whose viewers and readers are told, and a project."""
    roles = ("roles/storage.bucketViewer", "roles/storage.objectUser")
    bindings = [{"role": role, "members": set(members)} for role in roles]
    bucket = SimpleNamespace(get_iam_policy=lambda **_: SimpleNamespace(bindings=bindings))
    return SimpleNamespace(
        kubernetes=cluster,
        storage=SimpleNamespace(bucket=lambda name: bucket),
        clusters=SimpleNamespace(get_cluster=lambda name: gke),
        cluster_path=lambda settings: "clusters/c",
        projects=SimpleNamespace(get_project=lambda name: SimpleNamespace(name="projects/42")),
    )


@pytest.fixture
def watched(settings):
    """Return a look at one Pod before and now: the words, the error, the cluster."""

    def watch(*looks, members=(), gke=None, **answers):
        cluster = Cluster(**answers)
        watcher = RolloutWatch(settings, clients_of(cluster, settings, members, gke))
        for pods in looks:
            told = watcher.update(pods)
        return told, watcher.failure(), cluster

    return watch


HOPELESS = {
    "bucket-viewer-missing": FORBIDDEN,
    "flag-removed": "api_server.py: error: unrecognized arguments: --disable-log-requests",
    "weights-not-found": "RuntimeError: Cannot find any safetensors model weights with `gs://b/m`",
    "config-missing": "Could not detect config format for no config file found.",
    "file-access-error": "Could not receive response from libstreamer due to: b'File access error'",
    "loader-key-unknown": "ValueError: Unexpected extra config keys for runai_streamer: {'x'}",
}
"""Lines of a log that end the wait, by the pitfall; tests/golden/texts has what is said of them."""


@pytest.mark.parametrize("name", HOPELESS)
def test_a_permanent_failure_ends_the_wait_with_its_evidence(watched, name):
    log = HOPELESS[name]
    _, error, _ = watched([pod()], [ended(1)], log=f"noise\n{log}\nnoise")
    of_access = name == "bucket-viewer-missing"
    assert type(error) is (AccessError if of_access else ResourceFailedError)
    assert error.pitfall == name
    assert f"«{log}»" in error.what
    assert error.remedy


@pytest.mark.parametrize(
    ("number", "namespace", "name"),
    [
        ("my-project", "vllm", "project-id-for-number"),
        ("42", "other", "binding-other-namespace"),
        ("42", "vllm", "bucket-viewer-missing"),  # given since: the next start works
    ],
)
def test_a_role_granted_to_another_principal_is_found_in_the_policy(
    watched, number, namespace, name
):
    member = (
        f"principal://iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/"
        f"my-project.svc.id.goog/subject/ns/{namespace}/sa/vllm-streamer"
    )
    error = watched([pod()], [ended(1)], log=FORBIDDEN, members=[member])[1]
    assert isinstance(error, AccessError) and error.pitfall == name
    assert (member in error.what) == (name != "bucket-viewer-missing")


def gke_cluster(pool="my-project.svc.id.goog", driver="DEFAULT"):
    accelerator = {
        "accelerator_type": "nvidia-l4",
        "gpu_driver_installation_config": {"gpu_driver_version": driver},
    }
    return container_v1.Cluster(
        workload_identity_config={"workload_pool": pool},
        node_pools=[{"config": {}}, {"config": {"accelerators": [accelerator]}}],
    )


def growing():
    """Return a cluster to which GKE adds node pools by itself."""
    found = gke_cluster()
    found.autoscaling.enable_node_autoprovisioning = True
    return found


@pytest.mark.parametrize(
    ("wanted", "gke", "name"),
    [
        ("nvidia-l40s", gke_cluster(), "gpu-not-offered"),
        ("nvidia-l4", gke_cluster(), None),
        ("nvidia-l40s", growing(), None),
    ],
    ids=["no pool has it", "a pool at zero", "pools are made"],
)
def test_a_gpu_that_no_pool_has_ends_the_wait(settings, wanted, gke, name):
    selector = {"nodeSelector": {ACCELERATOR: wanted}}
    others = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
    cluster = Cluster([event("FailedScheduling", others)], nodes=[{"metadata": {}}])
    cluster.deployment = {"spec": {"template": {"spec": selector}}}
    on_standard = settings.model_copy(update={"mode": "standard"})
    watcher = RolloutWatch(on_standard, clients_of(cluster, on_standard, gke=gke))
    homeless = pod(node="")
    homeless.raw["spec"].update(selector)
    assert watcher.update([homeless]) == "no node yet: no node pool has this GPU"
    error = watcher.failure()
    assert (error and error.pitfall) == name
    assert error is None or others in error.what


def test_tries_to_make_a_node_before_the_first_look_do_not_count(settings):
    def after(*counts):
        cluster = Cluster()
        watcher = RolloutWatch(settings, clients_of(cluster, settings))
        for count in counts:
            cluster.events = [{**event("FailedScaleUp", STOCKOUT), "count": count}]
            watcher.update([pod(node="")])
        error = watcher.failure()
        return error and error.pitfall

    assert after(0, 1, 2) is None
    assert after(0, 3) == "gpu-stockout"
    assert after(7, 9) is None
    assert after(7, 10) == "gpu-stockout"


@pytest.mark.parametrize(
    ("identities", "name"), [("", "wif-off"), ("my-project.svc.id.goog", "metadata-server-off")]
)
def test_a_pod_with_the_nodes_identity_gets_the_reason(watched, identities, name):
    log = FORBIDDEN.replace(": vllm-streamer", ": 7-compute@developer.gserviceaccount.com")
    error = watched([pod()], [ended(1)], log=log, gke=gke_cluster(identities))[1]
    assert isinstance(error, AccessError) and error.pitfall == name
    assert "--workload-" in error.remedy


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("INSTALLATION_DISABLED", "driver-not-installed"),
        ("DEFAULT", None),
        ("GPU_DRIVER_VERSION_UNSPECIFIED", None),
    ],
)
def test_a_pool_that_installs_no_driver_ends_the_wait(watched, driver, name):
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": NOW.isoformat()}
    node = {"metadata": {"labels": {ACCELERATOR: "nvidia-l4"}}, "status": {"conditions": [ready]}}
    said = [event("FailedScheduling", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.")]
    told, error, _ = watched(
        [pod(node="")], events=said, nodes=[node], gke=gke_cluster(driver=driver)
    )
    assert told == "the node is ready, its GPU driver is not yet"
    assert (error and error.pitfall) == name


def test_an_end_by_the_kernel_needs_no_log(watched):
    _, error, _ = watched([pod()], [ended(1, 137, "OOMKilled")])
    assert error.pitfall == "host-oom"


def test_failures_before_the_wait_do_not_count(watched):
    assert watched([ended(5)], [ended(5)], log=FORBIDDEN)[1] is None
    assert watched([ended(5)], [ended(6)], log=FORBIDDEN)[1].pitfall == "bucket-viewer-missing"


def test_an_instance_that_ran_before_the_wait_may_have_started_before_the_mend(watched):
    looks = ([restarted(1)], [ended(1)], [restarted(2)])
    for count in (1, 2, 3):
        assert watched(*looks[:count], log=FORBIDDEN)[1] is None
    assert watched(*looks, [ended(2)], log=FORBIDDEN)[1].pitfall == "bucket-viewer-missing"


def test_the_restart_of_an_instance_that_had_ended_before_the_wait_is_no_failure(watched):
    assert watched([ended(5)], [restarted(6)], log=FORBIDDEN)[1] is None


def test_an_unknown_end_gets_a_few_restarts_and_then_its_last_line(watched):
    assert watched([pod()], [ended(PATIENCE - 1)], log="No such thing happened before")[1] is None
    error = watched([pod()], [ended(PATIENCE)], log="No such thing happened before\n")[1]
    assert "No such thing happened before" in error.what and error.pitfall == ""
    assert watched([pod()], [ended(PATIENCE)])[1].what  # a container without a log ends too


def test_a_killed_server_may_come_back_and_is_named_when_it_does_not(watched):
    told, error, _ = watched([pod()], [ended(1, 137)])
    assert "killed from outside" in told and error is None
    assert watched([pod()], [ended(PATIENCE, 137)])[1].pitfall == "server-killed"


def test_a_transient_failure_is_reported_while_it_lasts(watched):
    told, error, _ = watched([pod(node="")], events=[event("FailedScaleUp", QUOTA)])
    assert told == "no node yet: GPU quota exceeded" and error is None
    told, error, _ = watched([pod()], events=[event("Pulling", 'Pulling image "v"')])
    assert told.startswith("the image is being pulled, ") and error is None


def test_an_event_of_another_pod_is_not_this_ones(watched):
    assert watched([pod(node="")], events=[event("FailedScaleUp", QUOTA, "q")])[0] == "Pending"


def test_events_and_nodes_are_asked_for_only_where_something_is_not_ready(watched):
    assert watched([pod(ready=True)])[2].asked == []
    assert watched([pod(state=RUNNING)])[2].asked == ["Event", "log"]
    assert watched([pod(node="")])[2].asked == ["Event", "Node"]


def test_a_pod_that_is_evicted_during_the_wait_is_named(watched):
    evicted = pod(phase="Failed", reason="Evicted", message="low on ephemeral-storage")
    assert watched([], [evicted])[1].pitfall == "ephemeral-storage"
    assert watched([evicted], [evicted])[1] is None


def test_a_deployment_without_a_pod_is_reported_with_the_reason(watched):
    said = {"type": "ReplicaFailure", "status": "True", "message": 'serviceaccount "x" not found'}
    error = watched([], conditions=[said])[1]
    assert error.pitfall == "service-account-missing" and '"x" not found' in error.what
    error = watched([], conditions=[{**said, "message": "exceeded quota"}])[1]
    assert error.pitfall == "" and "exceeded quota" in error.what


def test_a_timeout_names_what_delayed_the_pods(settings, monkeypatch):
    waiting = pod(node="")
    cluster = Cluster([event("FailedScaleUp", QUOTA)])
    monkeypatch.setattr(rollout, "follow", lambda *_: iter([[waiting]]))
    with pytest.raises(WaitTimeoutError) as late:
        wait_for_pods(
            settings,
            SimpleNamespace(kubernetes=cluster),
            ready=lambda pods: False,
            report=lambda progress: None,
        )
    assert late.value.pitfall == "gpu-quota"
    assert f"«{QUOTA}»" in late.value.what and "Quotas" in late.value.remedy


def rolling_out(cluster, *, seen=True):
    """Give the cluster a Deployment of which the template was changed once: old, then new."""
    cluster.deployment = {
        "metadata": {"uid": "d", "generation": 2},
        "status": {"observedGeneration": 2 if seen else 1},
    }
    cluster.replica_sets = [
        {
            "metadata": {
                "labels": {"pod-template-hash": template},
                "annotations": {"deployment.kubernetes.io/revision": revision},
                "ownerReferences": [{"kind": "Deployment", "uid": "d"}],
            }
        }
        for template, revision in (("new", "10"), ("old", "9"))
    ]


def of_template(template, pod):
    pod.raw["metadata"].setdefault("labels", {})["pod-template-hash"] = template
    return dataclasses.replace(pod, name=template)


def test_only_pods_of_the_present_template_are_judged(settings):
    cluster = Cluster(log=FORBIDDEN)
    rolling_out(cluster)
    watcher = RolloutWatch(settings, clients_of(cluster, settings))
    watcher.update([of_template("old", ended(1))])
    assert watcher.update([of_template("old", ended(4)), of_template("new", pod())])
    assert watcher.failure() is None
    assert [one.name for one in watcher.alive] == ["new"]
    watcher.update([of_template("old", ended(5)), of_template("new", ended(1))])
    assert watcher.failure().pitfall == "bucket-viewer-missing"


def test_a_jobs_pod_is_judged_though_it_is_not_of_the_deployment(settings):
    cluster = Cluster([event("FailedScaleUp", STOCKOUT)])
    rolling_out(cluster)
    watcher = RolloutWatch(settings, clients_of(cluster, settings), deployment="")
    for count in (0, 3):
        cluster.events[0]["count"] = count
        watcher.update([pod(node="")])
    assert watcher.failure().pitfall == "gpu-stockout"
    assert watcher.update([pod(ready=True, phase="Running")]) == "1 of 1 ready"


def test_before_the_cluster_has_seen_the_new_template_no_pod_is_judged(settings):
    cluster = Cluster(log=FORBIDDEN)
    rolling_out(cluster, seen=False)
    watcher = RolloutWatch(settings, clients_of(cluster, settings))
    watcher.update([of_template("old", pod())])
    assert watcher.update([of_template("old", ended(4))]) == "no Pod yet"
    assert watcher.failure() is None


def test_an_old_pod_that_is_ready_does_not_hide_that_the_new_ones_are_refused(settings):
    cluster = Cluster()
    rolling_out(cluster)
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: gpus"}
    cluster.deployment["status"]["conditions"] = [refused]
    watcher = RolloutWatch(settings, clients_of(cluster, settings))
    watcher.update([of_template("old", pod(ready=True))])
    assert "exceeded quota: gpus" in watcher.failure().what
