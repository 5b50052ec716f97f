import pytest

from warmbook import policies
from warmbook.errors import AccessError, MissingError, ResourceFailedError
from warmbook.steps import server, streaming


def revoke(clients, chosen, role):
    bucket = clients.storage.bucket(chosen.bucket_name)
    policies.revoke_on_bucket(bucket, [role], lambda member: "/sa/vllm-streamer" in member)


def test_the_manifest_is_shown_with_its_reasons(chosen, clients):
    shown = server.manifest(chosen, clients)
    assert "kind: Deployment" in shown.yaml
    assert any("--disable-log-requests" in name for name, _ in shown.departures)
    assert "kubectl create -f vllm-deployment.yaml" in shown.command


def test_without_the_service_account_the_notebook_that_makes_it_is_named(chosen, clients, up_to):
    up_to("cluster")
    with pytest.raises(MissingError, match="no service account vllm-streamer") as missing:
        server.deploy(chosen, clients)
    assert "05" in missing.value.remedy


@pytest.mark.guide("G22")
def test_the_deployment_is_made_once_and_brought_to_new_choices(chosen, clients, quiet, up_to):
    up_to("identity")
    first = server.deploy(chosen, clients)
    again = server.deploy(chosen, clients)
    other = server.deploy(chosen.model_copy(update={"concurrency": 16}), clients)
    assert (first.created, again.created, again.changed) == (True, False, False)
    assert (other.created, other.changed) == (False, True)
    assert server.wait_started(chosen, clients, **quiet).running


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        ("roles/storage.bucketViewer", "storage.buckets.get"),
        ("roles/storage.objectUser", "storage.objects.list"),
    ],
)
def test_without_a_bucket_role_the_missing_permission_is_named(
    chosen, clients, quiet, up_to, role, permission
):
    up_to("identity")
    revoke(clients, chosen, role)
    server.deploy(chosen, clients)
    with pytest.raises(AccessError, match=permission) as refused:
        server.wait_started(chosen, clients, **quiet)
        streaming.wait_available(chosen, clients, **quiet)
    assert "05" in refused.value.remedy


def test_a_service_account_that_vanished_is_said(chosen, clients, quiet, up_to):
    up_to("identity")
    clients.kubernetes.delete("ServiceAccount", "vllm-streamer", "vllm")
    from warmbook import manifests

    clients.kubernetes.apply(manifests.deployment(chosen))
    with pytest.raises(ResourceFailedError, match="serviceaccount"):
        server.wait_started(chosen, clients, **quiet)
