"""What keeps the server from Cloud Storage although it has its roles: rules, keys, identity.

The first three are refused by the storage server itself; the others are played, for Pods of a
rehearsal get no credentials and no proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..access import ANONYMOUS
from ..clusters import GOOGLE_ACCOUNT
from ..kubernetes import End, Store
from ..kubernetes.objects import namespace_of
from ..request_faults import Incoming
from ..storage import StorageError
from . import asked
from .bucket import place, rebind, restore
from .deployment import add_variable, as_server_comes
from .fault import BUCKET_POLICY, DEPLOYMENT, Target, fault, is_server
from .mends import ADMINISTRATOR, ANOTHER_NODE, KEY, NEW_POD, typed, variables
from .playing import play, play_on_first_node

Obj = dict[str, Any]

ANONYMOUSLY = "RUNAI_STREAMER_GCS_USE_ANONYMOUS_CREDENTIALS"
PROXY = "HTTPS_PROXY"
ROLES = ("roles/storage.bucketViewer", "roles/storage.objectUser")


@fault(
    "vpc-service-controls",
    "a VPC Service Controls perimeter protects the bucket, and the cluster is outside it",
    pitfall="vpc-service-controls",
    beyond=ADMINISTRATOR,
)
def vpc_service_controls(rehearsal: Target) -> None:
    """Refuse each Pod's request; taking it back lets them in.

    Source: VPC Service Controls, "Troubleshooting".
    """
    said = (
        "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: "
        "hJQ2vXkT0cWl5b7Rr1sYg9mZ4nUe8aPd"
    )
    error = StorageError(403, "forbidden", said)
    _refuse(rehearsal, error, lambda incoming: _from_a_pod(rehearsal, incoming))


@fault(
    "requester-pays",
    "somebody enables Requester Pays for the bucket",
    pitfall="requester-pays",
    mend=typed("gcloud storage buckets update gs://$BUCKET_NAME --no-requester-pays"),
)
def requester_pays(rehearsal: Target) -> None:
    """Turn it on; who names no project, and may not bill the bucket's, is refused: the Pods.

    Source: Cloud Storage, "Requester Pays", use and access requirements.
    """
    bucket = rehearsal.storage.bucket(place(rehearsal)[0])
    before = bucket.settings.get("billing")
    bucket.change({"billing": {"requesterPays": True}})
    rehearsal.put_back(lambda: bucket.change({"billing": before}))

    def pays_nothing(incoming: Incoming) -> bool:
        on = (bucket.settings.get("billing") or {}).get("requesterPays")
        billed = incoming.quota_project or "userProject=" in incoming.query
        return bool(on and not billed and _from_a_pod(rehearsal, incoming))

    said = "Bucket is a requester pays bucket but no user project provided."
    _refuse(rehearsal, StorageError(400, "required", said), pays_nothing)


@fault(
    "kms-key-disabled",
    "somebody disables the key that encrypts the bucket's objects",
    pitfall="kms-key-refused",
    beyond=KEY,
)
def kms_key_disabled(rehearsal: Target) -> None:
    """Refuse each read of an object from the first server's start on; taking it back mends it.

    Source of the words: googleapis/google-cloud-java issue 3594.
    """
    began = False

    def begin(pod: Obj) -> None:
        nonlocal began
        began = began or is_server(pod)

    def reads(incoming: Incoming) -> bool:
        media = "alt=media" in incoming.query or "/storage/v1/" not in incoming.path
        return began and incoming.method == "GET" and media

    said = (
        "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account "
        "has been authorized to use this key."
    )
    rehearsal.put(rehearsal.pod_hooks, begin)
    _refuse(rehearsal, StorageError(403, "forbidden", said), reads)


def _refuse(rehearsal: Target, error: StorageError, fits: Callable[[Incoming], bool]) -> None:
    """Refuse requests to storage that fit."""

    async def refuse(incoming: Incoming) -> None:
        if incoming.service == "storage" and fits(incoming):
            raise error

    rehearsal.request_faults.add(refuse)


def _from_a_pod(rehearsal: Target, incoming: Incoming) -> bool:
    return rehearsal.callers.of(None, incoming.address) != ANONYMOUS


@fault(
    "no-identity",
    "somebody configures the streamer to read without credentials, as for a public bucket",
    pitfall="no-identity",
    mend=variables(f"{ANONYMOUSLY}-"),
    places=(DEPLOYMENT,),
)
def no_identity(rehearsal: Target) -> None:
    """Set the variable in the first Deployment; without it the server reads as its account."""

    def ends(pod: Obj, _: Obj) -> End | None:
        name = place(rehearsal)[0]
        said = (
            "google.api_core.exceptions.Unauthorized: 401 GET https://storage.googleapis.com/"
            f"storage/v1/b/{name}?projection=noAcl&prettyPrint=false: Anonymous caller does not "
            "have storage.buckets.get access to the Google Cloud Storage bucket."
        )
        told = asked.variable(pod, ANONYMOUSLY).lower()
        return End((said,)) if told in ("1", "true") else None

    add_variable(rehearsal, ANONYMOUSLY, "true")
    play(rehearsal, ends)


@fault(
    "impersonation-refused",
    "somebody sets the service account to impersonate a Google service account without permission",
    pitfall="impersonation-refused",
    mend=typed(
        "kubectl annotate serviceaccount $KSA_NAME -n $NAMESPACE iam.gke.io/gcp-service-account-",
        NEW_POD,
    ),
    places=(BUCKET_POLICY,),
)
def impersonation_refused(rehearsal: Target) -> None:
    """Annotate the service account as the server comes; without it a new Pod works.

    The Google account has the roles on the bucket: that it lets nobody act for it is all.
    """
    end = End(
        (
            "google.auth.exceptions.RefreshError: ('Unable to acquire impersonated credentials', "
            '\'{"error": {"code": 403, "message": "Permission '
            "\\'iam.serviceAccounts.getAccessToken\\' denied on resource (or it may not exist).\"",
        )
    )
    account = f"model-reader@{rehearsal.cloud.project.id}.iam.gserviceaccount.com"

    def annotate(store: Store, deployment: Obj) -> None:
        pod = deployment["spec"]["template"]
        key = namespace_of(deployment) or "default", pod["spec"].get("serviceAccountName", "")
        if store.find("ServiceAccount", *key):
            store.update("ServiceAccount", *key, _acting_as(account), manager="kubectl")
            _give_roles(rehearsal, f"serviceAccount:{account}")
            rehearsal.put_back(lambda: _no_more(store, key))

    def is_annotated(store: Store, deployment: Obj) -> bool:
        name = deployment["spec"]["template"]["spec"].get("serviceAccountName", "")
        found = store.find("ServiceAccount", namespace_of(deployment) or "default", name)
        return _acts_as(found or {"metadata": {}}) == account

    def ends(pod: Obj, _: Obj) -> End | None:
        key = namespace_of(pod), pod["spec"].get("serviceAccountName", "")
        stores = (one.store for one in rehearsal.clusters.running)
        found = filter(None, (store.find("ServiceAccount", *key) for store in stores))
        return end if any(_acts_as(one) == account for one in found) else None

    as_server_comes(rehearsal, annotate, is_annotated)
    play(rehearsal, ends)


def _give_roles(rehearsal: Target, member: str) -> None:
    """Bind the roles of notebook 05 on the bucket to a member too, until it is taken back."""
    given = [{"role": role, "members": [member]} for role in ROLES]
    before, after = rebind(rehearsal, lambda bindings: [*bindings, *given])
    rehearsal.put_back(lambda: restore(rehearsal, before, after))


def _acts_as(account: Obj) -> str:
    return str((account["metadata"].get("annotations") or {}).get(GOOGLE_ACCOUNT, ""))


def _acting_as(account: str) -> Callable[[Obj], None]:
    def change(new: Obj) -> None:
        new["metadata"].setdefault("annotations", {})[GOOGLE_ACCOUNT] = account

    return change


def _no_more(store: Store, key: tuple[str, str]) -> None:
    def change(new: Obj) -> None:
        (new["metadata"].get("annotations") or {}).pop(GOOGLE_ACCOUNT, None)

    if store.find("ServiceAccount", *key):
        store.update("ServiceAccount", *key, change, manager="kubectl")


@fault(
    "metadata-server-silent",
    "a node's metadata server does not respond to the server's Pod",
    pitfall="metadata-server-silent",
    mend=ANOTHER_NODE,
)
def metadata_server_silent(rehearsal: Target) -> None:
    """Let it be silent on the node of the first server; another node mends it."""
    url = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"
    said = (
        f"google.auth.exceptions.TransportError: Failed to retrieve {url}?recursive=true from the "
        "Google Compute Engine metadata service. Compute Engine Metadata server unavailable."
    )
    play_on_first_node(rehearsal, End((said,)))


@fault(
    "proxy-certificate",
    "the server's requests go through a company's proxy, which presents its own certificate",
    pitfall="certificate-refused",
    mend=variables("NO_PROXY=.googleapis.com,metadata.google.internal"),
    places=(DEPLOYMENT,),
)
def proxy_certificate(rehearsal: Target) -> None:
    """Set the variable in the first Deployment; NO_PROXY with Google's hosts mends it."""
    end = End(
        (
            "requests.exceptions.SSLError: HTTPSConnectionPool(host='storage.googleapis.com', "
            "port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL:"
            " CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in "
            "certificate chain')))",
        )
    )

    def ends(pod: Obj, _: Obj) -> End | None:
        spared = "googleapis.com" in asked.variable(pod, "NO_PROXY")
        return end if asked.variable(pod, PROXY) and not spared else None

    add_variable(rehearsal, PROXY, "http://proxy.corp.example:3128")
    play(rehearsal, ends)
