"""An end that is played follows from what the Pod asks for, and is over when that is mended."""

import copy

import pytest

from warmbook.cloud.gke import ACCELERATOR
from warmbook.steps import server
from warmbook_rehearsal.faults import FAULTS
from warmbook_rehearsal.faults.fault import Target
from warmbook_rehearsal.faults.storage_access import ANONYMOUSLY
from warmbook_rehearsal.kubernetes import Store
from warmbook_rehearsal.request_faults import RequestFaults

from .following import as_it_was, follow, has_ended, is_ready, send

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


def older_on_the_default_driver(pod):
    image("0.19.0")(pod)
    select(DRIVER, "default")(pod)


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
    "metadata-server-silent": (FAILED, "Compute Engine Metadata server unavailable"),
}

MENDED_IN_THE_DEPLOYMENT = [
    ("oom-killed", memory("60Gi")),
    ("oom-killed", variable("RUNAI_STREAMER_MEMORY_LIMIT", "1000000")),
    ("kv-cache-too-small", argument("--max-model-len=2048")),
    ("kv-cache-too-small", argument("--gpu-memory-utilization=0.97")),
    ("kv-cache-too-small", select(ACCELERATOR, "nvidia-tesla-a100")),
    ("memory-limit-below-tensor", as_it_was),
    ("memory-limit-below-tensor", variable("RUNAI_STREAMER_MEMORY_LIMIT", "9800")),
    ("driver-too-old", as_it_was),
    ("driver-too-old", older_on_the_default_driver),
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
def test_a_repair_of_the_deployment_lets_the_server_start(faults, change, up_to, clients, chosen):
    up_to("identity")
    server.deploy(chosen, clients)
    failed = as_played(clients, chosen, faults[0])
    send(clients, chosen, change)
    pod, status = follow(clients, chosen, is_ready)
    assert status["restartCount"] == 0
    assert pod["metadata"]["uid"] != failed["metadata"]["uid"]


@pytest.mark.parametrize(
    "faults", ["server-killed", "gcs-client-failed", "metadata-server-silent"], indirect=True
)
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


def test_each_simulated_exit_is_a_fault_and_has_a_repair():
    in_other_ways = {"server-killed", "gcs-client-failed", "file-access-error"}
    in_other_ways |= {"metadata-server-silent"}
    assert set(PLAYED) == {name for name, _ in MENDED_IN_THE_DEPLOYMENT} | in_other_ways
    assert set(PLAYED) <= FAULTS.keys()


class Parts:
    """As much of a rehearsal as a played end needs, with one cluster and no Pods."""

    def __init__(self, model):
        self.store = Store()
        self.clusters = self
        self.callers = self.cloud = self.google_listener = self.storage = self.time_scale = None
        self.folder, self.model, self.model_uri = None, model, "gs://models/tiny"
        self.pod_hooks, self.request_faults = [], RequestFaults()

    def each(self, act):
        act(self)

    def end_of(self, change):
        template = copy.deepcopy(TEMPLATE)
        change(template["spec"])
        return self.store.fault_hooks.end_of(template)


TEMPLATE = {
    "spec": {
        "nodeName": "node-1",
        "nodeSelector": {ACCELERATOR: "nvidia-l4"},
        "volumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
        "containers": [
            {
                "image": "vllm/vllm-openai:v0.32.0",
                "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"],
                "args": ["--model=gs://models/tiny", "--max-model-len=4096"],
                "env": [],
                "resources": {
                    "limits": {"nvidia.com/gpu": "1"},
                    "requests": {"memory": "20Gi"},
                },
                "volumeMounts": [{"mountPath": "/dev/shm", "name": "dshm"}],
            }
        ],
    }
}


def args(*words):
    return lambda pod: container_of(pod).update(args=["--model=gs://models/tiny", *words])


def loader(text):
    return argument(f"--model-loader-extra-config={text}")


def all_of(*changes):
    return lambda pod: [change(pod) for change in changes]


def gpus(count):
    return lambda pod: container_of(pod)["resources"]["limits"].update({"nvidia.com/gpu": count})


def read_only(pod):
    container_of(pod)["securityContext"] = {"readOnlyRootFilesystem": True}


def mounted_at(path):
    return lambda pod: container_of(pod)["volumeMounts"].append({"mountPath": path, "name": "dshm"})


def shm(quantity):
    return lambda pod: pod["volumes"][0]["emptyDir"].update(sizeLimit=quantity)


UNCHUNKED, BATCH, HALF = (
    ("--no-enable-chunked-prefill",),
    "--max-num-batched-tokens",
    "--dtype=half",
)
SPARED = variable("NO_PROXY", "metadata.google.internal,.googleapis.com")
BOUNDARIES = [
    ("oom-killed", memory("25Gi"), False),
    ("oom-killed", memory("24Gi"), True),
    ("oom-killed", variable("RUNAI_STREAMER_MEMORY_LIMIT", "-1"), True),
    ("oom-killed", loader('{"memory_limit":0}'), False),
    ("kv-cache-too-small", args("--max-model-len", "2240"), False),
    ("kv-cache-too-small", args("--max_model_len=2272"), True),
    ("kv-cache-too-small", args("--max-model-len=1024", "--max-model-len=4096"), True),
    ("kv-cache-too-small", args(), True),
    ("kv-cache-too-small", argument("--tensor-parallel-size=2"), False),
    ("memory-limit-below-tensor", as_it_was, False),
    ("memory-limit-below-tensor", loader('{"memory_limit":9799}'), True),
    ("memory-limit-below-tensor", loader('{"memory_limit":9800}'), False),
    ("cuda-driver-mismatch", variable("LD_LIBRARY_PATH", "/usr/local/cuda/lib64"), True),
    ("cuda-driver-mismatch", variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64:/b"), False),
    ("gcs-support-missing", image("0.11.0"), True),
    ("gcs-support-missing", image("0.11.1"), False),
    ("broadcast-timeout", as_it_was, False),
    ("broadcast-timeout", loader('{"distributed":true}'), True),
    ("fd-limit", loader('{"concurrency":5}'), True),
    ("fd-limit", loader('{"concurrency":4}'), False),
    ("fd-limit", loader("no json"), True),
    ("fd-limit", shell("ulimit -n 511"), True),
    ("fd-limit", shell("ulimit -n 512"), False),
    ("assets-folder-race", image("0.15.1"), True),
    ("assets-folder-race", image("0.16.0"), False),
    ("sharded-on-gs", argument("--load-format=runai_streamer_sharded"), True),
    ("sharded-on-gs", argument("--load-format=runai_streamer"), False),
    ("shm-too-small", shm("64Mi"), True),
    ("shm-too-small", shm("65Mi"), False),
    ("shm-too-small", lambda pod: container_of(pod).pop("volumeMounts"), True),
    ("merges-missing", image("0.10.2"), True),
    ("merges-missing", image("0.11.1"), False),
    ("more-ranks-than-gpus", as_it_was, False),
    ("more-ranks-than-gpus", args("-tp", "2"), True),
    ("more-ranks-than-gpus", args("--pipeline-parallel-size=2"), True),
    ("more-ranks-than-gpus", all_of(args("-tp", "2"), gpus("2")), False),
    ("batch-below-context", args("--max-model-len=4096", *UNCHUNKED, f"{BATCH}=4095"), True),
    ("batch-below-context", args("--max-model-len=4096", *UNCHUNKED, f"{BATCH}=4096"), False),
    ("batch-below-context", args("--max-model-len=4096", f"{BATCH}=1024"), False),
    ("dtype-not-on-gpu", as_it_was, False),
    ("dtype-not-on-gpu", select(ACCELERATOR, "nvidia-tesla-t4"), True),
    ("dtype-not-on-gpu", all_of(select(ACCELERATOR, "nvidia-tesla-t4"), args(HALF)), False),
    ("flag-value", args("--dtype=bf16"), True),
    ("flag-value", args("--dtype=bfloat16"), False),
    ("quantization-unknown", args("--quantization", "int8"), True),
    ("quantization-unknown", args("--quantization=fp8"), False),
    ("model-not-on-hub", args("--model=my-org/smol-lm"), True),
    ("model-not-on-hub", as_it_was, False),
    ("root-read-only", as_it_was, False),
    ("root-read-only", read_only, True),
    ("root-read-only", all_of(read_only, mounted_at("/root/.cache")), False),
    ("engine-start-timeout", as_it_was, False),
    ("engine-start-timeout", variable("VLLM_ENGINE_READY_TIMEOUT_S", "59"), True),
    ("engine-start-timeout", variable("VLLM_ENGINE_READY_TIMEOUT_S", "60"), False),
    ("no-identity", variable(ANONYMOUSLY, "true"), True),
    ("no-identity", variable(ANONYMOUSLY, "0"), False),
    ("proxy-certificate", variable("HTTPS_PROXY", "http://proxy:3128"), True),
    ("proxy-certificate", all_of(variable("HTTPS_PROXY", "http://proxy:3128"), SPARED), False),
]


@pytest.mark.parametrize(("name", "change", "ends"), BOUNDARIES)
def test_simulated_exits_begin_and_end_at_their_condition(name, change, ends, image_and_model):
    parts = Parts(image_and_model[1])
    FAULTS[name].stage(Target(parts))
    parts.end_of(as_it_was)  # the first server
    assert bool(parts.end_of(change)) == ends


def test_broadcasts_get_through_with_more_time(image_and_model):
    parts = Parts(image_and_model[1])
    FAULTS["broadcast-timeout"].stage(Target(parts))

    def shared_for(seconds):
        def change(pod):
            loader('{"distributed":true}')(pod)
            variable("RUNAI_STREAMER_DIST_TIMEOUT", seconds)(pod)

        return parts.end_of(change)

    assert shared_for("600")
    assert not shared_for("601")
