"""Images of containers: pulled in the time that it takes, or told why they can't be."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from ..deadline import within
from .programs import program_of
from .sandbox import Node, Sandbox
from .status import ContainerStatus

PULL_MINUTES, LONGEST_PULL_S = 2.0, 4.0
"""About how long the guide's image takes to be pulled in the cloud, and at most here."""

SHORTEST_BACK_OFF_S = 1.0
"""At least that here, so that a failing engine does not take the machine."""


async def pull(
    sandbox: Sandbox, image: str, status: ContainerStatus, stopped: asyncio.Event
) -> None:
    """Wait until a container's image is there, or until the container is stopped."""
    node = sandbox.node
    if image in sandbox.pulled:
        sandbox.event("Pulled", f'Container image "{image}" already present on machine')
        return
    sandbox.event("Pulling", f'Pulling image "{image}"')
    start = time.monotonic()
    await _until_there(sandbox, image, status, stopped)
    if "vllm" in image:
        await _until_ready(node, stopped)
    usual_s = min(LONGEST_PULL_S, node.time_scale.seconds(PULL_MINUTES))
    more = node.store.fault_hooks.pull_minutes(sandbox.pod)
    await pause(usual_s + node.time_scale.seconds(more), stopped)
    sandbox.pulled.add(image)
    took = f"{time.monotonic() - start:.3f}s"
    sandbox.event(
        "Pulled",
        f'Successfully pulled image "{image}" in {took} ({took} including waiting). Rehearsal: '
        f"{_stands_for(node, image)}nothing was pulled",
    )


def _stands_for(node: Node, image: str) -> str:
    """Return what an image is the name of here, "" where that is told with the container."""
    if program_of(node.image.programs, image):
        return ""
    version = node.image.versions().get("vllm", "?")
    return f"image {image} stands for the engine vLLM {version} on this machine; "


async def _until_there(
    sandbox: Sandbox, image: str, status: ContainerStatus, stopped: asyncio.Event
) -> None:
    """Tell, again and again, that the image can't be pulled, until it can."""
    hooks = sandbox.node.store.fault_hooks
    while not stopped.is_set() and (why := hooks.no_image(sandbox.pod)):
        sandbox.event("Failed", f'Failed to pull image "{image}": {why}', warning=True)
        sandbox.event("Failed", "Error: ErrImagePull", warning=True)
        status.waits("ErrImagePull", why)
        await pause(SHORTEST_BACK_OFF_S, stopped)
        told = f'Back-off pulling image "{image}"'
        sandbox.event("BackOff", told)
        status.waits("ImagePullBackOff", f"{told}: {why}")
        await pause(SHORTEST_BACK_OFF_S, stopped)


async def _until_ready(node: Node, stopped: asyncio.Event) -> None:
    """Wait for a new engine's first answer, or for the container's end."""
    ready = asyncio.ensure_future(node.image.ready())
    ends = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({ready, ends}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            ready.result()
    finally:
        ready.cancel()
        ends.cancel()


async def pause(seconds: float, stopped: asyncio.Event) -> None:
    """Wait so long, or until the container is stopped."""
    with suppress(asyncio.TimeoutError):
        await within(seconds, stopped.wait())
