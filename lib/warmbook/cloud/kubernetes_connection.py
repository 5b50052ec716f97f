"""How a cluster is reached: its endpoint, and requests with a deadline that are tried again."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from .retry import TRANSIENT, again, asked_s

DEADLINE_S = (10, 120)
"""Seconds to connect and to hear the next byte; else a cut connection would wait for ever."""

OF_A_POD = re.compile(r"/pods/[^/]+/(log|proxy|exec)")
"""Paths where it is a Pod or its node that answers: who asked knows what to make of a 503."""


def dns_endpoint(cluster: Any) -> str:
    """Return the cluster's DNS endpoint, or nothing where it takes no outside traffic."""
    dns = cluster.control_plane_endpoints_config.dns_endpoint_config
    return str(dns.endpoint) if dns.allow_external_traffic else ""


def is_internal(cluster: Any) -> bool:
    """Say whether the cluster's IP endpoint is an address inside its own network only.

    Source: GKE API v1, PrivateClusterConfig.enable_private_endpoint, and its newer form,
    IPEndpointsConfig.enable_public_endpoint.
    """
    addresses = cluster.control_plane_endpoints_config.ip_endpoints_config
    hidden = "enable_public_endpoint" in addresses and not addresses.enable_public_endpoint
    return bool(hidden or cluster.private_cluster_config.enable_private_endpoint)


def connection(config: Any, patience_s: float) -> Any:
    """Return what sends an ApiClient's requests: each with a deadline, and again while that helps.

    Source: kubernetes 37, client/rest.py; ApiClient takes another in `rest_client`.
    """
    from kubernetes.client.rest import RESTClientObject

    class Persistent(RESTClientObject):
        def request(self, method: str, url: str, **options: Any) -> Any:
            options["_request_timeout"] = options.get("_request_timeout") or DEADLINE_S
            of_a_pod = OF_A_POD.search(urlsplit(url).path) is not None

            def passing(answer: Any) -> bool:
                # read, so that its connection can carry the next attempt
                return answer.status in TRANSIENT and not of_a_pod and answer.read() is not None

            send = partial(super().request, method, url, **options)
            return again(send, passing=passing, patience_s=patience_s, asked_s=asked_s)

    return Persistent(config)
