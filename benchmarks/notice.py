"""Inside a rehearsal: how long after the server knows does the workbook notice; prints JSON."""

from __future__ import annotations

import json
import statistics
import threading
import time
from datetime import datetime, timezone
from typing import Any

from warmbook.cloud.objects import parse_time
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import cluster, identity, project

RUNS = 9


def main() -> None:
    settings = Settings.parse(merge())
    clients = connect(settings)
    project.enable_own_services(settings, clients, report=lambda _: None)
    project.enable_services(settings, clients, report=lambda _: None)
    cluster_s = [cluster_notice(settings, clients)]
    identity.create_namespace(settings, clients)
    watch_s = [watch_notice(settings, clients, f"notice-{n}") for n in range(RUNS)]
    print(
        json.dumps(
            {"watch_s": statistics.median(watch_s), "cluster_s": statistics.median(cluster_s)}
        )
    )


def cluster_notice(settings: Settings, clients: Any) -> float:
    """Return the seconds from the end of GKE's operation to the end of the step."""
    cluster.create(settings, clients, report=lambda _: None)
    seen = datetime.now(timezone.utc)
    path = clients.location_path(settings)
    operations = clients.clusters.list_operations(parent=path).operations
    end = max(parse_time(o.end_time) for o in operations)
    return max(0.0, (seen - end).total_seconds())


def watch_notice(settings: Settings, clients: Any, name: str) -> float:
    """Return the seconds from the server's answer to a change to the watch's news of it."""
    made: list[float] = []
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": settings.namespace},
    }

    def make() -> None:
        time.sleep(0.3)
        clients.kubernetes.create(manifest)
        made.append(time.monotonic())

    maker = threading.Thread(target=make)
    maker.start()
    for seen in clients.kubernetes.watch("ConfigMap", settings.namespace):
        if any(item["metadata"]["name"] == name for item in seen):
            noticed = time.monotonic()
            break
    maker.join()
    return max(0.0, noticed - made[0])


if __name__ == "__main__":
    main()
