"""What goes wrong around the bucket: who reads it, who changes its policy, where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..access import ANONYMOUS
from ..google.capacity import zones_of
from ..request_faults import Incoming
from ..storage.locations import locate
from .fault import BUCKET, BUCKET_POLICY, FILES, Target, fault, is_server
from .mends import ANOTHER_PROGRAM, bind, chosen, typed
from .once import Once

Binding = Mapping[str, Any]
Grant = tuple[str, str]
"""A role, and who holds it."""

WRITES_THAT_PASS, WRITES_THAT_DONT = 2, 8
"""How often somebody writes the policy in between; the workbook tries five times."""


@fault(
    "bucket-missing",
    "somebody moved the model to a bucket of another name",
    pitfall="bucket-missing",
    mend=chosen(model_uri="gs://$BUCKET_NAME-old/$MODEL_PATH"),
    places=(
        FILES,
        BUCKET,
        BUCKET_POLICY,
    ),
)
def bucket_missing(rehearsal: Target) -> None:
    """Give the bucket a name that ends in -old; its address in the form mends it."""
    name, _ = place(rehearsal)
    rehearsal.storage.rename_bucket(name, f"{name}-old")

    def back() -> None:
        if rehearsal.storage.find_bucket(f"{name}-old") and not rehearsal.storage.find_bucket(name):
            rehearsal.storage.rename_bucket(f"{name}-old", name)

    rehearsal.put_back(back)


@fault(
    "bucket-elsewhere",
    "the bucket is on another continent than the cluster",
    pitfall="bucket-elsewhere",
    places=(BUCKET,),
)
def bucket_elsewhere(rehearsal: Target) -> None:
    """Let the bucket lie in Europe; a cluster in its region mends it."""
    bucket, elsewhere = _bucket(rehearsal), locate("EUROPE-WEST4", zones_of)
    before, bucket.location = bucket.location, elsewhere
    rehearsal.put_back(lambda: setattr(bucket, "location", before))


@fault(
    "uniform-access-off",
    "the bucket has ACLs: uniform bucket-level access is disabled",
    pitfall="uniform-access-off",
    mend=typed("gcloud storage buckets update gs://$BUCKET_NAME --uniform-bucket-level-access"),
)
def uniform_access_off(rehearsal: Target) -> None:
    """Turn it off; turning it on again mends it."""
    off = {"uniformBucketLevelAccess": {"enabled": False}}
    _bucket(rehearsal).change({"iamConfiguration": off})


@fault(
    "policy-changed",
    "somebody changes the policies while the workbook does",
    pitfall="policy-changed",
    passes=True,
)
def policy_changed(rehearsal: Target) -> None:
    """Write the policies of project and bucket in between, twice each."""
    _write_in_between(rehearsal, WRITES_THAT_PASS)


@fault(
    "policy-contended",
    "something changes the policies again and again while the workbook does",
    pitfall="policy-changed",
    beyond=ANOTHER_PROGRAM,
)
def policy_contended(rehearsal: Target) -> None:
    """Write them in between more often than the workbook tries; later it gets through."""
    _write_in_between(rehearsal, WRITES_THAT_DONT)


def _write_in_between(rehearsal: Target, times: int) -> None:
    left = {"google": times, "storage": times}

    async def write(incoming: Incoming) -> None:
        if not _writes_policy(incoming) or not left[incoming.service]:
            return
        left[incoming.service] -= 1
        if incoming.service == "google":
            policy = rehearsal.cloud.project.policy
            policy.replace(policy.read())
        else:
            rebind(rehearsal, lambda bindings: bindings)

    rehearsal.request_faults.add(write)


def _writes_policy(incoming: Incoming) -> bool:
    if incoming.service == "google":
        return incoming.path.endswith(":setIamPolicy")
    return incoming.method == "PUT" and incoming.path.endswith("/iam")


@fault(
    "bucket-viewer-missing",
    "somebody revokes roles/storage.bucketViewer before the server starts",
    pitfall="bucket-viewer-missing",
    mend=bind("roles/storage.bucketViewer"),
    places=(BUCKET_POLICY,),
)
def bucket_viewer_missing(rehearsal: Target) -> None:
    """Take the role away once, when the first server starts; giving it again mends it."""
    _revoke_once(rehearsal, "roles/storage.bucketViewer")


@fault(
    "object-role-missing",
    "somebody revokes roles/storage.objectUser before the server starts",
    pitfall="object-role-missing",
    mend=bind("roles/storage.objectUser"),
    places=(BUCKET_POLICY,),
)
def object_role_missing(rehearsal: Target) -> None:
    """Take the role away once, when the first server starts; giving it again mends it."""
    _revoke_once(rehearsal, "roles/storage.objectUser")


@fault(
    "binding-other-namespace",
    "the roles are bound to the service account of another namespace",
    pitfall="binding-other-namespace",
    mend=bind("roles/storage.bucketViewer", "roles/storage.objectUser"),
    places=(BUCKET_POLICY,),
)
def binding_other_namespace(rehearsal: Target) -> None:
    """Rewrite the bindings once, when the first server starts."""
    _readdress_once(rehearsal, "/subject/ns/", "/subject/ns/other-")


@fault(
    "project-id-for-number",
    "the roles are bound to a name with the project's ID where its number belongs",
    pitfall="project-id-for-number",
    mend=bind("roles/storage.bucketViewer", "roles/storage.objectUser"),
    places=(BUCKET_POLICY,),
)
def project_id_for_number(rehearsal: Target) -> None:
    """Rewrite the bindings once, when the first server starts."""
    project = rehearsal.cloud.project
    _readdress_once(rehearsal, f"/projects/{project.number}/", f"/projects/{project.id}/")


def _revoke_once(rehearsal: Target, role: str) -> None:
    _rebind_once(rehearsal, lambda bindings: [b for b in bindings if b["role"] != role])


def _readdress_once(rehearsal: Target, old: str, new: str) -> None:
    def readdress(bindings: list[Binding]) -> list[Binding]:
        return [{**b, "members": [m.replace(old, new) for m in b["members"]]} for b in bindings]

    _rebind_once(rehearsal, readdress)


def _rebind_once(rehearsal: Target, change: Callable[[list[Binding]], list[Binding]]) -> None:
    """Change the bindings as the first server starts; held, those that were added since."""
    taken: set[Grant] = set()
    made: set[Grant] = set()

    def left() -> tuple[set[Grant], ...]:
        now = _grants(_bindings(rehearsal))
        return (now,) if taken - now else ()

    def act() -> None:
        (there,) = once.left or (set(),)
        kept = there | made
        if _grants(_bindings(rehearsal)) <= kept:
            return
        before, after = rebind(rehearsal, lambda bindings: _change_others(bindings, kept, change))
        taken.update(_grants(before) - _grants(after))
        made.update(_grants(after) - _grants(before))
        rehearsal.put_back(lambda: restore(rehearsal, before, after))

    once: Once[tuple[set[Grant], ...]] = rehearsal.once(left, act)

    def as_server_starts(pod: dict[str, Any]) -> None:
        if once.due and is_server(pod):
            once.done()
            act()

    async def keep_up(incoming: Incoming) -> None:
        of_pod = rehearsal.callers.of(None, incoming.address) != ANONYMOUS
        if incoming.service == "storage" and of_pod:
            once.keep_up()

    rehearsal.put(rehearsal.pod_hooks, as_server_starts)
    rehearsal.request_faults.add(keep_up)


def _change_others(
    bindings: list[Binding], kept: set[Grant], change: Callable[[list[Binding]], list[Binding]]
) -> list[Binding]:
    """Change the bindings but for those members that hold a role in `kept`."""

    def members(of: Binding, there: bool) -> list[str]:
        return [one for one in of["members"] if ((of["role"], one) in kept) is there]

    stay: list[Binding] = [{**one, "members": members(one, True)} for one in bindings]
    others: list[Binding] = [{**one, "members": members(one, False)} for one in bindings]
    return [binding for binding in (*stay, *change(others)) if binding["members"]]


def _grants(bindings: list[Binding]) -> set[Grant]:
    return {(str(one["role"]), member) for one in bindings for member in one["members"]}


def _bindings(rehearsal: Target) -> list[Binding]:
    """Return the bucket's bindings, none where the bucket is gone."""
    bucket = rehearsal.storage.find_bucket(place(rehearsal)[0])
    return list(bucket.policy.bindings) if bucket else []


def rebind(
    rehearsal: Target, change: Callable[[list[Binding]], list[Binding]]
) -> tuple[list[Binding], list[Binding]]:
    """Write the bucket's policy, as somebody does who knows nothing of the reader.

    Returns:
        What it was, and what it is; nothing where the bucket is gone.
    """
    bucket = rehearsal.storage.find_bucket(place(rehearsal)[0])
    if bucket is None:
        return [], []
    before = list(bucket.policy.bindings)
    after = change(before)
    document = {"bindings": after, "version": bucket.policy.version}
    bucket.policy = bucket.policy.replaced_by(document)
    return before, after


def restore(rehearsal: Target, before: list[Binding], after: list[Binding]) -> None:
    """Put back the bindings that were taken or changed; who was bound since stays bound."""
    new = [binding for binding in after if binding not in before]

    def change(now: list[Binding]) -> list[Binding]:
        kept = [binding for binding in now if binding not in new and binding not in before]
        return [*before, *kept]

    rebind(rehearsal, change)


def _bucket(rehearsal: Target) -> Any:
    return rehearsal.storage.bucket(place(rehearsal)[0])


def place(rehearsal: Target) -> tuple[str, str]:
    """Return the model's bucket and its folder there."""
    name, _, path = rehearsal.model_uri.removeprefix("gs://").partition("/")
    return name, path
