"""What an API server of a cluster leaves in the process once it has been stopped."""

import gc
import weakref

import requests

from .conftest import Cluster


def test_a_cluster_that_was_stopped_is_no_longer_in_memory(tmp_path):
    with Cluster(tmp_path) as cluster:
        headers = {"Authorization": f"Bearer {cluster.token}"}
        for path in ("/api/v1/nodes", "/apis/apps/v1/deployments", "/no/such/path"):
            requests.get(cluster.url + path, headers=headers, timeout=10)
        application = weakref.ref(cluster.runner.app)
        store = weakref.ref(cluster.store)
    del cluster
    gc.collect()

    assert (application(), store()) == (None, None)
