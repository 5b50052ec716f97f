"""A Pod's status as its kubelet reports it; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kubernetes import Store
from ..kubernetes.objects import now, set_condition

Obj = dict[str, Any]

MANAGER = "kubelet"
INITIALIZING, CREATING = "PodInitializing", "ContainerCreating"


class ContainerStatus:
    """What is known of one container; `changed` is called at every change.

    `waits_for` is why it waits for its first start, where nothing is wrong.
    """

    def __init__(
        self, spec: Obj, changed: Callable[[], None], *, waits_for: str, sidecar: bool = False
    ) -> None:
        self._changed, self.waits_for, self.sidecar = changed, waits_for, sidecar
        self.fields: Obj = {
            "name": spec["name"],
            "image": spec["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": waits_for}},
            "lastState": {},
        }

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.fields["name"])

    @property
    def restarts(self) -> int:
        """How often the container was started again."""
        return int(self.fields["restartCount"])

    @property
    def ready(self) -> bool:
        """Whether the container is ready, as an init container: whether it has done its work."""
        return bool(self.fields["ready"])

    @property
    def in_back_off(self) -> bool:
        """Whether the container waits to be started (again)."""
        return "waiting" in self.fields["state"]

    @property
    def ran_before(self) -> bool:
        """Whether an instance of the container has ended."""
        return bool(self.fields["lastState"])

    @property
    def never_ran(self) -> bool:
        """Whether the container waits for its first start."""
        return self.in_back_off and not self.ran_before

    @property
    def exit_code(self) -> int | None:
        """How the container has ended, None while it has not."""
        terminated = self.fields["state"].get("terminated")
        return terminated["exitCode"] if terminated else None

    def waits(self, reason: str, message: str = "") -> None:
        """Report that the container waits, and why."""
        waiting = {"reason": reason, **({"message": message} if message else {})}
        self._change(state={"waiting": waiting})

    def runs(self, pid: int, *, started: bool) -> None:
        """Report a running container, not ready yet."""
        self._change(
            state={"running": {"startedAt": now()}},
            containerID=f"process://{pid}",
            started=started,
            ready=False,
        )

    def healthy(self, *, ready: bool) -> None:
        """Report what the probes say of a container that has started."""
        self._change(started=True, ready=ready)

    def ended(self, code: int, *, reason: str = "", done: bool = False) -> None:
        """Report the end of the container; `done` is that of an init container's work."""
        running = self.fields["state"].get("running") or {}
        terminated = {
            "exitCode": code,
            "reason": reason or ("Completed" if code == 0 else "Error"),
            "startedAt": running.get("startedAt") or now(),
            "finishedAt": now(),
        }
        self._change(state={"terminated": terminated}, started=False, ready=done)

    def restarting(self) -> None:
        """Keep the ended instance as the last one."""
        self.fields["lastState"] = self.fields["state"]

    def created(self) -> None:
        """Count an instance that follows another one.

        Source: Kubernetes, pkg/kubelet/kuberuntime/kuberuntime_container.go (startContainer).
        """
        if self.ran_before:
            self.fields["restartCount"] += 1

    def _change(self, **fields: Any) -> None:
        self.fields |= fields
        self._changed()


class PodStatus:
    """The status of a Pod, written to the store at every change.

    Source: Kubernetes, pkg/kubelet/kubelet_pods.go (getPhase), pkg/kubelet/status/generate.go.
    """

    def __init__(self, store: Store, pod: Obj, address: str) -> None:
        self._store, self._address = store, address
        self._namespace, self._name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self._over = False
        self._ended_by_node: Obj = {}
        spec = pod["spec"]
        inits = spec.get("initContainers") or []
        self.inits = [
            ContainerStatus(
                *(one, self.write),
                waits_for=INITIALIZING,
                sidecar=one.get("restartPolicy") == "Always",
            )
            for one in inits
        ]
        first = INITIALIZING if inits else CREATING
        self.containers = [
            ContainerStatus(one, self.write, waits_for=first) for one in spec["containers"]
        ]

    def finished(self, reason: str = "", message: str = "") -> None:
        """Report that the Pod is over: Succeeded or Failed, as its containers ended.

        With a reason, for which the node has ended it, it has failed however they ended.
        """
        if reason:
            self._ended_by_node = {"reason": reason, "message": message}
        self._over = True
        self.write()

    def write(self) -> None:
        """Write the status as it is, unless the Pod is gone."""
        if self._store.find("Pod", self._namespace, self._name) is not None:
            self._store.update(
                *("Pod", self._namespace, self._name),
                self._fill,
                manager=MANAGER,
                subresource="status",
            )

    def _fill(self, pod: Obj) -> None:
        status = pod.setdefault("status", {})
        status |= {
            "phase": self._phase(),
            "hostIP": "127.0.0.1",
            "podIP": self._address,
            "podIPs": [{"ip": self._address}],
            "containerStatuses": [dict(one.fields) for one in self.containers],
            **self._ended_by_node,
        }
        if self.inits:
            status["initContainerStatuses"] = [dict(one.fields) for one in self.inits]
        status.setdefault("startTime", now())
        set_condition(pod, "PodScheduled", "True")
        self._set(
            pod, "Initialized", self._uninitialized(), "ContainersNotInitialized", "incomplete"
        )
        for kind in ("ContainersReady", "Ready"):
            self._set(pod, kind, self._unready(), "ContainersNotReady", "unready")

    def _phase(self) -> str:
        if self._ended_by_node:
            return "Failed"
        if self._over:
            codes = [one.exit_code for one in (*self.inits, *self.containers) if not one.sidecar]
            return "Succeeded" if not any(codes) and None not in codes else "Failed"
        waits = self._uninitialized() or any(one.never_ran for one in self.containers)
        return "Pending" if waits else "Running"

    def _uninitialized(self) -> list[str]:
        return [
            one.name
            for one in self.inits
            if not (one.fields["started"] if one.sidecar else one.ready) and not self._done(one)
        ]

    def _done(self, sidecar: ContainerStatus) -> bool:
        """Tell whether a sidecar has ended with its Pod."""
        return sidecar.sidecar and not any(one.never_ran for one in self.containers)

    def _unready(self) -> list[str]:
        beside = [one for one in self.inits if one.sidecar]
        return [one.name for one in (*beside, *self.containers) if not one.ready]

    def _set(self, pod: Obj, kind: str, lacking: list[str], reason: str, word: str) -> None:
        if not lacking:
            set_condition(pod, kind, "True")
        elif self._phase() == "Succeeded":
            set_condition(pod, kind, "False", reason="PodCompleted")
        else:
            message = f"containers with {word} status: [{' '.join(lacking)}]"
            set_condition(pod, kind, "False", reason=reason, message=message)
