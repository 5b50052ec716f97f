"""Pitfalls of the Pod: its image, its memory and disk, its probes, its arguments."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="image-not-found",
        symptom="The Pod waits with ErrImagePull, ImagePullBackOff or InvalidImageName.",
        cause="There is no such release of the image, its name is mistyped, or the node can't "
        "reach or may not read the registry.",
        remedy="Check «vllm_version»: is there such a release?",
        source="https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff",
    ),
    Pitfall(
        name="image-pull-slow",
        symptom="The Pod has its node, but minutes pass before the container starts; there is no "
        "log yet.",
        cause="The image is several GiB, and a new node has to fetch it first.",
        remedy="Wait. Image streaming or a secondary boot disk with the image makes later nodes "
        "faster.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/image-streaming",
    ),
    Pitfall(
        name="container-not-started",
        symptom="The container waits with CreateContainerConfigError, or ends with exit code 128, "
        "StartError.",
        cause="What the container needs before its first line is missing: a ConfigMap, a "
        "Secret, or the program that its command names.",
        remedy="Correct what the message names, then run notebook 06 again.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="node-gone",
        symptom="The Pod fails or vanishes, and its node is NotReady, shutting down or gone.",
        cause="The node was taken away: a Spot node that was reclaimed, maintenance, or scaling "
        "down.",
        remedy="Wait: the Deployment makes a new Pod. Leave «spot» out where that happens often.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/spot-vms",
    ),
    Pitfall(
        name="server-killed",
        symptom="The container ended with exit code 137, and the reason is not OOMKilled.",
        cause="Something ended the process from outside: a probe that failed, the node, or a "
        "person.",
        remedy="Read the Pod's events from that moment: they name who ended it.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    ),
    Pitfall(
        name="host-oom",
        symptom="The container ended with exit code 137 and the reason OOMKilled, often with no "
        "error in its log.",
        cause="It used more memory than its limit. The streamer alone may hold up to 40 GB for "
        "each process, and has no limit when it shares the work among processes.",
        remedy="Give the Pod more memory, or set «memory_limit» in --model-loader-extra-config.",
        source="https://github.com/run-ai/runai-model-streamer/issues/76",
    ),
    Pitfall(
        name="ephemeral-storage",
        symptom="The Pod is evicted, and the reason names ephemeral storage.",
        cause="It wrote more to its disk than it may; on Autopilot a container that asks for "
        "none gets 1 GiB.",
        remedy="Ask for more ephemeral-storage under resources, as the manifest of notebook 06 "
        "does.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-resource-requests",
    ),
    Pitfall(
        name="probe-too-short",
        symptom="«failed startup probe, will be restarted», and the log ends with "
        "«KeyboardInterrupt: terminated».",
        cause="The startup probe gives the server less time than loading, compiling and warming "
        "up take.",
        remedy="Raise the failureThreshold of the startup probe; notebook 06 works it out from "
        "the model.",
        source="https://github.com/vllm-project/aibrix/issues/1054",
    ),
    Pitfall(
        name="shm-too-small",
        symptom="Several GPUs: the server hangs, or reports an error of shared memory.",
        cause="The processes of several GPUs meet in /dev/shm, and a container has only 64 MiB "
        "there.",
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
        symptom="Kubernetes refuses the manifest: an argument is an object and not a string.",
        cause="With a space after the colon, YAML reads the argument's JSON as a map.",
        remedy="Put the whole argument in quotes.",
        source="https://yaml.org/spec/1.2.2/#block-mappings",
    ),
    Pitfall(
        name="assets-folder-race",
        symptom="«FileExistsError» for a folder in …/vllm/assets/model_streamer.",
        cause="Several servers share one cache folder, and vLLM up to 0.14.0 deletes and makes "
        "it at each start.",
        remedy="Run one server in a Pod, give each its own VLLM_ASSETS_CACHE, or take vLLM "
        "0.16.0 or later.",
        source="https://github.com/ray-project/ray/issues/60681",
    ),
)
