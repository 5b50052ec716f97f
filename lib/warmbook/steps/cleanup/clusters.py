"""The clusters and node pools of the project that the workbook made, or may have made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...cloud import gke
from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...serving.guide_manifest import GPU_POOL
from ...serving.shell_commands import leftovers
from ...settings import Settings
from ...texts import say
from .resources import Found, Resource

LABEL = "=".join(*gke.LABEL.items())


def find_cluster(settings: Settings, clients: Clients) -> Any | None:
    """Return the cluster, None where there is none or where no API could have made one."""
    from google.api_core.exceptions import Forbidden

    try:
        return gke.find(settings, clients)
    except Forbidden as error:
        if google_reason(error) == "SERVICE_DISABLED":  # no API, so no cluster
            return None
        raise


def pools_in(settings: Settings, cluster: Any) -> Found:
    """Return the node pools that the workbook made in a cluster that somebody else made.

    A pool with the guide's name and without the label may be the workbook's: the guide's
    own command gives none.
    """
    found = Found()
    for pool in cluster.node_pools:
        if gke.is_marked(pool.config.resource_labels):
            proof = say("label {label}", label=LABEL)
            found.ours.append(Resource("node pool", pool.name, proof))
        elif pool.name == GPU_POOL:
            proof = say("it has the guide's name but not the workbook's label")
            command = leftovers.delete_node_pool(
                settings.project_id, cluster.name, cluster.location, pool.name
            )
            found.perhaps.append(Resource("node pool", pool.name, proof, command))
    return found


def elsewhere(settings: Settings, clients: Clients) -> list[Resource]:
    """Return the project's other clusters and pools with the label: of another choice or reader.

    None where the reader may not list clusters.
    """
    from google.api_core.exceptions import Forbidden

    everywhere = f"projects/{settings.project_id}/locations/-"
    try:
        listed = clients.clusters.list_clusters(parent=everywhere).clusters
    except Forbidden:
        return []
    here = (settings.cluster_name, settings.location)
    others = [one for one in listed if (one.name, one.location) != here]
    return [found for cluster in others for found in _marked(settings, cluster)]


def _marked(settings: Settings, cluster: Any) -> Iterator[Resource]:
    proof = say("label {label}", label=LABEL)
    place, project = (cluster.name, cluster.location), settings.project_id
    if gke.is_marked(cluster.resource_labels):
        name = say("{name} in {place}", name=cluster.name, place=cluster.location)
        yield Resource("cluster", name, proof, leftovers.delete_cluster(project, *place))
        return
    for pool in cluster.node_pools:
        if gke.is_marked(pool.config.resource_labels):
            name = say("{name} in {place}", name=pool.name, place=cluster.name)
            command = leftovers.delete_node_pool(project, *place, pool.name)
            yield Resource("node pool", name, proof, command)
