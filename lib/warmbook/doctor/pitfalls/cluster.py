"""Pitfalls of the cluster: identity, names, and above all a node with a GPU that works."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="cluster-missing",
        symptom="404: there is no such cluster in this location.",
        cause="It was never made, or has been deleted, or it is in another region or zone.",
        remedy="Correct «cluster_name» and «location», or run notebook 04: it makes the cluster.",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting",
    ),
    Pitfall(
        name="cluster-foreign",
        symptom="There is a cluster of that name, but the workbook did not make it.",
        cause="Somebody else's work may run in it, and the workbook neither changes nor deletes "
        "it.",
        remedy="Choose another «cluster_name».",
        source="lib/warmbook/steps of this repository",
    ),
    Pitfall(
        name="wif-off",
        symptom="The Pod gets 403 from the bucket, and the cluster has no workload identity pool.",
        cause="Workload Identity Federation for GKE is off for the cluster, so the Pod's "
        "service account is unknown to the bucket.",
        remedy="Turn it on: `gcloud container clusters update NAME "
        "--workload-pool=PROJECT_ID.svc.id.goog`, then the node pools as well.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="metadata-server-off",
        symptom="The Pod reads the bucket as the node's Compute Engine account, or gets 403 with "
        "the right roles.",
        cause="The node pool does not run the GKE metadata server: it is older than the "
        "cluster's Workload Identity Federation, or was made without it.",
        remedy="`gcloud container node-pools update POOL --cluster=NAME "
        "--workload-metadata=GKE_METADATA`; the nodes are made anew.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="namespace-missing",
        symptom="«namespaces … not found».",
        cause="The namespace was not made in this cluster, or your settings name another.",
        remedy="Run notebook 05: it makes the namespace.",
        source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    ),
    Pitfall(
        name="service-account-missing",
        symptom="The Deployment makes no Pod: «error looking up service account».",
        cause="The service account that the Pod names is not in its namespace.",
        remedy="Run notebook 05: it makes the service account.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    ),
    Pitfall(
        name="gpu-not-offered",
        symptom="The zone or region has no such GPU, or no node matches the Pod's selector for it.",
        cause="GPUs are offered in some zones only, and each goes with certain machine types.",
        remedy="Choose another zone or GPU; `gcloud compute accelerator-types list` shows what "
        "each zone has.",
        source="https://cloud.google.com/compute/docs/gpus/gpu-regions-zones",
    ),
    Pitfall(
        name="gpu-quota",
        symptom="No node: «GCE quota exceeded», or a quota error that names GPUs.",
        cause="The project's quota for this GPU, in the region or in all regions, is used up or "
        "zero.",
        remedy="Ask for more under IAM & Admin, Quotas; or choose another GPU or region.",
        source="https://cloud.google.com/compute/resource-usage#gpu_quota",
    ),
    Pitfall(
        name="scale-up-backoff",
        symptom="«pod didn't trigger scale-up: … in backoff after failed scale-up».",
        cause="Making a node failed a while ago, and the cluster waits before it tries again.",
        remedy="Wait: it tries again by itself. If it stays so, look for the first failure in "
        "the events.",
        source="https://github.com/2i2c-org/infrastructure/issues/2185",
    ),
    Pitfall(
        name="gpu-stockout",
        symptom="No node: «ZONE_RESOURCE_POOL_EXHAUSTED», or the zone does not have enough "
        "resources available.",
        cause="The zone has no free machine with this GPU at the moment; it is no matter of quota.",
        remedy="Wait, or choose another zone, a Spot node or another GPU.",
        source="https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability",
    ),
    Pitfall(
        name="gpu-insufficient",
        symptom="«Insufficient nvidia.com/gpu»: no node has a free GPU for the Pod.",
        cause="The node pool is at its maximum or at zero, other Pods hold the GPUs, or one "
        "node has fewer than the Pod asks for.",
        remedy="Let the pool grow, end what holds the GPUs, or lower «gpu_count».",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Pitfall(
        name="driver-not-ready",
        symptom="The node is there and ready, but has no nvidia.com/gpu to give out yet.",
        cause="Its driver is still being installed; it can take up to 15 minutes after the node "
        "is ready.",
        remedy="Wait. If it stays so, look at the pool's driver installation: see "
        "driver-not-installed.",
        source="https://github.com/kubernetes/autoscaler/issues/3448",
    ),
    Pitfall(
        name="second-gpu-for-update",
        symptom="After a change the new Pod stays Pending while the old one goes on answering.",
        cause="A rolling update starts the new Pod first, and the old one holds the only GPU.",
        remedy="Write strategy: Recreate in the Deployment, or delete the old Pod.",
        source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy",
    ),
    Pitfall(
        name="driver-not-installed",
        symptom="The node never has nvidia.com/gpu, and nothing is being installed.",
        cause="The node pool was made without saying which GPU driver to install.",
        remedy="Run notebook 04: its pool asks for a driver. Or install the driver by hand.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus#installing_drivers",
    ),
    Pitfall(
        name="cuda-driver-mismatch",
        symptom="«Error 803: system has unsupported display driver / cuda driver combination».",
        cause="The image finds CUDA's own compatibility libraries before the node's driver.",
        remedy="Set LD_LIBRARY_PATH in the container so that /usr/local/nvidia/lib64 comes first.",
        source="https://github.com/vllm-project/vllm/issues/21979",
    ),
    Pitfall(
        name="driver-too-old",
        symptom="«The NVIDIA driver on your system is too old (found version 12020)», or no node "
        "has the driver that the Pod selects.",
        cause="The image is built for a later CUDA than the node's driver knows: CUDA 13 needs "
        "driver 580 or later, and GKE's default is 535.",
        remedy="Choose auto or latest for «gpu_driver», then run notebook 06 again. A Standard "
        "pool with another driver is changed by `gcloud container node-pools update POOL "
        "--accelerator=…,gpu-driver-version=latest`. Or choose an older «vllm_version».",
        source="https://github.com/rapidsai/deployment/issues/656",
    ),
    Pitfall(
        name="fuse-off",
        symptom="«driver name gcsfuse.csi.storage.gke.io not found in the list of registered CSI "
        "drivers», or notebook 09 leaves the mounted bucket out.",
        cause="The add-on Cloud Storage FUSE CSI driver is off by default in Standard clusters.",
        remedy="`gcloud container clusters update NAME --update-addons=GcsFuseCsiDriver=ENABLED`.",
        source="https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver "
        "(docs/troubleshooting.md)",
    ),
    Pitfall(
        name="node-disk-too-small",
        symptom="«Insufficient ephemeral-storage», or notebook 09 says that no node's disk can "
        "hold a copy of the weights.",
        cause="A Standard node has 100 GB of disk unless told otherwise, and gives 47 GB of it to "
        "Pods.",
        remedy="Make the node pool anew with a larger disk: add --disk-size to the command of "
        "notebook 04.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes",
    ),
    Pitfall(
        name="watch-expired",
        symptom="The cluster answers 410 Gone to somebody who follows changes.",
        cause="The changes asked for are older than those that the cluster still keeps.",
        remedy="Run this again: it looks at everything anew.",
        source="https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses",
    ),
)
