from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.cloud.gke import ACCELERATOR
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.doctor.pods import Diagnosis, Evidence, diagnose
from warmbook.doctor.pods.logs import BESIDE, FATAL
from warmbook.serving.guide_manifest import GPU

URL = "https://storage.googleapis.com/storage/v1/b/my-bucket?projection=noAcl&prettyPrint=false"
LOGS = {
    "bucket-viewer-missing": (
        f"google.api_core.exceptions.Forbidden: 403 GET {URL}: my-sa does not have "
        "storage.buckets.get access to the Google Cloud Storage bucket. Permission "
        "'storage.buckets.get' denied on resource (or it may not exist)."
    ),
    "object-role-missing": (
        "403 GET https://storage.googleapis.com/storage/v1/b/my-bucket/o: my-sa does not have "
        "storage.objects.list access to the Google Cloud Storage bucket."
    ),
    "metadata-server-off": (
        f"403 GET {URL}: 1234-compute@developer.gserviceaccount.com does not have "
        "storage.buckets.get access to the Google Cloud Storage bucket."
    ),
    "uniform-access-off": (
        f"google.api_core.exceptions.PreconditionFailed: 412 GET {URL}: At least one of the "
        "pre-conditions you specified did not hold."
    ),
    "bucket-missing": f"google.api_core.exceptions.NotFound: 404 GET {URL}: Not Found",
    "file-access-error": (
        "Exception: Could not receive runai_response from libstreamer due to: b'File access error'"
    ),
    "gcs-client-failed": "Failed to create GCS client",
    "gcs-support-missing": (
        "ImportError: GCS files module not found. Please install the required package."
    ),
    "flag-removed": "api_server.py: error: unrecognized arguments: --disable-log-requests",
    "memory-limit-below-tensor": "Memory limit supplied: 1000 cannot be smaller than: 2000",
    "assets-folder-race": (
        "FileExistsError: [Errno 17] File exists: "
        "'/root/.cache/vllm/assets/model_streamer/263be57c'"
    ),
    "config-missing": "Could not detect config format for no config file found. Ensure",
    "weights-not-found": (
        "RuntimeError: Cannot find any safetensors model weights with `gs://my-bucket/m`"
    ),
    "load-format": (
        "To load a model from S3, 'load_format' must be 'runai_streamer' or "
        "'runai_streamer_sharded', but got 'dummy'"
    ),
    "sharded-on-gs": (
        "ValueError: Could not find checkpoint files 'gs://b/m/model-rank-0', only pre-sharded "
        "checkpoints are currently supported!"
    ),
    "loader-key-unknown": "Unexpected extra config keys for runai_streamer: {'concurency'}",
    "kv-cache-too-small": (
        "ValueError: 2.63 GiB KV cache is needed, which is larger than the available KV cache "
        "memory (1.20 GiB). Try increasing `gpu_memory_utilization`"
    ),
    "cuda-driver-mismatch": (
        "Error 803: system has unsupported display driver / cuda driver combination"
    ),
    "driver-too-old": "The NVIDIA driver on your system is too old (found version 12090)",
    "probe-too-short": "KeyboardInterrupt: terminated",
    "broadcast-timeout": (
        "RuntimeError: [RunAI Streamer][Distributed] rank 1: broadcast timed out"
    ),
    "distributed-fallback": (
        "Warning: Not enough memory on the device for distributed streaming - fallback to non "
        "distributed streaming, free memory: 12"
    ),
    "gated-model": (
        "Access to model google/gemma-2-9b is restricted. You must have access to it and be "
        "authenticated to access it."
    ),
    "fd-limit": ("Increase process fd limit or decrease the concurrency level. Recommended value"),
    "shard-broken": "ValueError: File model-00001.safetensors is truncated or empty.",
    "merges-missing": "FileNotFoundError: [Errno 2] No such file or directory: '/x/merges.txt'",
    "shm-too-small": "NCCL WARN Error while creating shared memory segment /dev/shm/nccl-1",
    "success-line-lies": (
        "[RunAI Streamer] Overall time to stream 8 Bytes of all files to cpu: 0.0s, 2.3 KiB/s"
    ),
}
ENDED = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}


def pod(container=None, spec=None, conditions=(), **status):
    listed = [container] if container else []
    return {
        "metadata": {
            "name": "p",
            "creationTimestamp": "2026-11-23T10:00:00Z",
            "labels": {"pod-template-hash": "new"},
        },
        "spec": {"nodeName": "n", "nodeSelector": {ACCELERATOR: "nvidia-l4"}, **(spec or {})},
        "status": {"containerStatuses": listed, "conditions": list(conditions), **status},
    }


MOUNT = "volume-not-mounted"


def event(reason, message, at="2026-11-23T10:01:00Z"):
    return {"reason": reason, "message": message, "lastTimestamp": at}


def names(evidence):
    return [one.pitfall for one in diagnose(evidence)]


def test_every_line_that_is_looked_for_here_is_a_known_one():
    assert LOGS.keys() <= FATAL.keys() | BESIDE.keys()


@pytest.mark.parametrize("name", LOGS)
def test_a_real_line_of_an_ended_container_is_named_and_quoted(name):
    log = f"INFO starting\n{LOGS[name]}\nINFO done"
    found = diagnose(Evidence(pod=pod(ENDED), previous=log))
    assert found[0] == Diagnosis(name, LOGS[name], hopeless=name in FATAL)


def test_lines_of_later_releases_are_recognised_too():
    line = "ValueError: Could not receive response from libstreamer due to: b'File access error'"
    assert names(Evidence(log=line)) == ["file-access-error"]


def waiting(*events, message="", others=(), nodes=(), **more):
    said = {"type": "PodScheduled", "status": "False", "message": message}
    homeless = pod(spec={"nodeName": ""}, conditions=[said])
    return Evidence(pod=homeless, events=events, others=others, nodes=nodes, **more)


SHORT = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."
OTHERS = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
OVER_QUOTA = event(
    "FailedScaleUp",
    "Node scale up in zones us-central1-c associated with this pod failed: GCE quota exceeded. "
    "Pod is at risk of not being scheduled.",
)
IN_BACKOFF = event(
    "NotTriggerScaleUp",
    "pod didn't trigger scale-up: 1 in backoff after failed scale-up",
    "2026-11-23T10:02:00Z",
)
NOBODY = event(
    "NotTriggerScaleUp",
    "pod didn't trigger scale-up: 3 node(s) didn't match Pod's node affinity/selector",
)
STOCKOUT = event(
    "FailedScaleUp",
    "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: The zone 'z' does not have enough resources "
    "available to fulfill the request.",
)
TRIGGERED = event("TriggeredScaleUp", "pod triggered scale-up: [{g 0->1}]", "2026-11-23T10:03:00Z")
MAXIMUM = event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached")


def gpu_node(ready="2026-11-23T10:00:00Z", **allocatable):
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": ready}
    return {
        "metadata": {"name": "g", "labels": {ACCELERATOR: "nvidia-l4"}},
        "status": {"conditions": [condition], "allocatable": allocatable},
    }


OLD = {
    "metadata": {"labels": {"pod-template-hash": "old"}},
    "spec": {"nodeName": "g", "containers": [{"resources": {"limits": {GPU: "1"}}}]},
}


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (waiting(OVER_QUOTA), ["gpu-quota"]),
        (waiting(STOCKOUT), ["gpu-stockout"]),
        (waiting(IN_BACKOFF), ["scale-up-backoff"]),
        (waiting(IN_BACKOFF, OVER_QUOTA), ["gpu-quota", "scale-up-backoff"]),
        (waiting(IN_BACKOFF, STOCKOUT, TRIGGERED), ["gpu-stockout"]),
        (waiting(message=SHORT), ["gpu-insufficient"]),
        (waiting(OVER_QUOTA, message=SHORT), ["gpu-quota", "gpu-insufficient"]),
        (
            waiting(message=SHORT, nodes=[gpu_node(), {}]),
            ["driver-not-ready", "gpu-insufficient"],
        ),
        (waiting(message=SHORT, nodes=[gpu_node(**{GPU: "1"})]), ["gpu-insufficient"]),
        (
            waiting(message=SHORT, others=[OLD], nodes=[gpu_node(**{GPU: "1"})]),
            ["second-gpu-for-update", "gpu-insufficient"],
        ),
        (
            waiting(OVER_QUOTA, message=SHORT, others=[OLD]),
            ["second-gpu-for-update", "gpu-quota", "gpu-insufficient"],
        ),
        (waiting(NOBODY), ["gpu-not-offered"]),
        (waiting(NOBODY, TRIGGERED), []),
        (waiting(MAXIMUM, message=SHORT), ["pool-at-maximum", "gpu-insufficient"]),
    ],
)
def test_causes_of_a_pod_without_a_node_are_ordered_by_likelihood(evidence, expected):
    assert names(evidence) == expected


@pytest.mark.parametrize(("once", "name"), [(STOCKOUT, "gpu-stockout"), (OVER_QUOTA, "gpu-quota")])
def test_repeated_failures_are_permanent(once, name):
    def told(count, before=0, **more):
        often = {**once, "count": count}
        (found,) = diagnose(waiting(often, {**often, **more}, tries_before=before))
        return found.pitfall, found.hopeless

    assert [told(1), told(2), told(3)] == [(name, False), (name, False), (name, True)]
    assert told(4, before=2) == (name, False)
    assert told(5, before=2) == (name, True)
    assert told(2, message=f"{once['message']} In another zone.") == (name, False)
    assert diagnose(waiting({**IN_BACKOFF, "count": 9}))[0].hopeless is False


def of_gpu(gpu, *events, **more):
    said = {"type": "PodScheduled", "status": "False", "message": OTHERS}
    spec = {"nodeName": "", "nodeSelector": {ACCELERATOR: gpu}}
    return Evidence(pod=pod(spec=spec, conditions=[said]), events=events, **more)


def test_a_gpu_label_that_no_node_has_is_named_by_the_scheduler_alone():
    here = {"nodes": [{}, gpu_node(**{GPU: "1"})]}
    assert diagnose(of_gpu("nvidia-l40s", **here)) == [Diagnosis("gpu-not-offered", OTHERS)]
    assert names(of_gpu("nvidia-l4", **here)) == []
    assert names(of_gpu("nvidia-l40s", TRIGGERED, **here)) == []
    assert names(of_gpu("nvidia-l40s", autopilot=True, **here)) == []
    assert names(of_gpu("nvidia-l40s")) == []


@pytest.mark.parametrize(
    ("on_node", "autopilot", "named"),
    [("default", False, True), ("latest", False, False), ("default", True, False)],
)
def test_a_driver_that_no_node_has_is_named(on_node, autopilot, named):
    gpu = {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    driver = "cloud.google.com/gke-gpu-driver-version"
    message = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
    waiting = {"type": "PodScheduled", "status": "False", "message": message}
    evidence = Evidence(
        pod={
            "spec": {"nodeSelector": {**gpu, driver: "latest"}},
            "status": {"conditions": [waiting]},
        },
        nodes=[{"metadata": {"labels": {**gpu, driver: on_node}}}, {"metadata": {"labels": {}}}],
        autopilot=autopilot,
    )
    found = [one for one in diagnose(evidence) if one.pitfall == "driver-too-old"]
    assert [one.hopeless for one in found] == [True] * named


def test_a_disk_that_is_too_small_is_named_in_the_schedulers_words():
    """Kubernetes, pkg/scheduler/framework/plugins/noderesources/fit.go."""
    message = "0/1 nodes are available: 1 Insufficient ephemeral-storage."
    assert names(waiting(message=message)) == ["node-disk-too-small"]


def test_a_node_that_has_no_gpu_for_long_has_no_driver():
    late = datetime(2026, 11, 23, 10, 30, tzinfo=timezone.utc)
    (first, _) = diagnose(waiting(message=SHORT, nodes=[gpu_node()], now=late))
    assert (first.pitfall, first.hopeless) == ("driver-not-installed", True)


def test_a_pitfall_is_permanent_if_any_source_reports_it_as_permanent():
    missing = 'secret "x" not found'
    told = [event("Failed", f"Error: {missing}")]
    (found,) = diagnose(Evidence(pod=held("CreateContainerConfigError", missing), events=told))
    assert (found.pitfall, found.hopeless) == ("container-not-started", True)


@pytest.mark.parametrize(
    ("message", "name", "lasts"),
    [
        ('MountVolume.SetUp failed for volume "t" : configmap "t" not found', MOUNT, True),
        ('MountVolume.SetUp failed for volume "t" : rpc error: code = Internal', MOUNT, False),
        ('0/1 nodes are available: persistentvolumeclaim "c" not found.', "claim-unbound", True),
    ],
)
def test_a_missing_resource_is_permanent_if_nothing_creates_it(message, name, lasts):
    (found,) = diagnose(waiting(event("FailedMount", message)))
    assert (found.pitfall, found.hopeless) == (name, lasts)


def test_a_reason_of_the_autoscalers_own_comes_before_its_back_off():
    failed = "Node scale up in zones a associated with this pod failed: Internal error."
    refused = "pod didn't trigger scale-up: 1 in backoff after failed scale-up"
    seen = waiting(event("FailedScaleUp", failed), event("NotTriggerScaleUp", refused))
    assert names(seen) == ["scale-up-failed", "scale-up-backoff"]


def test_an_update_that_can_get_no_second_gpu_is_hopeless():
    assert diagnose(waiting(MAXIMUM, message=SHORT, others=[OLD]))[0].hopeless
    assert not diagnose(waiting(message=SHORT, others=[OLD]))[0].hopeless


def test_autopilot_is_given_time_to_make_a_pool():
    soon = datetime(2026, 11, 23, 10, 1, tzinfo=timezone.utc)
    late = datetime(2026, 11, 23, 10, 9, tzinfo=timezone.utc)
    assert not diagnose(waiting(NOBODY, autopilot=True, now=soon))[0].hopeless
    assert diagnose(waiting(NOBODY, autopilot=True, now=late))[0].hopeless
    assert diagnose(waiting(NOBODY, now=soon))[0].hopeless


def ended(code, reason="Error", message=""):
    end = {"exitCode": code, "reason": reason, "message": message}
    return pod({"restartCount": 1, "state": {}, "lastState": {"terminated": end}})


def held(reason, message=""):
    return pod({"restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}})


PROBED = event("Killing", "Container vllm-container failed startup probe, will be restarted")
PULLING = event("Pulling", 'Pulling image "vllm/vllm-openai:v0.32.0"')
NO_IMAGE = event("Failed", 'Failed to pull image "v": rpc error: code = NotFound: v: not found')
SLOW_IMAGE = event("Failed", 'Failed to pull image "v": dial tcp 1.2.3.4:443: i/o timeout')


@pytest.mark.parametrize(
    ("evidence", "expected", "hopeless"),
    [
        (Evidence(pod=ended(137, "OOMKilled")), ["host-oom"], True),
        (Evidence(pod=ended(137)), ["server-killed"], False),
        (Evidence(pod=ended(137), events=[PROBED]), ["probe-too-short", "server-killed"], True),
        (
            Evidence(pod=ended(1), events=[PROBED], previous=LOGS["probe-too-short"]),
            ["probe-too-short"],
            True,
        ),
        (
            Evidence(pod=ended(128, "StartError", 'exec: "python3": not found')),
            ["container-not-started"],
            True,
        ),
        (
            Evidence(pod=held("CreateContainerConfigError", 'secret "x" not found')),
            ["container-not-started"],
            True,
        ),
        (Evidence(pod=held("ImagePullBackOff"), events=[NO_IMAGE]), ["image-not-found"], True),
        (Evidence(pod=held("ErrImagePull"), events=[SLOW_IMAGE]), ["image-not-found"], False),
        (Evidence(pod=held("ContainerCreating"), events=[PULLING]), ["image-pull-slow"], False),
        (
            Evidence(pod=pod(reason="Evicted", message="local ephemeral storage")),
            ["ephemeral-storage"],
            True,
        ),
        (
            Evidence(pod=pod(), events=[event("NodeNotReady", "Node is not ready")]),
            ["node-gone"],
            0,
        ),
        (
            Evidence(pod=pod(reason="Terminated", message="imminent node shutdown.")),
            ["node-gone"],
            False,
        ),
        (
            Evidence(
                pod=pod(
                    {"restartCount": 1, "state": ENDED["lastState"]},
                    {
                        "containers": [
                            {"image": "lmsysorg/sglang:v0.5", "args": ["--model=GS://b/m"]}
                        ]
                    },
                ),
                log=LOGS["gcs-support-missing"],
            ),
            ["sglang-extra", "gcs-support-missing", "scheme-uppercase"],
            True,
        ),
        (
            Evidence(
                pod=ended(1), previous=f"{LOGS['success-line-lies']}\n{LOGS['file-access-error']}"
            ),
            ["file-access-error", "success-line-lies"],
            True,
        ),
        (
            Evidence(pod=ended(137, "OOMKilled"), previous=LOGS["file-access-error"]),
            ["host-oom", "file-access-error"],
            True,
        ),
    ],
)
def test_causes_of_an_ended_container_are_ordered_by_likelihood(evidence, expected, hopeless):
    found = diagnose(evidence)
    assert [one.pitfall for one in found] == expected
    assert found[0].hopeless == hopeless


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            'pods "p-" is forbidden: error looking up service account vllm/x: serviceaccount "x" '
            "not found",
            ["service-account-missing"],
        ),
        ('namespaces "vllm" not found', ["namespace-missing"]),
        ("exceeded quota: pods", []),
    ],
)
def test_a_deployment_without_pods_names_what_is_missing(message, expected):
    condition = {"type": "ReplicaFailure", "status": "True", "message": message}
    assert names(Evidence(conditions=[condition])) == expected


def test_an_end_before_the_first_look_does_not_count():
    assert names(Evidence(pod=ended(137, "OOMKilled"), instance_before=1)) == []
    assert names(Evidence(pod=ended(137, "OOMKilled"), instance_before=0)) == ["host-oom"]


def test_a_pod_that_is_well_has_no_pitfall():
    well = {"restartCount": 0, "ready": True, "state": {"running": {}}}
    told = [PULLING, event("Pulled", "Successfully pulled", "2026-11-23T10:05:00Z")]
    assert names(Evidence(pod=pod(well), events=told, log="INFO: ready")) == []


KEYS = (
    "metadata spec status containerStatuses state lastState terminated waiting running exitCode "
    "reason message conditions type nodeName nodeSelector labels lastTimestamp restartCount "
    "containers args image allocatable creationTimestamp"
)
WORDS = (
    "Evicted ephemeral OOMKilled Ready True PodScheduled FailedScaleUp NotTriggerScaleUp "
    "ErrImagePull Pulling ReplicaFailure NodeNotReady StartError"
)
SAID = st.sampled_from([*LOGS.values(), SHORT, OVER_QUOTA["message"], *WORDS.split()])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | SAID,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=5)
    ),
    max_leaves=20,
)
MAPS = st.dictionaries(st.sampled_from(KEYS.split()), ANYTHING, max_size=6)
LOG = st.lists(SAID | st.text(), max_size=4).map("\n".join)


@given(MAPS, st.lists(MAPS, max_size=3), st.lists(MAPS, max_size=3), LOG, LOG, st.integers(-1, 3))
def test_any_input_is_diagnosed_without_an_exception_and_quotes_only_evidence(
    told, events, nodes, log, previous, before
):
    now = datetime(2026, 11, 23, tzinfo=timezone.utc)
    evidence = Evidence(told, events, log, previous, events, nodes, events, False, before, now)
    said = [log, previous, *strings([told, events])]
    found = diagnose(evidence)
    assert len({one.pitfall for one in found}) == len(found)
    for one in found:
        assert one.pitfall in CATALOGUE
        quote = one.quote.removeprefix("exit code ")
        assert quote and any(quote in text for text in said), one


def strings(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [s for one in value for s in strings(one)] if isinstance(value, list) else [str(value)]


def test_a_wrong_load_format_is_recognised_in_messages_of_later_releases():
    log = (
        "To load a model from object storage (S3/GCS/Azure), 'load_format' must be 'modelexpress', "
        "'runai_streamer' or 'runai_streamer_sharded', but got 'dummy'"
    )
    found = diagnose(Evidence(pod={}, previous=log))
    assert [one.pitfall for one in found] == ["load-format"]
