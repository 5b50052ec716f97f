"""Tier 3, about a dollar: one Spot L4, the guide's release and ours, on both drivers."""

from __future__ import annotations

import re
from typing import Any

from ..cloud import gke
from ..cloud.gke import DRIVER
from ..display.progress import polled, wait_until
from ..errors import MissingError, WarmbookError
from ..model.fit import GIB
from ..serving import guide_manifest, pods
from ..serving.gpu_driver import LEAST_BRANCH
from ..serving.manifest import deployment
from ..serving.prompts import QUESTION
from ..settings import Settings
from ..steps import server, sizing, streaming, weights
from ..steps import server_tokens as tokens
from .checks import Facts, NotReachedError, check, hold
from .session import Session, TierOverError

DRIVERS = ("default", "latest")
TOO_OLD = "driver-too-old"
"""The pitfall of a server whose CUDA wants a newer driver."""

UNEXPLAINED_SHARE = 0.1
_KV_CACHE = re.compile(r"Available KV cache memory: ([\d.]+) GiB")


@check(3, "server-on-latest", needed=True)
def releases_on_both_drivers(session: Session) -> Facts:
    """Start the guide's release and the settings' on each driver; the last one stays.

    A start that fails is a fact and no failure of the check, unless it is the last.
    """
    ours = session.settings.vllm_version
    starts = {
        f"{release} {driver}": _started(session, release, driver)
        for release in dict.fromkeys((guide_manifest.GUIDE_VLLM, ours))
        for driver in DRIVERS
    }
    session.kept["starts"] = starts
    if starts[f"{ours} latest"] != "ready":
        raise NotReachedError(f"there is no server to look at: {starts}")
    return starts


@check(3, "release-by-driver")
def what_the_default_driver_starts(session: Session) -> Facts:
    """See that the guide's release starts on the default driver and the settings' does not.

    A start that failed for want of a GPU tells nothing.
    """
    starts = session.kept["starts"]
    guides, ours = guide_manifest.GUIDE_VLLM, session.settings.vllm_version
    told = {starts[f"{release} default"] for release in (guides, ours)}
    if not told <= {"ready", TOO_OLD}:
        raise NotReachedError(f"not every start tells of the driver: {starts}")
    return hold(
        starts[f"{guides} default"] == "ready" and starts[f"{ours} default"] == TOO_OLD, **starts
    )


def _started(session: Session, release: str, driver: str) -> str:
    """Start a release on a driver; return `ready`, or what the workbook says instead."""
    settings = session.settings.model_copy(update={"vllm_version": release})
    _nothing_served(session)
    session.clients.kubernetes.apply(_manifest(session, settings, driver))
    try:
        streaming.wait_available(settings, session.clients, report=session.report)
    except TierOverError:
        raise
    except WarmbookError as error:
        return error.pitfall or error.what
    return "ready"


def _manifest(session: Session, settings: Settings, driver: str) -> dict[str, Any]:
    """Return the workbook's Deployment with the driver named, which Autopilot goes by.

    The default is named too: unnamed, it would also run on the node of the start before.
    """
    wanted = deployment(settings, server.look_up(session.clients, settings))
    selector = wanted["spec"]["template"]["spec"].setdefault("nodeSelector", {})
    wanted["spec"]["template"]["spec"]["nodeSelector"] = {**selector, DRIVER: driver}
    return wanted


def _nothing_served(session: Session) -> None:
    """Delete the Deployment and wait until its Pods are gone: one GPU is paid for, not two."""
    settings, clients = session.settings, session.clients
    clients.kubernetes.delete("Deployment", guide_manifest.DEPLOYMENT, settings.namespace)
    wait_until(
        polled(lambda: clients.kubernetes.list_objects("Pod", settings.namespace)),
        what="Pods",
        state=lambda left: str(len(left)),
        ready=lambda left: not left,
        report=session.report,
    )


@check(3, "spot-on-autopilot")
def spot_label(session: Session) -> Facts:
    """Read the labels of the server's node."""
    (labels,) = pods.node_labels(session.clients, pods.ready_now(session.settings, session.clients))
    kept = {name: labels.get(name, "") for name in (gke.SPOT, gke.ACCELERATOR, gke.MACHINE_TYPE)}
    return hold(kept[gke.SPOT] == "true" and kept[gke.ACCELERATOR] == session.settings.gpu, **kept)


@check(3, "spot-quota")
def quota_that_spot_counts_against(session: Session) -> Facts:
    """Read both quotas of the GPU in the region while a Spot one runs."""
    listed = session.clients.compute(f"regions/{session.own.region}").get("quotas") or ()
    found = {one["metric"]: [one["limit"], one["usage"]] for one in listed}
    facts = {name: found.get(name) for name in ("PREEMPTIBLE_NVIDIA_L4_GPUS", "NVIDIA_L4_GPUS")}
    spot, ordinary = (value or [0, 0] for value in facts.values())
    return hold((spot if spot[0] else ordinary)[1] >= 1, **facts)


@check(3, "first-question-counters")
def counters_before_the_first_question(session: Session) -> Facts:
    """Ask the server, and see whether its counters were all 0 before."""
    answer = streaming.ask(session.settings, session.clients, question=QUESTION)
    session.kept["answer"] = answer
    if answer.first is None:
        raise NotReachedError(answer.declined or "the server tells no counters")
    return hold(answer.first, first=answer.first, seconds=answer.elapsed_s)


@check(3, "chat-by-proxy")
def chat_through_the_api_server(session: Session) -> Facts:
    """Read what the server answered to the question of the check before."""
    answer = session.kept.get("answer")
    if answer is None or answer.declined:
        raise NotReachedError(answer.declined if answer else "nobody asked")
    return hold(answer.text, model=answer.model, text=answer.text[:200])


@check(3, "streamer-line")
def line_of_the_streamer(session: Session) -> Facts:
    """Find the streamer's own line in the released image's log, and all bytes in it."""
    seen = streaming.measure(session.settings, session.clients)
    loads = [one.record() for one in seen.loads]
    return hold(
        seen.whole and all(one.source == "streamer" for one in seen.loads),
        loads=loads,
        **_versions(session),
    )


def _versions(session: Session) -> dict[str, Any]:
    """Return what the server runs on, asked once in a run."""
    if "versions" not in session.kept:
        told = streaming.versions(session.settings, session.clients)
        session.kept["versions"] = told.record()
    versions: dict[str, Any] = session.kept["versions"]
    return versions


@check(3, "driver-in-pod")
def driver_that_the_pod_sees(session: Session) -> Facts:
    """Read the driver's number in the server's Pod, as notebook 07 does."""
    packages = _versions(session)["packages"]
    return hold("nvidia-driver" in packages, **packages)


@check(3, "latest-driver")
def branch_of_the_latest_driver(session: Session) -> Facts:
    """Hold the driver of the server's node, which is `latest`, against what CUDA 13 needs."""
    packages = _versions(session)["packages"]
    label, number = packages.get("gpu-driver", ""), packages.get("nvidia-driver", "")
    if not number:
        raise NotReachedError("the Pod does not see its driver")
    enough = int(number.partition(".")[0]) >= LEAST_BRANCH[13]
    return hold(label == "latest" and enough, label=label, driver=number)


@check(3, "cold-start-explained")
def cold_start(session: Session) -> Facts:
    """Take the cold start apart."""
    start = streaming.cold_start(
        session.settings, session.clients, answer=session.kept.get("answer")
    )
    phases = {phase.name: round(phase.elapsed_s, 2) for phase in start.phases}
    share = start.first.unexplained
    return hold(share < UNEXPLAINED_SHARE, share=round(share, 3), phases=phases)


@check(3, "driver-pods")
def pods_that_install_the_driver(session: Session) -> Facts:
    """Look for GKE's Pods that install the driver, by label and init container."""
    found = session.clients.kubernetes.list_objects(
        "Pod", "kube-system", labels="k8s-app=nvidia-gpu-device-plugin"
    )
    names = sorted({c["name"] for pod in found for c in pod["spec"].get("initContainers") or ()})
    return hold(any("driver" in name for name in names), pods=len(found), init=names)


@check(3, "sizing-ranges")
def memory_that_vllm_found(session: Session) -> Facts:
    """Hold the memory that vLLM found for its context against the range of the sizing."""
    settings, clients = session.settings, session.clients
    (pod, *_) = pods.ready_now(settings, clients)
    told = _KV_CACHE.search(clients.kubernetes.log(pod.name, settings.namespace))
    if told is None:
        raise NotReachedError("the log has no line on the memory for context")
    found = sizing.size_up(settings, clients, seen=weights.inspect(settings, clients).seen).fit
    if found is None:
        raise MissingError("the sizing tells nothing", remedy="")
    fixed = found.activations + found.non_torch + found.graphs
    low = (found.budget.low - found.weights_bytes - fixed.high) / GIB
    high = (found.budget.high - found.weights_bytes - fixed.low) / GIB
    gib = float(told[1])
    return hold(low <= gib <= high, gib=gib, low=round(low, 2), high=round(high, 2))


@check(3, "memory-enough")
def memory_of_the_pod(session: Session) -> Facts:
    """See that no load was killed for want of memory."""
    seen = pods.now(session.settings, session.clients)
    restarts = {pod.name: pod.restarts for pod in seen}
    return hold(not any(restarts.values()), restarts=restarts)


@check(3, "server-tokens")
def tokens_of_the_server(session: Session) -> Facts:
    """Keep the server's answers to the prompts for the comparison of tier 4."""
    served = tokens.answers(session.settings, session.clients)
    if served.transcript is None:
        raise NotReachedError(served.declined)
    session.kept["served"] = served
    return hold(not served.corrupted, verdict=served.verdict)
