"""One probe at a time, against real sockets."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from warmbook_rehearsal.node.probes import Probe

ADDRESS = "127.202.0.2"
CONTAINER = {"name": "c", "ports": [{"name": "api", "containerPort": 0}]}


async def nothing(command: list[str]) -> tuple[int, str]:
    raise AssertionError(command)


def failure(spec, *, status=200, delay_s=0.0, serve=True):
    """Return what one probe says of a server that answers so."""

    async def asked():
        async def answer(request):
            await asyncio.sleep(delay_s)
            return web.Response(status=status, headers={"Location": "http://127.0.0.1:1/"})

        app = web.Application()
        app.router.add_get("/health", answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, ADDRESS, 0).start()
        port = runner.addresses[0][1]
        if not serve:
            await runner.cleanup()
        filled = {
            kind: {"port": port, "path": "/health", **how} if kind != "exec" else how
            for kind, how in spec.items()
            if isinstance(how, dict)
        }
        container = {"name": "c", "ports": [{"name": "api", "containerPort": port}]}
        probe = Probe("Startup", {**spec, **filled}, container, ADDRESS, nothing)
        told = await probe.failure()
        await runner.cleanup()
        return told.replace(str(port), "PORT")

    return asyncio.run(asked())


@pytest.mark.parametrize("status", [200, 204, 302, 399])
def test_2xx_and_3xx_pass(status):
    assert failure({"httpGet": {}}, status=status) == ""


@pytest.mark.parametrize("status", [400, 404, 503])
def test_other_statuses_fail_with_the_kubelet_s_message(status):
    assert failure({"httpGet": {}}, status=status) == f"HTTP probe failed with statuscode: {status}"


def test_a_port_may_be_named():
    assert failure({"httpGet": {"port": "api"}}) == ""


@pytest.mark.parametrize("kind", ["httpGet", "tcpSocket"])
def test_a_closed_port_is_a_refused_connection(kind):
    assert failure({kind: {}}, serve=False).endswith(
        f"dial tcp {ADDRESS}:PORT: connect: connection refused"
    )


def test_an_open_port_passes():
    assert failure({"tcpSocket": {}}) == ""


def test_an_answer_that_is_late_fails():
    told = failure({"httpGet": {}, "timeoutSeconds": 1}, delay_s=5)
    assert told.endswith("(Client.Timeout exceeded while awaiting headers)")


def test_the_deadline_is_the_manifest_s():
    spec = {"httpGet": {}, "initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 60}
    probe = Probe("Startup", spec, CONTAINER, ADDRESS, nothing)
    assert probe.delay_s + probe.tolerates_s == 630


def test_a_probe_that_is_stopped_as_it_fails_is_stopped():
    """A Pod's end breaks the connection of its probe and stops the probe at the same moment."""

    async def scenario():
        answer = asyncio.get_running_loop().create_future()

        async def run(command):
            return await answer

        spec = {"exec": {"command": ["true"]}}
        probing = asyncio.create_task(Probe("Liveness", spec, CONTAINER, ADDRESS, run).failure())
        await asyncio.sleep(0.01)
        answer.set_exception(ConnectionResetError())
        await asyncio.sleep(0)  # the command has failed, the probe has not taken it yet
        probing.cancel()
        await asyncio.wait({probing}, timeout=10)
        return probing.cancelled()

    assert asyncio.run(scenario())
