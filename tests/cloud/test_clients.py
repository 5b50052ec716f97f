import subprocess
import sys


def test_connecting_imports_no_cloud_library():
    script = (
        "import sys; from warmbook.cloud.clients import Clients; Clients('p'); "
        "print([m for m in sys.modules if m.startswith(('google.cloud', 'kubernetes', 'grpc'))])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_a_kubernetes_watch_yields_at_once_and_at_each_change(clients, chosen, up_to_identity):
    watch = clients.kubernetes.watch("ConfigMap", chosen.namespace)
    assert next(watch) == []
    made = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "news", "namespace": chosen.namespace},
    }
    clients.kubernetes.create(made)
    seen = next(found for found in watch if found)
    assert [item["metadata"]["name"] for item in seen] == ["news"]
    clients.kubernetes.delete("ConfigMap", "news", chosen.namespace)
    assert next(found for found in watch if not found) == []
