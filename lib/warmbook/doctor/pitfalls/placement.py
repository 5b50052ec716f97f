"""Pitfalls of a Pod's place: taints, pools, quotas, volumes, and what ends it there."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="toleration-missing",
        symptom="«node(s) had untolerated taint …».",
        cause="The matching nodes have a taint that the Pod does not tolerate.",
        remedy="Add a toleration for the key in the message; GKE adds it for nvidia.com/gpu if "
        "the Pod itself requests a GPU.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
    ),
    Pitfall(
        name="selector-unmatched",
        symptom="«didn't match Pod's node affinity/selector».",
        cause="No node has the labels that the Pod selects, usually for GPU type, compute class "
        "or zone, and none is being provisioned.",
        remedy="Compare the Pod's nodeSelector and affinity with `kubectl get nodes "
        "--show-labels`, and read the event NotTriggerScaleUp.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
    ),
    Pitfall(
        name="pool-at-maximum",
        symptom="«pod didn't trigger scale-up: … max node group size reached».",
        cause="The matching node pool has reached its maximum size.",
        remedy="Raise its maximum: `gcloud container node-pools update POOL --cluster=NAME "
        "--max-nodes=N`, or stop the Pods that use its GPUs.",
        source="https://github.com/kubernetes/autoscaler/issues/5692",
    ),
    Pitfall(
        name="flex-start-queued",
        symptom="«Provisioning Request accepted: waiting for resources».",
        cause="The GPU is requested with flex-start, and the request waits in Google's queue "
        "until a machine is free.",
        remedy="Wait: it can take hours. Another zone or GPU, Spot, or a reservation may be "
        "faster.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/dws",
    ),
    Pitfall(
        name="scale-up-failed",
        symptom="«Node scale up in zones … failed: Internal error».",
        cause="Compute Engine rejected the node for a reason that the event does not contain: "
        "often a reservation that is exhausted, in another zone, or for another machine "
        "type.",
        remedy="Read the reason in the instance group's errors: `gcloud compute instance-groups "
        "managed list-errors GROUP --zone=ZONE`; compare the reservation with the pool.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/consuming-reservations",
    ),
    Pitfall(
        name="ip-space-exhausted",
        symptom="«IP_SPACE_EXHAUSTED», or «no IP addresses available».",
        cause="The subnet has no free IP addresses for another node or its Pods.",
        remedy="Add a range to the subnet or the cluster, or delete nodes that are not needed.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips",
    ),
    Pitfall(
        name="node-too-small",
        symptom="«Insufficient cpu» or «Insufficient memory».",
        cause="The Pod requests more CPU or memory than a node with this GPU has available.",
        remedy="Request less, or choose a machine type with more CPU and memory for this GPU.",
        source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ),
    Pitfall(
        name="nodes-cordoned",
        symptom="«node(s) were unschedulable».",
        cause="The matching nodes accept no new Pods: they are cordoned, by an upgrade or by a "
        "person.",
        remedy="Wait for the upgrade, or `kubectl uncordon NODE`.",
        source="https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration",
    ),
    Pitfall(
        name="affinity-conflict",
        symptom="«didn't match pod anti-affinity rules», or topology spread constraints.",
        cause="The Pod's anti-affinity or spread constraints exclude every node.",
        remedy="Relax its anti-affinity or spread constraints, or add nodes.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
    ),
    Pitfall(
        name="volume-other-zone",
        symptom="«node(s) had volume node affinity conflict».",
        cause="The Pod's disk is in another zone than the matching nodes.",
        remedy="Recreate the disk in the nodes' zone, or add the disk's zone to the node pool. "
        "Streaming from the bucket needs no disk.",
        source="https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode",
    ),
    Pitfall(
        name="claim-unbound",
        symptom="«unbound immediate PersistentVolumeClaims», or «persistentvolumeclaim … not "
        "found».",
        cause="The Pod waits for a volume that does not exist.",
        remedy="Check the claim with `kubectl describe pvc`: the cluster must be able to "
        "provide its name, class and size.",
        source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
    ),
    Pitfall(
        name="claim-not-allocated",
        symptom="«cannot allocate all claims».",
        cause="The Pod requests its GPU through a ResourceClaim, and no node has a free device "
        "for it: all are in use, the driver for dynamic resource allocation does not run there, "
        "or the claim's selector matches none.",
        remedy="Compare the claims with the devices: `kubectl get resourceclaims,deviceclasses` "
        "and `kubectl get resourceslices -o yaml`. Delete the Pod that uses the device, or add a "
        "node that has one.",
        source="https://github.com/kubernetes/kubernetes (dynamicresources.go)",
    ),
    Pitfall(
        name="volume-in-use",
        symptom="«Multi-Attach error for volume …».",
        cause="The disk is attached to another node, and can be attached to only one.",
        remedy="Delete the Pod that uses it, or mount it as ReadOnlyMany.",
        source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes",
    ),
    Pitfall(
        name="volume-not-mounted",
        symptom="«MountVolume.SetUp failed for volume …».",
        cause="A volume of the Pod can't be mounted: its ConfigMap or Secret does not exist, or "
        "the storage denies access.",
        remedy="Create the object that the message names in the Pod's namespace; the Pod then "
        "starts automatically.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="node-memory-low",
        symptom="«The node was low on resource: memory».",
        cause="The Pods on the node used more memory than it has, and this one exceeded its "
        "request.",
        remedy="Request the memory that the server uses (requests equal to limits); notebook 06 "
        "computes it.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    ),
    Pitfall(
        name="liveness-too-strict",
        symptom="«failed liveness probe, will be restarted».",
        cause="The liveness probe restarts the server while it is loading or busy.",
        remedy="Add a startup probe that allows enough time to load, or remove the liveness "
        "probe, as in the guide.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
    ),
    Pitfall(
        name="image-too-big",
        symptom="«Failed to pull image …: no space left on device».",
        cause="The node's disk is too small for the image and its current contents.",
        remedy="Recreate the node pool with a larger disk: add --disk-size to the command of "
        "notebook 04.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes",
    ),
    Pitfall(
        name="resource-quota",
        symptom="«is forbidden: exceeded quota: …».",
        cause="The namespace has a ResourceQuota, which the Pod would exceed.",
        remedy="Request less, stop what uses the quota (`kubectl describe quota`), or ask an "
        "administrator to raise it.",
        source="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    ),
    Pitfall(
        name="admission-refused",
        symptom="«admission webhook … denied the request», or «violates PodSecurity».",
        cause="A policy of the cluster rejects this Pod; on Autopilot, GKE's own policy does.",
        remedy="Change what the message names, or use another namespace or a Standard cluster.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security",
    ),
    Pitfall(
        name="sandbox-failed",
        symptom="«Failed to create pod sandbox».",
        cause="The node can't create the Pod's sandbox: its network, its runtime, or a missing "
        "runtime class.",
        remedy="Wait a minute. If the error persists, delete the Pod, and the node if other "
        "Pods fail there too.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="pod-preempted",
        symptom="«Preempted by …».",
        cause="A Pod with higher priority preempted it.",
        remedy="Assign a PriorityClass to the server, or add nodes.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
    ),
    Pitfall(
        name="device-not-allocated",
        symptom="«UnexpectedAdmissionError: Allocate failed due to requested number of devices "
        "unavailable».",
        cause="The node offered a GPU that it could not allocate, usually after a restart.",
        remedy="Delete the Pod: the Deployment creates another. If the error occurs again, "
        "delete the node.",
        source="https://github.com/kubernetes/kubernetes/issues/115190",
    ),
    Pitfall(
        name="init-container-failed",
        symptom="The Pod shows Init:Error or Init:CrashLoopBackOff.",
        cause="An init container failed.",
        remedy="Read its log: `kubectl logs POD -c CONTAINER`.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-init-containers/",
    ),
    Pitfall(
        name="sidecar-failed",
        symptom="Another container of the Pod, not the server, exits repeatedly.",
        cause="The Pod is ready only when each of its containers is.",
        remedy="Read that container's log: `kubectl logs POD -c CONTAINER --previous`.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
    ),
)
