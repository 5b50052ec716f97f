"""What is wrong with a server is over when its cause is mended, as the fault's docstring says."""

import time

import pytest

from warmbook.doctor.pods import diagnose
from warmbook.doctor.pods.gather import gather
from warmbook.serving.guide_manifest import DEPLOYMENT
from warmbook.serving.pods import LABELS
from warmbook.steps import server, weights
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.arguments import SERVICE
from warmbook_rehearsal.faults.namespace import ENFORCED
from warmbook_rehearsal.kubernetes.controllers.nodes import GPU

from .following import as_it_was, follow, send


@pytest.fixture
def faults(request):
    return (request.param,)


def is_whole(pod, _):
    """Say whether each container of the Pod is ready."""
    conditions = pod["status"].get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def wait_named(clients, chosen, fault):
    """Wait until a look at the server names the fault's pitfall first."""
    wanted, end = FAULTS[fault].pitfall, time.monotonic() + 30
    while time.monotonic() < end:
        if wanted in (seen := names_of(clients, chosen)):
            return
        time.sleep(0.1)
    raise AssertionError(seen)


def names_of(clients, chosen):
    cluster = clients.kubernetes
    pods = cluster.list_objects("Pod", chosen.namespace, labels=LABELS)
    seen = [gather(pod["metadata"]["name"], chosen, clients) for pod in pods]
    found = {one.pitfall for evidence in filter(None, seen) for one in diagnose(evidence)[:1]}
    deployment = cluster.find("Deployment", DEPLOYMENT, chosen.namespace) or {}
    told = [c.get("message", "") for c in (deployment.get("status") or {}).get("conditions", ())]
    refused = {"exceeded quota": "resource-quota", "violates PodSecurity": "admission-refused"}
    return found | {name for word, name in refused.items() if any(word in one for one in told)}


def made(kind, name, **fields):
    def make(clients, chosen):
        metadata = {"name": name, "namespace": chosen.namespace}
        version = {"apiVersion": "v1", "kind": kind}
        clients.kubernetes.apply({**version, "metadata": metadata, **fields})

    return make


def sent_with(change):
    return lambda clients, chosen: send(clients, chosen, change)


def edited(change):
    """Change the Deployment that is there, as `kubectl edit` does."""

    def edit(clients, chosen):
        found = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
        pod = found["spec"]["template"]["spec"]
        change(pod)
        template = {"spec": {"template": {"spec": pod}}}
        clients.kubernetes.merge("Deployment", DEPLOYMENT, chosen.namespace, template)

    return edit


def without_init_containers(pod):
    pod["initContainers"] = None


def without_the_last_container(pod):
    del pod["containers"][-1]


def without_request_for_cpus(pod):
    del server_of(pod)["resources"]["requests"]["cpu"]


def server_of(pod):
    return pod["containers"][0]


def tolerating(pod):
    pod["tolerations"] = [{"key": "team", "operator": "Exists", "effect": "NoSchedule"}]


def asking_little(pod):
    server_of(pod)["resources"]["requests"]["memory"] = "1Gi"
    server_of(pod)["resources"]["limits"].pop("memory", None)


def restricted(pod):
    server_of(pod)["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def trusting(pod):
    server_of(pod)["args"].append("--trust-remote-code")


def unlinked(pod):
    pod["enableServiceLinks"] = False


def node_deleted(clients, chosen):
    for pod in clients.kubernetes.list_objects("Pod", chosen.namespace, labels=LABELS):
        clients.kubernetes.delete("Node", pod["spec"]["nodeName"])


def uncordoned(clients, chosen):
    for node in clients.kubernetes.list_objects("Node"):
        if GPU in node["status"]["allocatable"]:
            name = node["metadata"]["name"]
            clients.kubernetes.merge("Node", name, "", {"spec": {"unschedulable": None}})


def service_deleted(clients, chosen):
    clients.kubernetes.delete("Service", SERVICE, chosen.namespace)


def paid_by_its_owner(clients, chosen):
    bucket = clients.storage.bucket(chosen.bucket_name)
    bucket.reload()
    assert bucket.requester_pays
    bucket.requester_pays = False
    bucket.patch()


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
MENDED = [
    ("secret-missing", made("Secret", "hf-secret", stringData={"hf_api_token": "hf_none"})),
    ("claim-missing", made("PersistentVolumeClaim", "model-cache", spec=CLAIM)),
    ("chat-template-missing", made("ConfigMap", "chat-template", data={"chat.jinja": "{{ x }}"})),
    ("init-container-fails", edited(without_init_containers)),
    ("sidecar-fails", edited(without_the_last_container)),
    ("liveness-too-strict", sent_with(as_it_was)),
    ("node-memory-low", sent_with(as_it_was)),
    ("resource-quota", sent_with(asking_little)),
    ("pod-security", sent_with(restricted)),
    ("node-tainted", sent_with(tolerating)),
    ("node-cordoned", uncordoned),
    ("too-many-cpus", edited(without_request_for_cpus)),
    ("too-much-disk", sent_with(as_it_was)),
    ("two-gpus-asked", sent_with(as_it_was)),
    ("image-too-big", node_deleted),
    ("sandbox-failed", node_deleted),
    ("requester-pays", paid_by_its_owner),
    ("service-called-vllm", service_deleted),
    ("service-called-vllm", sent_with(unlinked)),
    ("remote-code", sent_with(trusting)),
    ("heads-not-divisible", sent_with(as_it_was)),
    ("context-above-model", sent_with(as_it_was)),
]

TAKEN_BACK = ["vpc-service-controls", "kms-key-disabled", "scale-up-failed", "pod-security"]
TAKEN_BACK += ["impersonation-refused", "architecture-unknown"]


@pytest.mark.parametrize(("faults", "mend"), MENDED, indirect=["faults"])
def test_the_server_starts_after_the_cause_is_repaired(faults, mend, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    wait_named(clients, chosen, faults[0])
    mend(clients, chosen)
    follow(clients, chosen, is_whole)


@pytest.mark.parametrize("faults", TAKEN_BACK, indirect=True)
def test_the_server_starts_when_the_fault_is_taken_back(faults, up_to, clients, chosen, rehearsal):
    up_to("identity")
    server.deploy(chosen, clients)
    wait_named(clients, chosen, faults[0])
    rehearsal.wait_for(lambda: rehearsal.inner.unstage(FAULTS[faults[0]]))
    if faults[0] == "impersonation-refused":  # a Pod is who it was when it started
        node_deleted(clients, chosen)
    follow(clients, chosen, is_whole)
    namespace = clients.kubernetes.find("Namespace", chosen.namespace)
    assert ENFORCED not in (namespace["metadata"].get("labels") or {})


@pytest.mark.parametrize(
    ("faults", "named"),
    [
        ("config-cut-short", "config-broken"),
        ("tokenizer-missing", "tokenizer-unreadable"),
        ("adapter-beside-weights", "weights-of-another-model"),
    ],
    indirect=["faults"],
)
def test_the_models_folder_is_whole_when_the_fault_is_taken_back(
    faults, named, clients, chosen, rehearsal
):
    before = weights.inspect(chosen, clients).findings
    assert {one.pitfall for one in before} == {named}
    rehearsal.wait_for(lambda: rehearsal.inner.unstage(FAULTS[faults[0]]))
    assert not weights.inspect(chosen, clients).findings
