"""Pitfalls of a Pod's place: taints, pools, quotas, volumes, and what ends it there."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="toleration-missing",
        symptom="«node(s) had untolerated taint …».",
        cause="The nodes that would fit keep other Pods away by a taint that the Pod does not "
        "tolerate.",
        remedy="Add a toleration for the key in the message; for nvidia.com/gpu GKE does so where "
        "the Pod itself asks for a GPU.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/",
    ),
    Pitfall(
        name="selector-unmatched",
        symptom="«didn't match Pod's node affinity/selector».",
        cause="No node has the labels that the Pod asks for, mostly those of the GPU's kind, of a "
        "compute class or of a zone, and none is being made.",
        remedy="Compare the Pod's nodeSelector and affinity with `kubectl get nodes "
        "--show-labels`, and look what NotTriggerScaleUp says.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
    ),
    Pitfall(
        name="pool-at-maximum",
        symptom="«pod didn't trigger scale-up: … max node group size reached».",
        cause="The node pool that would fit has as many nodes as it may have.",
        remedy="Raise its maximum: `gcloud container node-pools update POOL --cluster=NAME "
        "--max-nodes=N`, or end what holds its GPUs.",
        source="https://github.com/kubernetes/autoscaler/issues/5692",
    ),
    Pitfall(
        name="flex-start-queued",
        symptom="«Provisioning Request accepted: waiting for resources».",
        cause="The GPU is asked for by flex-start, and the request stands in Google's queue until "
        "a machine is free.",
        remedy="Wait: it may take hours. Another zone or GPU, Spot, or a reservation may be "
        "sooner.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/dws",
    ),
    Pitfall(
        name="scale-up-failed",
        symptom="«Node scale up in zones … failed: Internal error».",
        cause="Compute Engine refused the node for a reason that the event does not tell: often a "
        "reservation that is used up, in another zone, or of another machine type than the "
        "pool's.",
        remedy="Read the reason in the instance group's errors: `gcloud compute instance-groups "
        "managed list-errors GROUP --zone=ZONE`; compare the reservation with the pool.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/consuming-reservations",
    ),
    Pitfall(
        name="ip-space-exhausted",
        symptom="«IP_SPACE_EXHAUSTED», or «no IP addresses available».",
        cause="The subnet has no addresses left for another node or its Pods.",
        remedy="Add a range to the subnet or the cluster, or end nodes that are not needed.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/alias-ips",
    ),
    Pitfall(
        name="node-too-small",
        symptom="«Insufficient cpu» or «Insufficient memory».",
        cause="The Pod asks for more CPU or memory than a node with this GPU has free.",
        remedy="Ask for less, or choose a machine type with more beside the GPU.",
        source="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ),
    Pitfall(
        name="nodes-cordoned",
        symptom="«node(s) were unschedulable».",
        cause="The nodes that would fit take no new Pods: they are cordoned, for an upgrade or by "
        "a person.",
        remedy="Wait for the upgrade, or `kubectl uncordon NODE`.",
        source="https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration",
    ),
    Pitfall(
        name="affinity-conflict",
        symptom="«didn't match pod anti-affinity rules», or topology spread constraints.",
        cause="The Pod is to keep apart from others, and no node is left that does.",
        remedy="Loosen its anti-affinity or spread constraints, or add nodes.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
    ),
    Pitfall(
        name="volume-other-zone",
        symptom="«node(s) had volume node affinity conflict».",
        cause="The Pod's disk is in another zone than the nodes that would fit.",
        remedy="Make the disk anew in the nodes' zone, or let the pool reach the disk's. "
        "Streaming from the bucket needs no disk.",
        source="https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode",
    ),
    Pitfall(
        name="claim-unbound",
        symptom="«unbound immediate PersistentVolumeClaims», or «persistentvolumeclaim … not "
        "found».",
        cause="The Pod waits for a volume that nobody has made.",
        remedy="Look at the claim: `kubectl describe pvc`; its name, its class and its size must "
        "be what the cluster can give.",
        source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
    ),
    Pitfall(
        name="claim-not-allocated",
        symptom="«cannot allocate all claims».",
        cause="The Pod asks for its GPU by a ResourceClaim, and no node has such a device free: "
        "all are in use, the driver for dynamic resource allocation does not run there, or the "
        "claim's selector fits none.",
        remedy="Compare what is asked for with what there is: `kubectl get "
        "resourceclaims,deviceclasses` and `kubectl get resourceslices -o yaml`; end what holds "
        "the device, or add a node that has one.",
        source="https://github.com/kubernetes/kubernetes (dynamicresources.go)",
    ),
    Pitfall(
        name="volume-in-use",
        symptom="«Multi-Attach error for volume …».",
        cause="The disk is attached to another node, and can be to one only.",
        remedy="End the Pod that has it, or mount it ReadOnlyMany.",
        source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes",
    ),
    Pitfall(
        name="volume-not-mounted",
        symptom="«MountVolume.SetUp failed for volume …».",
        cause="A volume of the Pod can't be mounted: the ConfigMap or Secret that it names is not "
        "there, or the storage behind it refuses.",
        remedy="Make what the message names, in the Pod's namespace; the Pod then starts by "
        "itself.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="node-memory-low",
        symptom="«The node was low on resource: memory».",
        cause="The Pods on the node used more memory than it has, and this one used more than it "
        "had asked for.",
        remedy="Ask for the memory that the server uses (requests as high as limits); notebook 06 "
        "works it out.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/",
    ),
    Pitfall(
        name="liveness-too-strict",
        symptom="«failed liveness probe, will be restarted».",
        cause="The liveness probe ends the server while it still loads, or while it is busy.",
        remedy="Add a startup probe that gives it the time to load, or leave the liveness probe "
        "out, as the guide does.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
    ),
    Pitfall(
        name="image-too-big",
        symptom="«Failed to pull image …: no space left on device».",
        cause="The node's disk is too small for the image and what is on it already.",
        remedy="Make the node pool anew with a larger disk: add --disk-size to the command of "
        "notebook 04.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes",
    ),
    Pitfall(
        name="resource-quota",
        symptom="«is forbidden: exceeded quota: …».",
        cause="The namespace has a ResourceQuota, and the Pod would go beyond it.",
        remedy="Ask for less, end what uses the quota (`kubectl describe quota`), or have it "
        "raised.",
        source="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    ),
    Pitfall(
        name="admission-refused",
        symptom="«admission webhook … denied the request», or «violates PodSecurity».",
        cause="A rule of the cluster forbids Pods like this one; on Autopilot, GKE's own does.",
        remedy="Change what the message names, or use another namespace or a Standard cluster.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security",
    ),
    Pitfall(
        name="sandbox-failed",
        symptom="«Failed to create pod sandbox».",
        cause="The node can't set the Pod up: its network, its runtime, or a runtime class that "
        "it does not have.",
        remedy="Wait a minute; if it stays so, delete the Pod, and the node if others fail there "
        "too.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
    ),
    Pitfall(
        name="pod-preempted",
        symptom="«Preempted by …».",
        cause="A Pod of higher priority took its place.",
        remedy="Give the server a PriorityClass, or more nodes to the pool.",
        source="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
    ),
    Pitfall(
        name="device-not-allocated",
        symptom="«UnexpectedAdmissionError: Allocate failed due to requested number of devices "
        "unavailable».",
        cause="The node offered a GPU that it could not hand out, mostly after it was restarted.",
        remedy="Delete the Pod: the Deployment makes another. If it comes again, delete the node.",
        source="https://github.com/kubernetes/kubernetes/issues/115190",
    ),
    Pitfall(
        name="init-container-failed",
        symptom="The Pod shows Init:Error or Init:CrashLoopBackOff.",
        cause="A container that has to run before the server ended with an error.",
        remedy="Read its log: `kubectl logs POD -c CONTAINER`.",
        source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-init-containers/",
    ),
    Pitfall(
        name="sidecar-failed",
        symptom="Another container of the Pod than the server ends again and again.",
        cause="The Pod counts as ready only when each of its containers is.",
        remedy="Read that container's log: `kubectl logs POD -c CONTAINER --previous`.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
    ),
)
