"""Which of a cluster's endpoints the workbook talks to."""

from types import SimpleNamespace

import pytest
from google.cloud import container_v1

from warmbook.cloud.kubernetes import Kubernetes

IP, DNS = "203.0.113.7", "gke-1.us-central1.gke.goog"
OLD = {"private_cluster_config": {"enable_private_endpoint": True}}
CREDENTIALS = SimpleNamespace(valid=True, token="t")


def cluster(public=None, dns=False, endpoint=IP, **more):
    addresses = {} if public is None else {"enable_public_endpoint": public}
    return container_v1.Cluster(
        endpoint=endpoint,
        control_plane_endpoints_config={
            "ip_endpoints_config": addresses,
            "dns_endpoint_config": {"endpoint": DNS, "allow_external_traffic": dns},
        },
        **more,
    )


@pytest.mark.parametrize(
    ("existing", "host"),
    [
        (cluster(), IP),
        (cluster(public=True, dns=True), IP),
        (cluster(public=False, dns=True), DNS),
        (cluster(public=False), IP),  # from inside its network
        (cluster(dns=True, **OLD), DNS),
        (cluster(endpoint="", dns=True), DNS),
    ],
)
def test_an_internal_address_gives_way_to_a_dns_endpoint_that_takes_outside_traffic(
    existing, host, monkeypatch
):
    monkeypatch.setattr("kubernetes.dynamic.DynamicClient", lambda api, **_: api)
    assert Kubernetes(existing, CREDENTIALS)._dynamic.configuration.host == f"https://{host}"
