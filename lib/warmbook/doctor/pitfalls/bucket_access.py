"""Pitfalls on the way to Cloud Storage: identity, policies, network, parts of the streamer."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="vpc-service-controls",
        symptom="A 403 that says «Request is prohibited by organization's policy» with a "
        "vpcServiceControlsUniqueIdentifier.",
        cause="The bucket is inside a VPC Service Controls perimeter, and the Pod's project or "
        "network is outside it.",
        remedy="Ask the administrator of the perimeter to allow the cluster's project; the "
        "identifier names the request.",
        source="https://cloud.google.com/vpc-service-controls/docs/troubleshooting",
    ),
    Pitfall(
        name="requester-pays",
        symptom="«Bucket is a requester pays bucket but no user project provided».",
        cause="Requester Pays is enabled on the bucket, and the streamer sends no billing project.",
        remedy="Disable it with `gcloud storage buckets update gs://BUCKET "
        "--no-requester-pays`, or copy the model to a bucket of yours.",
        source="https://cloud.google.com/storage/docs/requester-pays",
    ),
    Pitfall(
        name="impersonation-refused",
        symptom="«Permission 'iam.serviceAccounts.getAccessToken' denied».",
        cause="The Kubernetes service account is annotated to impersonate a Google service "
        "account, which does not allow it.",
        remedy="Grant it roles/iam.workloadIdentityUser on the Google service account, or "
        "remove the annotation and grant the bucket's roles to the Kubernetes service "
        "account (notebook 05).",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication",
    ),
    Pitfall(
        name="no-identity",
        symptom="A 401 that says «Anonymous caller does not have storage… access».",
        cause="The server sends no credentials: it runs outside Google Cloud, or is configured "
        "to be anonymous.",
        remedy="Run it in a Pod whose service account has the two roles (notebook 05), and "
        "remove variables such as RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS.",
        source="https://cloud.google.com/storage/docs/authentication",
    ),
    Pitfall(
        name="metadata-server-silent",
        symptom="«Failed to retrieve http://metadata.google.internal…» or «Compute Engine "
        "Metadata server unavailable».",
        cause="The Pod can't reach the metadata server: a network policy blocks it, or the "
        "server on a new node was not ready yet.",
        remedy="Restart the Pod. If the error persists, allow egress to 169.254.169.252 and "
        "169.254.169.254 in the network policy.",
        source="https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity",
    ),
    Pitfall(
        name="kms-key-refused",
        symptom="A 403 that names cloudkms.cryptoKeyVersions or a Cloud KMS key.",
        cause="The objects are encrypted with a customer-managed key that Cloud Storage's "
        "service agent may not use, or that is disabled.",
        remedy="Grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the project's "
        "Cloud Storage service agent.",
        source="https://cloud.google.com/storage/docs/encryption/using-customer-managed-keys",
    ),
    Pitfall(
        name="bucket-kind-unknown",
        symptom="«S3 not supported», or the streamer's S3 package is not found.",
        cause="The model address is s3://, and the image does not contain the streamer's S3 "
        "package.",
        remedy="Use gs:// for a Cloud Storage bucket, or install runai-model-streamer[s3] in "
        "the image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="storage-plugin-failed",
        symptom="«Error loading object storage plugin».",
        cause="The streamer's object storage library can't be loaded: its version differs from "
        "the streamer's, or the image's operating system is too old.",
        remedy="Install both in the same version, runai-model-streamer[gcs], or use vLLM's own "
        "image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="ca-bundle-missing",
        symptom="«CA bundle file not found».",
        cause="The configured CA bundle is not in the image.",
        remedy="Correct AWS_CA_BUNDLE or a similar variable, or install ca-certificates in the "
        "image.",
        source="https://github.com/run-ai/runai-model-streamer (response_code.cc)",
    ),
    Pitfall(
        name="certificate-refused",
        symptom="«CERTIFICATE_VERIFY_FAILED».",
        cause="A proxy between the Pod and the service presents its own certificate, or the "
        "image has no CA certificates.",
        remedy="Add the proxy's CA certificate to the image, or exclude Google's addresses from "
        "the proxy (NO_PROXY).",
        source="https://docs.python.org/3/library/ssl.html",
    ),
    Pitfall(
        name="storage-unreachable",
        symptom="Requests to storage.googleapis.com time out or are refused, or the name can't "
        "be resolved.",
        cause="The node has no route to Cloud Storage: a private node without Private Google "
        "Access, a firewall, or DNS.",
        remedy="Enable Private Google Access for the subnet: `gcloud compute networks subnets "
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
