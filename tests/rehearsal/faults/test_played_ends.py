"""An end that is played follows from what the Pod asks for, and is over when that is mended."""

import time

import pytest

from warmbook.cloud.gke import ACCELERATOR
from warmbook.serving.manifest import deployment
from warmbook.serving.pods import LABELS
from warmbook.steps import server
from warmbook_rehearsal.faults import FAULTS

DRIVER = "cloud.google.com/gke-gpu-driver-version"
OOM = {"exitCode": 137, "reason": "OOMKilled"}
KILLED = {"exitCode": 137, "reason": "Error"}
FAILED = {"exitCode": 1, "reason": "Error"}


@pytest.fixture
def faults(request):
    return (request.param,)


def container_of(pod):
    return pod["containers"][0]


def argument(word):
    return lambda pod: container_of(pod)["args"].append(word)


def variable(name, value):
    return lambda pod: container_of(pod)["env"].append({"name": name, "value": value})


def memory(quantity):
    return lambda pod: container_of(pod)["resources"]["requests"].update(memory=quantity)


def image(tag):
    return lambda pod: container_of(pod).update(image=f"vllm/vllm-openai:v{tag}")


def select(label, value):
    return lambda pod: pod["nodeSelector"].update({label: value})


def shell(line):
    def change(pod):
        one = container_of(pod)
        words = [*one["command"], *one["args"]]
        one.update(command=["sh", "-c", f'{line} && exec "$@"', "sh"], args=words)

    return change


def as_it_was(pod):
    pass


PLAYED = {
    "oom-killed": (OOM, "Starting to load model"),
    "server-killed": (KILLED, "Starting to load model"),
    "kv-cache-too-small": (FAILED, "max seq len (4096), (1.31 GiB KV cache is needed"),
    "memory-limit-below-tensor": (FAILED, "Memory limit supplied: 4900 cannot be smaller"),
    "driver-too-old": (FAILED, "driver on your system is too old (found version 12020)"),
    "cuda-driver-mismatch": (FAILED, "Error 803"),
    "gcs-support-missing": (FAILED, "GCS files module not found"),
    "gcs-client-failed": (FAILED, "Failed to create GCS client"),
    "file-access-error": (FAILED, "b'File access error'"),
    "broadcast-timeout": (FAILED, "broadcast timed out"),
    "fd-limit": (FAILED, "Increase process fd limit"),
    "assets-folder-race": (FAILED, "File exists: '/root/.cache/vllm/assets/model_streamer"),
    "sharded-on-gs": (FAILED, "model-rank-0-part-*.safetensors'"),
    "shm-too-small": (FAILED, "shared memory segment /dev/shm"),
    "merges-missing": (FAILED, "merges.txt"),
}

MENDED_IN_THE_DEPLOYMENT = [
    ("oom-killed", memory("60Gi")),
    ("oom-killed", variable("RUNAI_STREAMER_MEMORY_LIMIT", "1000000")),
    ("kv-cache-too-small", argument("--max-model-len=2048")),
    ("kv-cache-too-small", argument("--gpu-memory-utilization=0.97")),
    ("kv-cache-too-small", select(ACCELERATOR, "nvidia-tesla-a100")),
    ("memory-limit-below-tensor", as_it_was),
    ("memory-limit-below-tensor", variable("RUNAI_STREAMER_MEMORY_LIMIT", "9800")),
    ("driver-too-old", image("0.19.0")),
    ("driver-too-old", select(DRIVER, "latest")),
    ("cuda-driver-mismatch", variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64")),
    ("gcs-support-missing", image("0.11.1")),
    ("broadcast-timeout", argument('--model-loader-extra-config={"distributed":false}')),
    ("fd-limit", argument('--model-loader-extra-config={"concurrency":4}')),
    ("fd-limit", shell("ulimit -n 1024")),
    ("assets-folder-race", image("0.16.0")),
    ("sharded-on-gs", as_it_was),
    ("shm-too-small", as_it_was),
    ("merges-missing", as_it_was),
]


def statuses(clients, chosen):
    for pod in clients.kubernetes.list_objects("Pod", chosen.namespace, labels=LABELS):
        for status in (pod.get("status") or {}).get("containerStatuses") or ():
            yield pod, status


def follow(clients, chosen, until):
    """Return the first Pod whose container's status is as wanted, with that status."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for pod, status in statuses(clients, chosen):
            if until(pod, status):
                return pod, status
        time.sleep(0.05)
    raise AssertionError([*statuses(clients, chosen)])


def has_ended(pod, status):
    return status["lastState"].get("terminated") or status["state"].get("terminated")


def is_ready(pod, status):
    return status["ready"]


def send(clients, chosen, change):
    """Send the workbook's manifest with one change, as a reader does who edits it."""
    manifest = deployment(chosen, server.look_up(clients, chosen))
    change(manifest["spec"]["template"]["spec"])
    clients.kubernetes.apply(manifest)


def log_of(clients, chosen, pod):
    name = pod["metadata"]["name"]
    told = [clients.kubernetes.log(name, chosen.namespace, previous=p) for p in (True, False)]
    return "".join(told)


def as_played(clients, chosen, fault):
    """Follow the server to its end; return its Pod once code, reason and lines are the fault's."""
    end, line = PLAYED[fault]
    pod, status = follow(clients, chosen, has_ended)
    assert has_ended(pod, status).items() >= end.items()
    assert line in log_of(clients, chosen, pod)
    return pod


@pytest.mark.parametrize(("faults", "change"), MENDED_IN_THE_DEPLOYMENT, indirect=["faults"])
def test_what_mends_the_cause_in_the_deployment_lets_the_server_start(
    faults, change, up_to, clients, chosen
):
    up_to("identity")
    server.deploy(chosen, clients)
    failed = as_played(clients, chosen, faults[0])
    send(clients, chosen, change)
    pod, status = follow(clients, chosen, is_ready)
    assert status["restartCount"] == 0
    assert pod["metadata"]["uid"] != failed["metadata"]["uid"]


@pytest.mark.parametrize("faults", ["server-killed", "gcs-client-failed"], indirect=True)
def test_what_is_wrong_with_a_node_is_over_on_another(faults, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    pod = as_played(clients, chosen, faults[0])
    node = pod["spec"]["nodeName"]
    clients.kubernetes.delete("Node", node)
    other, _ = follow(clients, chosen, is_ready)
    assert other["spec"]["nodeName"] != node


@pytest.mark.parametrize("faults", ["file-access-error"], indirect=True)
def test_the_file_can_be_read_again_when_it_is_whole_in_the_bucket(
    faults, up_to, clients, chosen, rehearsal
):
    up_to("identity")
    server.deploy(chosen, clients)
    as_played(clients, chosen, faults[0])
    bucket, _, folder = chosen.model_uri.removeprefix("gs://").partition("/")
    shards = [f for f in rehearsal.inner.model.files if f.name.endswith(".safetensors")]
    shard = sorted(shards, key=lambda file: file.name)[-1]
    blob = clients.storage.bucket(bucket).blob(f"{folder}/{shard.name}")
    blob.reload()
    assert blob.size == shard.path.stat().st_size // 2
    blob.upload_from_filename(str(shard.path))
    follow(clients, chosen, is_ready)


def test_each_played_end_is_a_fault_and_has_something_that_mends_it():
    in_other_ways = {"server-killed", "gcs-client-failed", "file-access-error"}
    assert set(PLAYED) == {name for name, _ in MENDED_IN_THE_DEPLOYMENT} | in_other_ways
    assert set(PLAYED) <= FAULTS.keys()
