"""Pitfalls of the cluster: identity, names, and above all a node with a GPU that works."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="cluster-missing",
        symptom="404: there is no such cluster in this location.",
        cause="It was never created, was deleted, or is in another region or zone.",
        remedy="Correct «cluster_name» and «location», or run notebook 04, which creates the "
        "cluster.",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting",
    ),
    Pitfall(
        name="cluster-foreign",
        symptom="A cluster with this name exists, but the workbook did not create it.",
        cause="Other workloads may run in it, so the workbook neither changes nor deletes it.",
        remedy="Choose another «cluster_name».",
        source="lib/warmbook/steps of this repository",
    ),
    Pitfall(
        name="wif-off",
        symptom="The Pod gets 403 from the bucket, and the cluster has no workload identity pool.",
        cause="Workload Identity Federation for GKE is disabled on the cluster, so IAM does not "
        "know the Pod's service account.",
        remedy="Enable it: `gcloud container clusters update NAME "
        "--workload-pool=PROJECT_ID.svc.id.goog`, then on the node pools.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="metadata-server-off",
        symptom="The Pod reads the bucket as the node's Compute Engine account, or gets 403 with "
        "the right roles.",
        cause="The node pool does not run the GKE metadata server: it is older than the "
        "cluster's Workload Identity Federation, or was created without it.",
        remedy="`gcloud container node-pools update POOL --cluster=NAME "
        "--workload-metadata=GKE_METADATA`; the nodes are recreated.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="namespace-missing",
        symptom="«namespaces … not found».",
        cause="The namespace was not created in this cluster, or your settings name another.",
        remedy="Run notebook 05, which creates the namespace.",
        source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    ),
    Pitfall(
        name="service-account-missing",
        symptom="The Deployment creates no Pod: «error looking up service account».",
        cause="The Pod's service account does not exist in its namespace.",
        remedy="Run notebook 05, which creates the service account.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    ),
    Pitfall(
        name="gpu-not-offered",
        symptom="The zone or region does not offer this GPU, or no node matches the Pod's GPU "
        "selector.",
        cause="GPUs are offered in some zones only, and each goes with certain machine types.",
        remedy="Choose another zone or GPU; `gcloud compute accelerator-types list` shows what "
        "each zone has.",
        source="https://cloud.google.com/compute/docs/gpus/gpu-regions-zones",
    ),
    Pitfall(
        name="gpu-quota",
        symptom="No node: «GCE quota exceeded», or a quota error that names GPUs.",
        cause="The project's quota for this GPU, in the region or in all regions, is exhausted "
        "or zero.",
        remedy="Request an increase under IAM & Admin, Quotas; or choose another GPU or region.",
        source="https://cloud.google.com/compute/resource-usage#gpu_quota",
    ),
    Pitfall(
        name="scale-up-backoff",
        symptom="«pod didn't trigger scale-up: … in backoff after failed scale-up».",
        cause="A scale-up failed earlier, and the autoscaler waits before it retries.",
        remedy="Wait: it retries automatically. If the state persists, look for the first "
        "failure in the events.",
        source="https://github.com/2i2c-org/infrastructure/issues/2185",
    ),
    Pitfall(
        name="gpu-stockout",
        symptom="No node: «ZONE_RESOURCE_POOL_EXHAUSTED», or the zone does not have enough "
        "resources available.",
        cause="The zone has no free machine with this GPU at the moment (a stockout); quota is "
        "not the reason.",
        remedy="Wait, or choose another zone, a Spot node or another GPU.",
        source="https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability",
    ),
    Pitfall(
        name="gpu-insufficient",
        symptom="«Insufficient nvidia.com/gpu»: no node has a free GPU for the Pod.",
        cause="The node pool is at its maximum or at zero, other Pods use the GPUs, or one node "
        "has fewer than the Pod requests.",
        remedy="Raise the node pool's maximum, stop the Pods that use the GPUs, or lower "
        "«gpu_count».",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus",
    ),
    Pitfall(
        name="driver-not-ready",
        symptom="The node is ready, but has no allocatable nvidia.com/gpu yet.",
        cause="Its driver is still being installed; it can take up to 15 minutes after the node "
        "is ready.",
        remedy="Wait. If the state persists, check the node pool's driver installation: see "
        "driver-not-installed.",
        source="https://github.com/kubernetes/autoscaler/issues/3448",
    ),
    Pitfall(
        name="second-gpu-for-update",
        symptom="After a change, the new Pod stays Pending while the old one keeps serving.",
        cause="A rolling update starts the new Pod first, and the old one uses the only GPU.",
        remedy="Set strategy: Recreate in the Deployment, or delete the old Pod.",
        source="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy",
    ),
    Pitfall(
        name="driver-not-installed",
        symptom="The node never has nvidia.com/gpu, and nothing is being installed.",
        cause="The node pool was created without a GPU driver installation.",
        remedy="Run notebook 04, whose node pool installs a driver, or install the driver "
        "manually.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/gpus#installing_drivers",
    ),
    Pitfall(
        name="cuda-driver-mismatch",
        symptom="«Error 803: system has unsupported display driver / cuda driver combination».",
        cause="The image's CUDA compatibility libraries are found before the node's driver.",
        remedy="Set LD_LIBRARY_PATH in the container so that /usr/local/nvidia/lib64 comes first.",
        source="https://github.com/vllm-project/vllm/issues/21979",
    ),
    Pitfall(
        name="driver-too-old",
        symptom="«The NVIDIA driver on your system is too old (found version 12020)», or no node "
        "has the driver that the Pod selects.",
        cause="The image needs a later CUDA than the node's driver supports: CUDA 13 needs "
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
        cause="The Cloud Storage FUSE CSI driver is disabled by default in Standard clusters.",
        remedy="`gcloud container clusters update NAME --update-addons=GcsFuseCsiDriver=ENABLED`.",
        source="https://github.com/GoogleCloudPlatform/gcs-fuse-csi-driver "
        "(docs/troubleshooting.md)",
    ),
    Pitfall(
        name="node-disk-too-small",
        symptom="«Insufficient ephemeral-storage», or notebook 09 says that no node's disk can "
        "hold a copy of the weights.",
        cause="A Standard node has a 100 GB disk by default, of which Pods can use 47 GB.",
        remedy="Recreate the node pool with a larger disk: add --disk-size to the command of "
        "notebook 04.",
        source="https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes",
    ),
    Pitfall(
        name="watch-expired",
        symptom="The cluster returns 410 Gone to a watch.",
        cause="The requested resource version is older than those the cluster still keeps.",
        remedy="Try again: everything is listed again.",
        source="https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses",
    ),
)
