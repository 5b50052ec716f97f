"""What a server computes on: accelerators, how many, which nodes, which driver."""

from __future__ import annotations

from collections.abc import Iterator

from ....cloud.gke import ACCELERATOR, DRIVER
from ....texts import say
from ... import gpu_driver
from ..accelerators import GPU, node_is_chosen, place_of
from ..report import LintFinding
from ..server import Server
from ..shapes import as_map
from .release import not_checked

_PARTITION_MAX = 2
"""A TPU chip counts as two devices on Ironwood (tpu7x). Source: Cloud TPU, "TPU7x"."""


def accelerators(server: Server) -> Iterator[LintFinding]:
    """Look whether the container gets what it computes on."""
    found = server.accelerators
    if found.requested:
        yield LintFinding(
            "gpu requests",
            found.requested,
            say("Kubernetes rejects the manifest: requests and limits of GPUs must be equal."),
            say("Set both to the same number."),
            line=found.line,
        )
    if found.kind != "none" or server.image.device != "gpu" or _on_cpu(server):
        return
    if not _tells(server):
        yield not_checked(server, "resources", say("it names no accelerator."), found.line)
        return
    yield LintFinding(
        "no gpu",
        GPU,
        say("The Pod gets no GPU: the server does not start."),
        say("Set {name} under resources.limits.", name=GPU),
        line=found.line,
    )


def parallel(server: Server) -> Iterator[LintFinding]:
    """Hold the sizes of the parallelism against the accelerators."""
    sizes = [server.count(f"--{kind}-parallel-size") for kind in ("tensor", "pipeline")]
    found = server.accelerators
    given = server.arguments.option("--tensor-parallel-size") or server.arguments.option(
        "--pipeline-parallel-size"
    )
    if given is None or (found.kind in ("none", "unknown") and not _alone_without(server)):
        return
    hosts, count = server.hosts, found.count if found.kind != "none" else 1
    what = f"--tensor-parallel-size={given.value.text if given.value else ''}"
    if None in sizes or hosts is None or count is None:
        yield not_checked(
            server,
            what,
            say("it does not say how many accelerators serve together."),
            given.word.line,
        )
        return
    tensor, pipeline = (size or 1 for size in sizes)
    most = max(1, count) * hosts * (_PARTITION_MAX if found.kind == "tpu" else 1)
    if tensor * pipeline > most and server.perhaps:
        reason = say("a condition decides whether this server runs.")
        yield not_checked(server, what, reason, given.word.line)
    elif tensor * pipeline > most:
        product = f" --pipeline-parallel-size={pipeline}" if pipeline > 1 else ""
        yield LintFinding(
            "tensor parallel",
            f"--tensor-parallel-size={tensor}{product}",
            _too_few(server, count * hosts, hosts),
            say("Request as many for the Pod, or lower the size."),
            line=given.word.line or server.line,
        )


def accelerator_of_node(server: Server) -> Iterator[LintFinding]:
    """Look whether a Pod says which GPU it means."""
    if server.accelerators.kind not in ("gpu", "none") or server.image.device != "gpu":
        return
    if server.pod.whole and not node_is_chosen(server.pod.spec) and not _on_cpu(server):
        yield LintFinding(
            "no accelerator",
            ACCELERATOR,
            say("Autopilot does not know which GPU to provision, and adds no node."),
            say("Set it under nodeSelector, for example nvidia-l4."),
            "info",
            line=place_of(server.pod.spec, server.line),
        )


def driver(server: Server) -> Iterator[LintFinding]:
    """Look whether the image's CUDA runs on the driver that the node will have.

    A remark: which driver a node of a Standard cluster has is the node pool's.
    """
    if server.accelerators.kind not in ("gpu", "mig") or server.image.device != "gpu":
        return
    # vLLM's releases have a variant with CUDA 12, whose tag says so
    image = str(server.container.get("image") or "")
    newer = gpu_driver.suffices(server.version) is False and "cu12" not in image
    selector = as_map(server.pod.spec.get("nodeSelector"))
    if newer and ACCELERATOR in selector and selector.get(DRIVER) != "latest":
        yield LintFinding(
            "driver",
            f"vLLM {server.version}",
            say(
                "On a node with GKE's default driver, the server exits: its CUDA needs a newer one."
            ),
            say("Set {label}: latest under nodeSelector.", label=DRIVER),
            "info",
            pitfall="driver-too-old",
            line=place_of(server.pod.spec, server.line),
        )


def _too_few(server: Server, count: int, hosts: int) -> str:
    told = {"count": count, "name": server.accelerators.name or GPU, "engine": server.engine}
    if hosts > 1:
        return say("The Pods have {count} of {name}: {engine} stops.", **told)
    return say("The Pod has {count} of {name}: {engine} stops.", **told)


def _alone_without(server: Server) -> bool:
    """Say whether a Pod surely has no GPU, so that a size of two is too many."""
    return server.accelerators.kind == "none" and server.image.device == "gpu" and _tells(server)


def _tells(server: Server) -> bool:
    """Say whether the manifest has all that its Pods get."""
    return (
        server.pod.whole and bool(server.image.server) and "resourceClaims" not in server.pod.spec
    )


def _on_cpu(server: Server) -> bool:
    device = server.arguments.value("--device")
    return bool(device and device.text != "cuda")
