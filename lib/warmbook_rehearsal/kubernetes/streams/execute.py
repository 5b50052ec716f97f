"""Commands in a Pod: standard streams over a WebSocket, the exit status at the end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from .. import go_json
from ..errors import ApiError, bad_request
from ..objects import Obj
from ..request import Call
from .channels import CLOSE, STATUS, STDERR, STDIN, STDOUT, payload, pump, upgrade
from .pods import container_of, see_node, state_of

_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io")
Process = asyncio.subprocess.Process


async def execute(call: Call) -> web.StreamResponse:
    """Run a command beside a container's process, for as long as the caller stays."""
    pod = call.store.get("Pod", call.namespace, call.name)
    see_node(pod)
    container = container_of(pod, call.option("container"))
    command = call.request.query.getall("command", [])
    if not command:
        raise bad_request("you must specify at least one command for the container")
    if "running" not in (state_of(pod, container).get("state") or {}):
        said = f'unable to upgrade connection: container not found ("{container}")'
        raise ApiError(500, "InternalError", said)
    if "upgrade" not in call.request.headers.get("Connection", "").lower():
        raise bad_request("Upgrade request required")
    try:
        process = await call.runtime.exec(
            call.namespace or "default",
            call.name,
            container,
            command,
            stdin=call.flag("stdin"),
            tty=call.flag("tty"),
        )
    except (OSError, LookupError, ValueError) as error:  # ValueError: a NUL in the command
        return await _not_started(call, command[0], error)
    try:
        socket = await upgrade(call, _PROTOCOLS)
        await _converse(call, socket, process)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return socket


async def _not_started(call: Call, word: str, error: Exception) -> web.WebSocketResponse:
    """Say on the status channel that there is no such command, as a container runtime does."""
    socket = await upgrade(call, _PROTOCOLS)
    said = f'exec: "{word}": {error}'
    status = ApiError(500, "InternalError", f"command could not be started: {said}").status()
    await _send_status(socket, status)
    await socket.close()
    return socket


async def _send_status(socket: web.WebSocketResponse, status: Obj) -> None:
    """Tell how a command has ended, in the protocol's first version only that it failed.

    Source: Kubernetes, pkg/kubelet/cri/streaming/remotecommand (v1WriteStatusFunc).
    """
    if socket.ws_protocol == _PROTOCOLS[-1]:
        said = status.get("message", "")
    else:
        said = go_json.dumps(status)
    if said:
        await socket.send_bytes(bytes([STATUS]) + said.encode())


async def _converse(call: Call, socket: web.WebSocketResponse, process: Process) -> None:
    listening = asyncio.create_task(_listen(socket, process))
    outputs = asyncio.create_task(_outputs(call, socket, process))
    await asyncio.wait({listening, outputs}, return_when=asyncio.FIRST_COMPLETED)
    if outputs.done():
        with suppress(ConnectionError, RuntimeError):
            outputs.result()
            await _send_status(socket, _status(await process.wait()))
            await socket.close()
    for task in (listening, outputs):
        task.cancel()
    await asyncio.gather(listening, outputs, return_exceptions=True)


async def _outputs(call: Call, socket: web.WebSocketResponse, process: Process) -> None:
    both = [(process.stdout, STDOUT), (process.stderr, STDOUT if call.flag("tty") else STDERR)]
    await asyncio.gather(*(pump(stream, socket, at) for stream, at in both if stream))


async def _listen(socket: web.WebSocketResponse, process: Process) -> None:
    """Feed standard input until the caller closes it; return when the caller leaves."""
    async for message in socket:
        raw = payload(message)
        channel, data = raw[:1], raw[1:]
        if process.stdin is None or process.stdin.is_closing():
            continue
        with suppress(ConnectionError):
            if channel == bytes([STDIN]):
                process.stdin.write(data)
                await process.stdin.drain()
            elif channel == bytes([CLOSE]) and data[:1] == bytes([STDIN]):
                process.stdin.close()


def _status(code: int) -> Obj:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    exit_code = code if code > 0 else 128 - code
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {exit_code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(exit_code)}]},
    }
