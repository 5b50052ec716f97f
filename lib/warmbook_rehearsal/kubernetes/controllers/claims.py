"""Persistent volume claims: bound once a Pod uses them, or told why they can't be.

The disk is a folder of the node here; which classes there are, and what they refuse, is GKE's.

Source: Kubernetes, pkg/controller/volume/{persistentvolume,pvcprotection} (events, finalizer);
GKE, "Persistent volumes and dynamic provisioning" (classes, binding modes).
"""

from __future__ import annotations

from collections.abc import Iterable

from ..admission import CLAIM_PROTECTION as PROTECTION
from ..history import Change
from ..objects import Obj, name_of, namespace_of, terminating, uid_of
from ..store import Key, Store
from .queue_keys import key_of

CLASSES = {"standard-rwo": False, "premium-rwo": False, "standard": True}
"""The classes of disks that every GKE cluster has, and whether a claim is bound at once."""

_MANAGER = "kube-controller-manager"
_SOURCE = "persistentvolume-controller"
_MANY = "ReadWriteMany"
_REFUSED = (
    'failed to provision volume with StorageClass "{}": rpc error: code = InvalidArgument '
    "desc = VolumeCapabilities is invalid: specified multi writer with mount access type"
)


def claims_of(pod: Obj) -> list[str]:
    """Return the names of the claims that a Pod uses."""
    volumes = pod["spec"].get("volumes") or ()
    used = (volume.get("persistentVolumeClaim") for volume in volumes)
    return [claim["claimName"] for claim in used if claim]


def bound(claim: Obj) -> bool:
    """Tell whether a claim has its volume."""
    return (claim.get("status") or {}).get("phase") == "Bound"


def why_not(store: Store, pod: Obj) -> str:
    """Return why a Pod can't be placed for its claims, "" if it can.

    Source: Kubernetes, pkg/scheduler/framework/plugins/volumebinding.
    """
    for name in claims_of(pod):
        claim = store.find("PersistentVolumeClaim", namespace_of(pod), name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if terminating(claim):
            return f'persistentvolumeclaim "{name}" is being deleted'
        if not bound(claim) and CLASSES.get(_class_of(claim), True):
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def awaits_volume(store: Store, pod: Obj) -> bool:
    """Tell whether a Pod waits for a claim's volume that is made for it."""
    claims = (store.find("PersistentVolumeClaim", namespace_of(pod), n) for n in claims_of(pod))
    return any(claim is not None and not bound(claim) for claim in claims)


class Claims:
    """The volume controller and the protection of claims in use; its keys are claims."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def concerned(self, change: Change) -> Iterable[Key]:
        """Return the claim, or those that a Pod uses."""
        if change.kind == "PersistentVolumeClaim":
            return [key_of(change.obj)]
        if change.kind == "Pod":
            return [(namespace_of(change.obj), name) for name in claims_of(change.obj)]
        return []

    def reconcile(self, key: Key) -> None:
        """Bind the claim, tell why it waits, or let go of one that is being deleted."""
        claim = self._store.find("PersistentVolumeClaim", *key)
        if claim is None:
            self._remove_volumes(key)
            return
        users = self._users(key)
        if terminating(claim):
            if not users:
                self._let_go(claim)
        elif not bound(claim):
            self._serve(claim, used=bool(users))

    def _users(self, key: Key) -> list[Obj]:
        over = ("Succeeded", "Failed")
        pods = self._store.list("Pod", key[0])
        running = (p for p in pods if (p.get("status") or {}).get("phase") not in over)
        return [pod for pod in running if key[1] in claims_of(pod)]

    def _serve(self, claim: Obj, *, used: bool) -> None:
        chosen = _class_of(claim)
        if not chosen:
            said = "no persistent volumes available for this claim and no storage class is set"
            self._tell(claim, "FailedBinding", said)
        elif chosen not in CLASSES:
            said = f'storageclass.storage.k8s.io "{chosen}" not found'
            self._tell(claim, "ProvisioningFailed", said, kind_of="Warning")
        elif not used and not CLASSES[chosen]:
            said = "waiting for first consumer to be created before binding"
            self._tell(claim, "WaitForFirstConsumer", said)
        elif _MANY in claim["spec"]["accessModes"]:
            self._tell(claim, "ProvisioningFailed", _REFUSED.format(chosen), kind_of="Warning")
        else:
            self._bind(claim)

    def _tell(self, claim: Obj, reason: str, said: str, *, kind_of: str = "Normal") -> None:
        self._store.event(claim, reason, said, kind_of=kind_of, source=_SOURCE)

    def _bind(self, claim: Obj) -> None:
        volume = volume_for(claim)
        place = namespace_of(claim), name_of(claim)
        if self._store.find("PersistentVolume", None, name_of(volume)) is None:
            self._store.create("PersistentVolume", volume, manager=_MANAGER)

        def name_volume(new: Obj) -> None:
            new["spec"]["volumeName"] = name_of(volume)

        def change_status(new: Obj) -> None:
            new["status"] = {
                "phase": "Bound",
                "accessModes": list(new["spec"]["accessModes"]),
                "capacity": dict(volume["spec"]["capacity"]),
            }

        self._store.update("PersistentVolumeClaim", *place, name_volume, manager=_MANAGER)
        self._store.update(
            *("PersistentVolumeClaim", *place, change_status),
            manager=_MANAGER,
            subresource="status",
        )
        said = f"Successfully provisioned volume {name_of(volume)}"
        self._store.event(claim, "ProvisioningSucceeded", said, source="pd.csi.storage.gke.io")

    def _let_go(self, claim: Obj) -> None:
        def change(new: Obj) -> None:
            kept = [f for f in new["metadata"].get("finalizers") or () if f != PROTECTION]
            new["metadata"]["finalizers"] = kept

        place = namespace_of(claim), name_of(claim)
        self._store.update("PersistentVolumeClaim", *place, change, manager=_MANAGER)

    def _remove_volumes(self, key: Key) -> None:
        """Remove the volumes of a claim that has gone: their reclaim policy is Delete."""
        for volume in self._store.list("PersistentVolume"):
            reference = volume["spec"].get("claimRef") or {}
            if (reference.get("namespace"), reference.get("name")) == key:
                self._store.delete("PersistentVolume", None, name_of(volume))


def _class_of(claim: Obj) -> str:
    return str(claim["spec"].get("storageClassName") or "")


def volume_for(claim: Obj) -> Obj:
    """Return the volume that is made for a claim."""
    name, spec = f"pvc-{uid_of(claim)}", claim["spec"]
    return {
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": list(spec["accessModes"]),
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": _class_of(claim),
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "csi": {"driver": "pd.csi.storage.gke.io", "volumeHandle": name},
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "apiVersion": "v1",
                "namespace": namespace_of(claim),
                "name": name_of(claim),
                "uid": uid_of(claim),
            },
        },
        "status": {"phase": "Bound"},
    }
