"""What goes wrong around the bucket: who reads it, who changes its policy, where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..google.offer import zones_of
from ..interference import Incoming
from ..storage.locations import locate
from .fault import fault, is_server

if TYPE_CHECKING:
    from ..sandbox import Sandbox

Binding = Mapping[str, Any]

WRITES_THAT_PASS, WRITES_THAT_DONT = 2, 8
"""How often somebody writes the policy in between; the workbook tries five times."""


@fault(
    "bucket-missing",
    "somebody moved the model to a bucket of another name",
    pitfall="bucket-missing",
)
def bucket_missing(sandbox: Sandbox) -> None:
    """Give the bucket a name that ends in -old; its address in the form mends it."""
    name, path = place(sandbox)
    moved = f"{name}-old"
    sandbox.storage.create_bucket(moved, location=sandbox.storage.bucket(name).location.name)
    for file in sandbox.model.files:
        whole = f"{path}/{file.name}"
        sandbox.storage.adopt_file(moved, whole, file.path, crc32c=file.crc32c, md5=file.md5)
        sandbox.storage.delete_object(sandbox.storage.object(name, whole))
    sandbox.storage.delete_bucket(name)


@fault(
    "bucket-elsewhere",
    "the bucket lies on another continent than the cluster",
    pitfall="bucket-elsewhere",
)
def bucket_elsewhere(sandbox: Sandbox) -> None:
    """Let the bucket lie in Europe; a cluster in its region mends it."""
    _bucket(sandbox).location = locate("EUROPE-WEST4", zones_of)


@fault(
    "policy-changed",
    "somebody changes the policies while the workbook does",
    pitfall="policy-changed",
    passes=True,
)
def policy_changed(sandbox: Sandbox) -> None:
    """Write the policies of project and bucket in between, twice each."""
    _write_in_between(sandbox, WRITES_THAT_PASS)


@fault(
    "policy-contended",
    "something changes the policies again and again while the workbook does",
    pitfall="policy-changed",
)
def policy_contended(sandbox: Sandbox) -> None:
    """Write them in between more often than the workbook tries; later it gets through."""
    _write_in_between(sandbox, WRITES_THAT_DONT)


def _write_in_between(sandbox: Sandbox, times: int) -> None:
    left = {"google": times, "storage": times}

    async def write(incoming: Incoming) -> None:
        if not _writes_policy(incoming) or not left[incoming.service]:
            return
        left[incoming.service] -= 1
        if incoming.service == "google":
            policy = sandbox.cloud.project.policy
            policy.replace(policy.read())
        else:
            _rebind(sandbox, lambda bindings: bindings)

    sandbox.interference.add(write)


def _writes_policy(incoming: Incoming) -> bool:
    if incoming.service == "google":
        return incoming.path.endswith(":setIamPolicy")
    return incoming.method == "PUT" and incoming.path.endswith("/iam")


@fault(
    "bucket-viewer-missing",
    "somebody takes roles/storage.bucketViewer away before the server starts",
    pitfall="bucket-viewer-missing",
)
def bucket_viewer_missing(sandbox: Sandbox) -> None:
    """Take the role away once, when the first server starts; giving it again mends it."""
    _revoke_once(sandbox, "roles/storage.bucketViewer")


@fault(
    "object-role-missing",
    "somebody takes roles/storage.objectUser away before the server starts",
    pitfall="object-role-missing",
)
def object_role_missing(sandbox: Sandbox) -> None:
    """Take the role away once, when the first server starts; giving it again mends it."""
    _revoke_once(sandbox, "roles/storage.objectUser")


@fault(
    "binding-other-namespace",
    "the roles are bound to the service account of another namespace",
    pitfall="binding-other-namespace",
)
def binding_other_namespace(sandbox: Sandbox) -> None:
    """Rewrite the bindings once, when the first server starts."""
    _readdress_once(sandbox, "/subject/ns/", "/subject/ns/other-")


@fault(
    "project-id-for-number",
    "the roles are bound to a name with the project's ID where its number belongs",
    pitfall="project-id-for-number",
)
def project_id_for_number(sandbox: Sandbox) -> None:
    """Rewrite the bindings once, when the first server starts."""
    project = sandbox.cloud.project
    _readdress_once(sandbox, f"/projects/{project.number}/", f"/projects/{project.id}/")


def _revoke_once(sandbox: Sandbox, role: str) -> None:
    _rebind_once(sandbox, lambda bindings: [b for b in bindings if b["role"] != role])


def _readdress_once(sandbox: Sandbox, old: str, new: str) -> None:
    def readdress(bindings: list[Binding]) -> list[Binding]:
        return [{**b, "members": [m.replace(old, new) for m in b["members"]]} for b in bindings]

    _rebind_once(sandbox, readdress)


def _rebind_once(sandbox: Sandbox, change: Callable[[list[Binding]], list[Binding]]) -> None:
    def rebind(pod: dict[str, Any]) -> None:
        if is_server(pod):
            sandbox.pod_hooks.remove(rebind)
            _rebind(sandbox, change)

    sandbox.pod_hooks.append(rebind)


def _rebind(sandbox: Sandbox, change: Callable[[list[Binding]], list[Binding]]) -> None:
    """Write the bucket's policy, as somebody does who knows nothing of the reader."""
    bucket = _bucket(sandbox)
    document = {"bindings": change(list(bucket.policy.bindings)), "version": bucket.policy.version}
    bucket.policy = bucket.policy.replaced_by(document)


def _bucket(sandbox: Sandbox) -> Any:
    return sandbox.storage.bucket(place(sandbox)[0])


def place(sandbox: Sandbox) -> tuple[str, str]:
    """Return the model's bucket and its folder there."""
    name, _, path = sandbox.model_uri.removeprefix("gs://").partition("/")
    return name, path
