"""Pitfalls on the way to Cloud Storage: identity, policies, network, parts of the streamer."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="vpc-service-controls",
        symptom="A 403 that says «Request is prohibited by organization's policy» with a "
        "vpcServiceControlsUniqueIdentifier.",
        cause="A perimeter of VPC Service Controls is around the bucket, and the Pod's project or "
        "network is outside it.",
        remedy="Ask who administers the perimeter to let the cluster's project in; the identifier "
        "tells them which request it was.",
        source="https://cloud.google.com/vpc-service-controls/docs/troubleshooting",
    ),
    Pitfall(
        name="requester-pays",
        symptom="«Bucket is a requester pays bucket but no user project provided».",
        cause="Whoever reads this bucket pays for it, and the streamer names no project that "
        "would.",
        remedy="Turn it off with `gcloud storage buckets update gs://BUCKET --no-requester-pays`, "
        "or copy the model into a bucket of yours.",
        source="https://cloud.google.com/storage/docs/requester-pays",
    ),
    Pitfall(
        name="impersonation-refused",
        symptom="«Permission 'iam.serviceAccounts.getAccessToken' denied».",
        cause="The Kubernetes service account is annotated to act as a Google one, which does not "
        "let it.",
        remedy="Give it roles/iam.workloadIdentityUser on the Google account, or remove the "
        "annotation and give the bucket's roles to the Kubernetes account itself (notebook "
        "05).",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication",
    ),
    Pitfall(
        name="no-identity",
        symptom="A 401 that says «Anonymous caller does not have storage… access».",
        cause="The server sends no credentials at all: it runs outside Google Cloud, or was told "
        "to be anonymous.",
        remedy="Run it in a Pod whose service account has the two roles (notebook 05), and leave "
        "variables such as RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS out.",
        source="https://cloud.google.com/storage/docs/authentication",
    ),
    Pitfall(
        name="metadata-server-silent",
        symptom="«Failed to retrieve http://metadata.google.internal…» or «Compute Engine "
        "Metadata server unavailable».",
        cause="The Pod can't reach the metadata server: a network policy forbids it, or the Pod "
        "asked before the server on a new node was ready.",
        remedy="Let the Pod start again. If it stays so, allow egress to 169.254.169.252 and "
        "169.254.169.254 in the network policy.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="kms-key-refused",
        symptom="A 403 that names cloudkms.cryptoKeyVersions or a Cloud KMS key.",
        cause="The objects are encrypted with a key of yours, which Cloud Storage's own account "
        "may not use, or which is disabled.",
        remedy="Give roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the project's Cloud "
        "Storage service agent.",
        source="https://cloud.google.com/storage/docs/encryption/using-customer-managed-keys",
    ),
    Pitfall(
        name="bucket-kind-unknown",
        symptom="«S3 not supported», or the streamer's part for S3 is not found.",
        cause="The model's address is s3://, and the image has no part of the streamer for S3.",
        remedy="Write gs:// for a bucket of Cloud Storage, or install runai-model-streamer[s3] in "
        "the image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="storage-plugin-failed",
        symptom="«Error loading object storage plugin».",
        cause="The streamer's library for the bucket's kind can't be loaded: it is of another "
        "release than the streamer, or the image's system is too old for it.",
        remedy="Install streamer and part in the same release, runai-model-streamer[gcs], or take "
        "vLLM's own image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="ca-bundle-missing",
        symptom="«CA bundle file not found».",
        cause="The file with the authorities' certificates that the streamer was told of is not "
        "in the image.",
        remedy="Correct AWS_CA_BUNDLE or the like, or install ca-certificates in the image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="certificate-refused",
        symptom="«CERTIFICATE_VERIFY_FAILED».",
        cause="Something between the Pod and the service shows a certificate of its own, such as "
        "a company's proxy, or the image has no authorities.",
        remedy="Add the proxy's authority to the image, or let the Pod reach Google without the "
        "proxy (NO_PROXY).",
        source="https://docs.python.org/3/library/ssl.html",
    ),
    Pitfall(
        name="storage-unreachable",
        symptom="Requests to storage.googleapis.com time out, are refused, or the name is not "
        "resolved.",
        cause="The node has no way to Cloud Storage: a private node without Private Google "
        "Access, a firewall, or DNS.",
        remedy="Turn on Private Google Access for the subnet: `gcloud compute networks subnets "
        "update SUBNET --enable-private-ip-google-access`.",
        source="https://cloud.google.com/vpc/docs/private-google-access",
    ),
    Pitfall(
        name="storage-busy",
        symptom="Cloud Storage answers 429 or 503 while the server starts.",
        cause="More requests reach the bucket than it takes at the moment, as when many servers "
        "start at once, or Cloud Storage has a fault that passes.",
        remedy="Wait a few minutes: the container's next start tries again. If it comes back, "
        "start fewer at a time (`kubectl scale deployment NAME --replicas=1`) or lower "
        "«concurrency» in --model-loader-extra-config.",
        source="https://cloud.google.com/storage/docs/request-rate",
    ),
)
