"""Pitfalls of the Pod: its image, its memory and disk, its probes, its arguments."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="image-not-found",
        symptom="The Pod waits with ErrImagePull, ImagePullBackOff or InvalidImageName.",
        cause="The image tag does not exist, the name is mistyped, or the node can't access the "
        "registry.",
        remedy="Check «vllm_version»: is there such a release?",
        source="https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff",
    ),
    Pitfall(
        name="image-pull-slow",
        symptom="The Pod is scheduled, but minutes pass before the container starts; there is "
        "no log yet.",
        cause="The image is several GiB, and a new node must pull it first.",
        remedy="Wait. Image streaming, or a secondary boot disk with the image, speeds up later "
        "nodes.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/image-streaming",
    ),
    Pitfall(
        name="container-not-started",
        symptom="The container waits with CreateContainerConfigError, or exits with code 128, "
        "StartError.",
        cause="A ConfigMap, a Secret, or the program in the container's command is missing.",
        remedy="Correct the object that the message names, then run notebook 06 again.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="node-gone",
        symptom="The Pod fails or disappears, and its node is NotReady, shutting down or gone.",
        cause="The node was removed: a Spot VM was reclaimed, maintenance, or a scale-down.",
        remedy="Wait: the Deployment creates a new Pod. If this happens often, set «spot» to "
        "false.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms",
    ),
    Pitfall(
        name="server-killed",
        symptom="The container ended with exit code 137, and the reason is not OOMKilled.",
        cause="The process was killed from outside: by a failed probe, the node, or a person.",
        remedy="Read the Pod's events at that time: they name what killed it.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    ),
    Pitfall(
        name="host-oom",
        symptom="The container ended with exit code 137 and the reason OOMKilled, often with no "
        "error in its log.",
        cause="The container exceeded its memory limit. The streamer alone can use up to 40 GB "
        "per process, and has no limit with distributed streaming.",
        remedy="Request more memory for the Pod, or set «memory_limit» in "
        "--model-loader-extra-config.",
        source="https://github.com/run-ai/runai-model-streamer/issues/76",
    ),
    Pitfall(
        name="ephemeral-storage",
        symptom="The Pod is evicted, and the reason names ephemeral storage.",
        cause="The Pod exceeded its ephemeral storage; on Autopilot, a container without a "
        "request gets 1 GiB.",
        remedy="Request more ephemeral-storage under resources, as the manifest of notebook 06 "
        "does.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests",
    ),
    Pitfall(
        name="probe-too-short",
        symptom="«failed startup probe, will be restarted», and the log ends with "
        "«KeyboardInterrupt: terminated».",
        cause="The startup probe allows less time than loading, compiling and warming up take.",
        remedy="Raise the failureThreshold of the startup probe; notebook 06 computes it from "
        "the model.",
        source="https://github.com/vllm-project/aibrix/issues/1054",
    ),
    Pitfall(
        name="shm-too-small",
        symptom="With several GPUs, the server hangs or reports a shared memory error.",
        cause="The processes of several GPUs communicate through /dev/shm, which has only 64 "
        "MiB in a container.",
        remedy="Mount an emptyDir with medium Memory at /dev/shm, as the guide does.",
        source="vLLM's released source, 0.11.1: docs/deployment/k8s.md",
    ),
    Pitfall(
        name="fd-limit",
        symptom="«Increase process fd limit or decrease the concurrency level».",
        cause="The streamer needs more open files than the process may have.",
        remedy="Lower «concurrency», or raise the limit of open files.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="argument-is-a-map",
        symptom="Kubernetes rejects the manifest: an argument is an object and not a string.",
        cause="With a space after the colon, YAML parses the argument's JSON as a map.",
        remedy="Quote the whole argument.",
        source="https://yaml.org/spec/1.2.2/#block-mappings",
    ),
    Pitfall(
        name="assets-folder-race",
        symptom="«FileExistsError» for a folder in …/vllm/assets/model_streamer.",
        cause="Several servers share one cache folder, which vLLM up to 0.14.0 deletes and "
        "recreates at each start.",
        remedy="Run one server per Pod, set a separate VLLM_ASSETS_CACHE for each, or use vLLM "
        "0.16.0 or later.",
        source="https://github.com/ray-project/ray/issues/60681",
    ),
)
