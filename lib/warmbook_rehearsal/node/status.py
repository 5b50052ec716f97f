"""A Pod's status as its kubelet reports it; decides nothing."""

from __future__ import annotations

from typing import Any

from ..kubernetes import Store
from ..kubernetes.objects import now, set_condition

Obj = dict[str, Any]

MANAGER = "kubelet"


class PodStatus:
    """What is known of a Pod's one container, written to the store at every change."""

    def __init__(self, store: Store, pod: Obj, address: str) -> None:
        self._store, self._address = store, address
        self._namespace, self._name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self._container: Obj = {
            "name": pod["spec"]["containers"][0]["name"],
            "image": pod["spec"]["containers"][0]["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
        }
        self._phase = "Pending"
        self._eviction: Obj = {}

    @property
    def restarts(self) -> int:
        """How often the container was started again."""
        return int(self._container["restartCount"])

    @property
    def in_back_off(self) -> bool:
        """Whether the container waits to be started again."""
        return "waiting" in self._container["state"]

    def waits(self, reason: str, message: str = "") -> None:
        """Report that the container waits, and why."""
        waiting = {"reason": reason, **({"message": message} if message else {})}
        self._change(state={"waiting": waiting})

    def runs(self, pid: int, *, started: bool) -> None:
        """Report a running container, not ready yet."""
        self._phase = "Running"
        self._change(
            state={"running": {"startedAt": now()}},
            containerID=f"process://{pid}",
            started=started,
            ready=False,
        )

    def healthy(self, *, ready: bool) -> None:
        """Report what the probes say of a container that has started."""
        self._change(started=True, ready=ready)

    def ended(self, code: int, *, reason: str = "") -> None:
        """Report the end of the container."""
        running = self._container["state"].get("running") or {}
        terminated = {
            "exitCode": code,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "startedAt": running.get("startedAt") or now(),
            "finishedAt": now(),
        }
        self._phase = "Running"
        self._change(state={"terminated": terminated}, started=False, ready=False)

    def restarting(self) -> None:
        """Keep the ended instance as the last one, and count it."""
        self._container["lastState"] = self._container["state"]
        self._container["restartCount"] += 1

    def finished(self, evicted: str = "") -> None:
        """Report that the Pod is over: Succeeded or Failed, as its container ended.

        `evicted` is why the node has put it out, "" where it has not.
        """
        code = self._container["state"]["terminated"]["exitCode"]
        if evicted:
            self._eviction = {"reason": "Evicted", "message": evicted}
        self._phase = "Succeeded" if code == 0 else "Failed"
        self._change()

    def _change(self, **fields: Any) -> None:
        self._container |= fields
        if self._store.find("Pod", self._namespace, self._name) is not None:
            self._store.update(
                *("Pod", self._namespace, self._name),
                self._write,
                manager=MANAGER,
                subresource="status",
            )

    def _write(self, pod: Obj) -> None:
        status = pod.setdefault("status", {})
        status |= {
            "phase": self._phase,
            "hostIP": "127.0.0.1",
            "podIP": self._address,
            "podIPs": [{"ip": self._address}],
            "containerStatuses": [dict(self._container)],
            **self._eviction,
        }
        status.setdefault("startTime", now())
        ready = self._container["ready"]
        set_condition(pod, "PodScheduled", "True")
        set_condition(pod, "Initialized", "True")
        for kind in ("ContainersReady", "Ready"):
            set_condition(pod, kind, "True" if ready else "False", **({} if ready else self._why()))

    def _why(self) -> Obj:
        if self._phase == "Succeeded":
            return {"reason": "PodCompleted"}
        name = self._container["name"]
        message = f"containers with unready status: [{name}]"
        return {"reason": "ContainersNotReady", "message": message}
