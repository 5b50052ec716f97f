"""Pitfalls of the bucket: whether it is there, who may read it, and how fast."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="bucket-missing",
        symptom="404: the bucket does not exist.",
        cause="The name is mistyped, or the bucket was never created. Bucket names are global.",
        remedy="Correct «model_uri», or create the bucket in the cluster's region; the doctor "
        "shows the command.",
        source="https://cloud.google.com/storage/docs/troubleshooting",
    ),
    Pitfall(
        name="bucket-viewer-missing",
        symptom="The server exits with a 403 that says «does not have storage.buckets.get access».",
        cause="The Pod's service account lacks roles/storage.bucketViewer: the streamer reads "
        "the bucket's metadata before it lists or reads files.",
        remedy="Run notebook 05, which grants the role on the bucket. The next start of the Pod "
        "succeeds; a new role can take minutes to become effective.",
        source="https://github.com/run-ai/runai-model-streamer (files.py of its part for Cloud "
        "Storage)",
    ),
    Pitfall(
        name="object-role-missing",
        symptom="The server exits with a 403 that names storage.objects.list or "
        "storage.objects.get.",
        cause="The Pod's service account lacks roles/storage.objectUser, or another role that "
        "reads objects.",
        remedy="Run notebook 05, which grants the role on the bucket.",
        source="https://cloud.google.com/storage/docs/access-control/iam-roles",
    ),
    Pitfall(
        name="uniform-access-off",
        symptom="A 412 in the Pod's log, although its account has the two roles on the bucket.",
        cause="Uniform bucket-level access is disabled: the bucket then denies access to "
        "principals of Workload Identity Federation, whatever roles they have.",
        remedy="Enable it; object ACLs are then ignored: `gcloud storage buckets update "
        "gs://BUCKET --uniform-bucket-level-access`.",
        source="https://github.com/grafana/tempo/issues/3556 (IAM, «Identity federation: products "
        "and limitations», says so)",
    ),
    Pitfall(
        name="binding-other-namespace",
        symptom="A 403 in the Pod, although the bucket has the two roles.",
        cause="They are granted to a different namespace or service account: both are part of "
        "the principal, …/ns/NAMESPACE/sa/NAME.",
        remedy="Run notebook 05 with the namespace and service account of the Pod.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="project-id-for-number",
        symptom="A 403 in the Pod, although the bucket has the two roles; or the binding is "
        "rejected.",
        cause="The principal must contain the project number after projects/; it contains the "
        "project ID.",
        remedy="Run notebook 05, which uses the number. `gcloud projects describe PROJECT_ID` "
        "shows it.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="bucket-elsewhere",
        symptom="Loading is slow, and traffic between regions is billed.",
        cause="The bucket is in another region than the cluster.",
        remedy="Choose the bucket's region as «location», or copy the model to a bucket in the "
        "cluster's region.",
        source="https://cloud.google.com/storage/docs/locations",
    ),
    Pitfall(
        name="cache-zone",
        symptom="Anywhere Cache can't be created, or exists and is never used.",
        cause="A cache is zonal: the zone must be inside the bucket's location, and only "
        "machines in that zone use it.",
        remedy="In notebook 08 choose the zone of the node that the Pod runs on.",
        source="https://cloud.google.com/storage/docs/anywhere-cache",
    ),
    Pitfall(
        name="cache-empty",
        symptom="The cache is running, but the first start is not faster.",
        cause="A cache stores data after it was read once in its zone, and evicts it after its "
        "time to live (24 hours by default).",
        remedy="Start the server twice and compare the second start, as notebook 08 does.",
        source="https://cloud.google.com/storage/docs/anywhere-cache",
    ),
    Pitfall(
        name="grpc-slow",
        symptom="Loading is slower with RUNAI_STREAMER_GCS_USE_GRPC=1 than without.",
        cause="gRPC is faster only if the connection uses the direct path to Cloud Storage.",
        remedy="Remove the variable, unless you measured that it helps.",
        source="https://github.com/run-ai/runai-model-streamer (docs/src/usage.md)",
    ),
)
