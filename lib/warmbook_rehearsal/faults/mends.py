"""How a reader can mend a fault, as with a real project: typed, chosen in the form, or run again.

A mend is never told over the network: the gym tells only whether there is one, and of a fault
without one the reason, once it was named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mend:
    """The ways to mend a fault, of which each alone suffices; after it the guide completes.

    `commands` are lines for bash. `choices` are settings to choose instead, which apply to the
    whole guide anew. `notebooks` are carried out again, by number: 03 uploads the model's files,
    06 applies the manifest. In commands and choices $PROJECT_ID, $PROJECT_NUMBER, $LOCATION,
    $CLUSTER_NAME, $POOL, $NAMESPACE, $KSA_NAME, $DEPLOYMENT, $BUCKET_NAME, $MODEL_PATH, $ACCOUNT
    (the reader's) and $MODEL_FOLDER (a copy of the model on this machine) stand for the reader's
    own.
    """

    commands: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    notebooks: tuple[str, ...] = ()

    @property
    def takes_gcloud(self) -> bool:
        """Whether no way does without gcloud."""
        typed_with_it = any("gcloud" in line for line in self.commands)
        return typed_with_it and not (self.choices or self.notebooks)


def typed(*commands: str, notebooks: tuple[str, ...] = ()) -> Mend:
    """Return the mend that these lines make; the notebooks, carried out again, make it too."""
    return Mend(commands=commands, notebooks=notebooks)


def chosen(**choices: str) -> Mend:
    """Return the mend that other choices in the form make."""
    return Mend(choices=choices)


def run_again(*notebooks: str) -> Mend:
    """Return the mend that notebooks make when they are carried out again."""
    return Mend(notebooks=notebooks)


OUTAGE = "a service is down, and only whoever runs it can end that"
ANOTHER_PROGRAM = "another program causes it, and only its owner can stop it"
ADMINISTRATOR = "only an administrator of the organization can change it"
SIGN_IN = (
    "it takes a new sign-in (gcloud auth application-default login), and a rehearsal has no sign-in"
)
KEY = "it takes Cloud KMS (gcloud kms keys versions enable), and a rehearsal has no Cloud KMS"
"""Why a reader can't mend a fault. Sources: the pages that its pitfall names."""

DEPLOY_AGAIN = run_again("06")
"""Somebody changed the Deployment: applying the manifest again brings it back."""
UPLOAD_AGAIN = typed(
    'gcloud storage cp "$MODEL_FOLDER"/* gs://$BUCKET_NAME/$MODEL_PATH/', notebooks=("03",)
)
"""A file in the bucket is not the model's: uploading the model again brings it back."""


def grant(role: str, *, notebooks: tuple[str, ...] = ()) -> Mend:
    """Return the mend that gives the reader a role on the project."""
    return typed(
        "gcloud projects add-iam-policy-binding $PROJECT_ID --member=user:$ACCOUNT "
        f"--role={role} --condition=None",
        notebooks=notebooks,
    )


def enable(service: str) -> Mend:
    """Return the mend that turns an API on; notebook 02 does so too."""
    return typed(f"gcloud services enable {service} --project=$PROJECT_ID", notebooks=("02",))


def bind(*roles: str) -> Mend:
    """Return the mend that binds the server's service account to roles on the bucket."""
    member = (
        "principal://iam.googleapis.com/projects/$PROJECT_NUMBER/locations/global/"
        "workloadIdentityPools/$PROJECT_ID.svc.id.goog/subject/ns/$NAMESPACE/sa/$KSA_NAME"
    )
    lines = (
        "gcloud storage buckets add-iam-policy-binding gs://$BUCKET_NAME "
        f"--member={member} --role={role}"
        for role in roles
    )
    return typed(*lines, notebooks=("05",))


LINK_BILLING = typed(
    "gcloud billing projects link $PROJECT_ID "
    "--billing-account=$(gcloud billing accounts list --format='value(name)' --limit=1)"
)
"""The first account that the reader may use pays for the project."""
OF_DEPLOYMENT = "deployment/$DEPLOYMENT -n $NAMESPACE"
NEW_PODS = f"kubectl rollout restart {OF_DEPLOYMENT}"
"""The Deployment makes a Pod anew, without the pause that its ReplicaSet makes after a refusal."""
NEW_POD = "kubectl delete pods -n $NAMESPACE -l app=vllm-streamer --wait=false"
"""The Deployment makes a Pod anew, which meets what has been changed around it."""
ANOTHER_NODE = typed(
    "kubectl cordon $(kubectl get pods -n $NAMESPACE -l app=vllm-streamer "
    "-o jsonpath='{.items[0].spec.nodeName}')",
    NEW_POD,
)
"""The node is at fault: no Pod is placed on it any more, and the server's begins elsewhere."""

WRITABLE = typed(
    f"kubectl patch {OF_DEPLOYMENT} --type=json "
    """-p '[{"op":"remove","path":"/spec/template/spec/containers/0/securityContext"}]'"""
)
"""The manifest does not name the field, and so applying it again does not remove it."""
OLD_POD_FIRST = typed(
    f"kubectl scale {OF_DEPLOYMENT} --replicas=0",
    "kubectl wait pods -n $NAMESPACE -l app=vllm-streamer --for=delete --timeout=60s",
    f"kubectl scale {OF_DEPLOYMENT} --replicas=1",
)
"""The old Pod goes before the new one comes, and leaves it its GPU."""

_PLACE = "--location=$LOCATION --project=$PROJECT_ID --quiet"
CLUSTER_AWAY = typed(f"gcloud container clusters delete $CLUSTER_NAME {_PLACE}")
"""The guide makes the cluster anew."""
POOL_AWAY = typed(f"gcloud container node-pools delete $POOL --cluster=$CLUSTER_NAME {_PLACE}")
"""The guide makes the node pool anew."""


def memory(quantity: str) -> Mend:
    """Return the mend that lets the server's container have this much memory."""
    return typed(
        f"kubectl set resources {OF_DEPLOYMENT} "
        f"--requests=memory={quantity} --limits=memory={quantity}"
    )


def variables(*words: str) -> Mend:
    """Return the mend that sets variables of the server: NAME=VALUE, or NAME- to remove one."""
    return typed(f"kubectl set env {OF_DEPLOYMENT} {' '.join(words)}")
