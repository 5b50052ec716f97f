"""Kubernetes' own end-to-end tests, run against a cluster of a rehearsal.

The cluster is one of `warmbook_rehearsal.clusters`, with two ordinary nodes, without the rest of a
rehearsal. What the suite wants besides is here and not in the rehearsal, as no reader meets it:
its images, and what Kubernetes 1.20 had in every cluster.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.cloud import container_v1 as gke

from warmbook_rehearsal.clusters import Clusters
from warmbook_rehearsal.kubernetes import ApiError
from warmbook_rehearsal.node import Image, Program
from warmbook_rehearsal.rehearsal import pod_addresses
from warmbook_rehearsal.request_faults import Incoming, RequestFaults
from warmbook_rehearsal.time_scale import TimeScale

VERSION = "1.33.5-gke.1308000"
OPTIONS = (
    "--provider=skeleton",
    "--kube-api-content-type=application/json",
    # 1.20 waits for a service account's token Secret, which clusters from 1.24 on do not make
    "--e2e-verify-service-account=false",
    "--dump-logs-on-failure=false",
    "--node-schedulable-timeout=1m",
    "--system-pods-startup-timeout=1m",
    "--ginkgo.noColor",
    "--ginkgo.seed=1",
    "--test.timeout=3h",
)


def run(folder: Path, focus: str, report: Path) -> None:
    """Run the tests that `focus` selects, by `e2e.test` in a folder; leave JUnit at `report`.

    Raises:
        SystemExit: They did not come to their end.
    """
    words = [str(folder / "e2e.test"), *OPTIONS, f"--ginkgo.focus={focus}"]
    with tempfile.TemporaryDirectory() as home, _cluster(folder) as kubeconfig:
        reports = Path(home, "reports")
        environ = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home}
        options = [f"--kubeconfig={kubeconfig}", f"--report-dir={reports}"]
        done = subprocess.run([*words, *options], cwd=home, env=environ)
        written = reports / "junit_01.xml"
        if not written.exists():
            raise SystemExit(f"e2e.test did not come to its end ({done.returncode})")
        report.write_bytes(written.read_bytes())


def version(folder: Path) -> str:
    """Return which version of Kubernetes `e2e.test` in a folder was built from."""
    said = subprocess.run([folder / "e2e.test", "--version"], capture_output=True, text=True)
    return said.stdout.strip()


def _programs(folder: Path) -> Mapping[str, Program]:
    """Return what stands for the tests' images.

    agnhost is Kubernetes' own, with the command of its Dockerfile. busybox is this machine's own
    tools, with bash for its shell, as scripts of the tests have `[[`. pause, nginx and httpd only
    have to run: no test that is selected asks them anything.
    """
    agnhost, bash = (folder / "agnhost").resolve(), Path(shutil.which("bash") or "/bin/bash")
    runs = Program((str(agnhost),), ("pause",))
    return {
        "agnhost": Program(("/agnhost",), ("pause",), {"/agnhost": agnhost, "/agnhost-2": agnhost}),
        "busybox": Program(("sh",), (), {"/bin/sh": bash}),
        **dict.fromkeys(("pause", "nginx", "httpd"), runs),
    }


@contextmanager
def _cluster(folder: Path) -> Iterator[Path]:
    """Let a cluster run in a thread of its own; yield its kubeconfig."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory(prefix="e2e-") as state:
        clusters = _clusters(Path(state), _programs(folder))
        asyncio.run_coroutine_threadsafe(_begin(clusters), loop).result()
        try:
            yield clusters.kubeconfig
        finally:
            asyncio.run_coroutine_threadsafe(clusters.stop_all(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _clusters(state: Path, programs: Mapping[str, Program]) -> Clusters:
    rules = RequestFaults()
    rules.add(_know_replication_controllers)
    return Clusters(
        folder=state,
        token="end-to-end",
        image=_image(state / "image", programs),
        engine="quick",
        time_scale=TimeScale(minute_s=0.02),
        addresses=pod_addresses(),
        pods=_Alone(),
        request_faults=rules,
    )


def _image(folder: Path, programs: Mapping[str, Program]) -> Image:
    """Return an engine that no test starts: its Python is the one that runs this."""
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(sys.executable)
    (folder / "complete.json").write_text(json.dumps({"vllm": "none"}))
    return Image(folder, programs=programs)


async def _begin(clusters: Clusters) -> None:
    nodes = gke.NodeConfig(machine_type="e2-standard-4", disk_size_gb=100)
    await clusters.start(
        gke.Cluster(
            name="end-to-end",
            location="us-central1-a",
            locations=["us-central1-a"],
            current_master_version=VERSION,
            node_pools=[gke.NodePool(name="default-pool", initial_node_count=2, config=nodes)],
        )
    )
    # every cluster has it; the suite asks it whether addresses are those of IPv4
    server = {"metadata": {"name": "kubernetes"}, "spec": {"ports": [{"port": 443}]}}
    clusters.running[0].store.create("Service", server)


class _Alone:
    """What a Pod needs of a rehearsal around it, where there is none."""

    async def pod_starts(self, pod: dict[str, Any], address: str) -> None:
        """Give nobody an identity."""

    async def pod_ends(self, address: str) -> None:
        """Take nothing back."""

    def pod_environment(self, address: str) -> dict[str, str]:
        """Return nothing: there are no services of Google's."""
        return {}


class _NoneError(ApiError):
    """A list of none in place of a refusal."""

    def status(self) -> dict[str, Any]:
        """Return the list."""
        return {
            "kind": "ReplicationControllerList",
            "apiVersion": "v1",
            "metadata": {},
            "items": [],
        }


async def _know_replication_controllers(incoming: Incoming) -> None:
    """Let the suite see that there are none in kube-system; else it does not begin."""
    if incoming.path == "/api/v1/namespaces/kube-system/replicationcontrollers":
        raise _NoneError(200, "", "")
