"""Pitfalls of the bucket: whether it is there, who may read it, and how fast."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="bucket-missing",
        symptom="404: the bucket does not exist.",
        cause="Its name is mistyped, or it was never made. Names are shared by the whole world.",
        remedy="Correct «model_uri», or create the bucket in the cluster's region; the doctor "
        "shows the command.",
        source="https://cloud.google.com/storage/docs/troubleshooting",
    ),
    Pitfall(
        name="bucket-viewer-missing",
        symptom="The server ends with a 403 that says «does not have storage.buckets.get access».",
        cause="The Pod's service account lacks roles/storage.bucketViewer: the streamer looks "
        "at the bucket itself before it lists or reads anything.",
        remedy="Run notebook 05: it gives the role on the bucket. The Pod's next start works; a "
        "change of roles may take minutes.",
        source="https://github.com/run-ai/runai-model-streamer (files.py of its part for Cloud "
        "Storage)",
    ),
    Pitfall(
        name="object-role-missing",
        symptom="The server ends with a 403 that names storage.objects.list or "
        "storage.objects.get.",
        cause="The Pod's service account lacks roles/storage.objectUser, or another role that "
        "reads objects.",
        remedy="Run notebook 05: it gives the role on the bucket.",
        source="https://cloud.google.com/storage/docs/access-control/iam-roles",
    ),
    Pitfall(
        name="uniform-access-off",
        symptom="A 412 in the Pod's log, although its account has the two roles on the bucket.",
        cause="The bucket has no uniform bucket-level access: it refuses principals of Workload "
        "Identity Federation, whatever roles they have.",
        remedy="Turn it on; ACLs of single objects stop counting then: `gcloud storage buckets "
        "update gs://BUCKET --uniform-bucket-level-access`.",
        source="https://github.com/grafana/tempo/issues/3556 (IAM, «Identity federation: products "
        "and limitations», says so)",
    ),
    Pitfall(
        name="binding-other-namespace",
        symptom="A 403 in the Pod, although the bucket has the two roles.",
        cause="They are given to another namespace or service account than the Pod's: both are "
        "part of the member's name, …/ns/NAMESPACE/sa/NAME.",
        remedy="Run notebook 05 with the namespace and the service account that the Pod runs with.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="project-id-for-number",
        symptom="A 403 in the Pod, although the bucket has the two roles; or the binding itself "
        "is refused.",
        cause="After projects/ the member's name must have the project's number; its id is "
        "there instead.",
        remedy="Run notebook 05: it writes the number. `gcloud projects describe PROJECT_ID` "
        "shows it.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="bucket-elsewhere",
        symptom="Loading is slow, and the bill has traffic between regions.",
        cause="The bucket is in another region than the cluster.",
        remedy="Choose the bucket's region as «location», or copy the model to a bucket in the "
        "cluster's region.",
        source="https://cloud.google.com/storage/docs/locations",
    ),
    Pitfall(
        name="cache-zone",
        symptom="Anywhere Cache can't be made, or is there and never used.",
        cause="A cache belongs to one zone, which must be inside the bucket's location, and "
        "only machines in that zone use it.",
        remedy="In notebook 08 choose the zone of the node that the Pod runs on.",
        source="https://cloud.google.com/storage/docs/anywhere-cache",
    ),
    Pitfall(
        name="cache-empty",
        symptom="The cache runs, but the first start is not faster.",
        cause="A cache holds what was read once in its zone; after its time to live (24 hours "
        "unless set) an object leaves again.",
        remedy="Start the server twice and compare the second start, as notebook 08 does.",
        source="https://cloud.google.com/storage/docs/anywhere-cache",
    ),
    Pitfall(
        name="grpc-slow",
        symptom="Loading is slower with RUNAI_STREAMER_GCS_USE_GRPC=1 than without.",
        cause="gRPC pays only where the connection takes the direct path to Cloud Storage.",
        remedy="Leave the variable out, unless you measured that it helps.",
        source="https://github.com/run-ai/runai-model-streamer (docs/src/usage.md)",
    ),
)
