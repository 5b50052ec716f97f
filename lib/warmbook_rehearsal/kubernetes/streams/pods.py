"""Which container and which port of a Pod a stream is about."""

from __future__ import annotations

from ..errors import ApiError, bad_request
from ..objects import Obj, name_of
from ..request import Call


def container_of(pod: Obj, wanted: str) -> str:
    """Return the container asked for, the only one if none is.

    Raises:
        ApiError: 400, there is no such container, or it is not clear which.
    """
    spec = pod["spec"]
    known = [c["name"] for field in ("containers", "initContainers") for c in spec.get(field) or ()]
    if wanted:
        if wanted not in known:
            raise bad_request(f"container {wanted} is not valid for pod {name_of(pod)}")
        return wanted
    if len(spec["containers"]) == 1:
        return str(known[0])
    said = f"a container name must be specified for pod {name_of(pod)}, choose one of: "
    said += f"[{' '.join(c['name'] for c in spec['containers'])}]"
    if inits := [c["name"] for c in spec.get("initContainers") or ()]:
        said += f" or one of the init containers: [{' '.join(inits)}]"
    raise bad_request(said)


def state_of(pod: Obj, container: str) -> Obj:
    """Return the status of a container, empty if it has none yet."""
    status = pod.get("status") or {}
    fields = ("containerStatuses", "initContainerStatuses")
    states = [state for field in fields for state in status.get(field) or ()]
    return next((state for state in states if state["name"] == container), {})


def address_of(call: Call, pod: Obj) -> str:
    """Return the address that the Pod's process listens on.

    Raises:
        ApiError: 400, it has none (yet).
    """
    see_node(pod)
    address = call.runtime.address(call.namespace or "default", name_of(pod))
    if address is None or (pod.get("status") or {}).get("phase") != "Running":
        phase = (pod.get("status") or {}).get("phase", "Unknown")
        said = f"unable to forward port because pod is not running. Current status={phase}"
        raise ApiError(400, "BadRequest", said)
    return address


def see_node(pod: Obj) -> None:
    """See that the Pod is on a node.

    Raises:
        ApiError: 400, it is not.
    """
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {name_of(pod)} does not have a host assigned")
