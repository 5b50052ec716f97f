from pathlib import Path

import pytest
import yaml

from warmbook.__main__ import main
from warmbook.cloud import iam
from warmbook.cloud.gke import ACCELERATOR
from warmbook.errors import AccessError, MissingError, ResourceFailedError, SettingsError
from warmbook.serving.guide_manifest import DEPLOYMENT, as_in_the_guide
from warmbook.serving.manifest import deployment
from warmbook.steps import identity, server, streaming

GOLDEN = Path(__file__).parents[1] / "golden"


def revoke(clients, chosen, role):
    bucket = clients.storage.bucket(chosen.bucket_name)
    iam.revoke_on_bucket(bucket, [role], lambda member: "/sa/vllm-streamer" in member)


def test_the_manifest_is_shown_with_its_reasons(chosen, clients):
    shown = server.manifest(chosen, clients)
    assert "kind: Deployment" in shown.yaml
    assert any("--disable-log-requests" in one.name for one in shown.departures)
    assert "kubectl create -f vllm-deployment.yaml" in shown.command
    assert shown.rejected_flag == "--disable-log-requests"
    assert "memory: " in shown.yaml and shown.yaml in shown.command
    assert shown.note() == ""


def test_the_command_line_prints_what_the_notebook_shows(chosen, clients, capsys):
    assert main(["manifest"]) == 0
    told = capsys.readouterr()
    shown = server.manifest(chosen, clients)
    assert yaml.safe_load(told.out) == yaml.safe_load(shown.yaml)
    assert all(f"# - {one.name}: {one.reason}\n" in told.out for one in shown.departures)
    assert main(["commands", "--notebook", "06", "--look"]) == 0
    assert shown.yaml in capsys.readouterr().out
    assert main(["manifest", "-p", "model_uri", "gs://nobody-has-this/model"]) == 0
    assert "could not be inspected" in capsys.readouterr().err


def test_an_unreadable_model_keeps_the_guides_memory_with_a_note(chosen, clients):
    elsewhere = chosen.model_copy(update={"model_uri": "gs://nobody-has-this/model"})
    shown = server.manifest(elsewhere, clients)
    assert "memory: " not in shown.yaml
    assert "could not be inspected" in repr(shown)


def test_the_strict_api_takes_every_golden_manifest(clients, up_to):
    up_to("identity")
    golden = sorted(GOLDEN.glob("*.yaml"))
    assert len(golden) >= 12
    for path in golden:
        manifest = yaml.safe_load(path.read_text())
        manifest["spec"]["replicas"] = 0  # nothing has to start
        made = clients.kubernetes.create(manifest)
        kept = made["spec"]["template"]["spec"]["containers"][0]
        sent = manifest["spec"]["template"]["spec"]["containers"][0]
        assert {name: kept[name] for name in ("image", "command", "args")} == {
            name: sent[name] for name in ("image", "command", "args")
        }, path.stem
        clients.kubernetes.delete("Deployment", manifest["metadata"]["name"], "vllm")


def test_the_guides_deployment_is_brought_to_another_strategy(chosen, clients, up_to):
    up_to("identity")
    clients.kubernetes.create(as_in_the_guide(chosen))
    spot = chosen.model_copy(update={"spot": True})
    assert server.deploy(spot, clients).changed
    assert not server.deploy(spot, clients).changed
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, "vllm")
    assert found["spec"]["strategy"] == {"type": "Recreate"}
    server.deploy(chosen, clients)


def test_a_rehearsal_reports_that_it_has_no_sglang(chosen, clients, up_to):
    up_to("identity")
    other = chosen.model_copy(update={"inference_server": "sglang"})
    assert "sglang.launch_server" in server.manifest(other, clients).yaml
    with pytest.raises(SettingsError, match="vLLM only"):
        server.deploy(other, clients)


def test_spot_pods_get_spot_machines(chosen, clients, quiet, up_to):
    spot = chosen.model_copy(update={"spot": True})
    up_to("server", spot)
    nodes = clients.kubernetes.list_objects("Node")
    labels = [node["metadata"]["labels"] for node in nodes]
    assert [one.get("cloud.google.com/gke-spot") for one in labels if ACCELERATOR in one] == [
        "true"
    ]


def test_without_namespace_or_service_account_the_notebook_that_makes_it_is_named(
    chosen, clients, up_to
):
    up_to("cluster")
    for pitfall in ("namespace-missing", "service-account-missing"):
        with pytest.raises(MissingError) as missing:
            server.deploy(chosen, clients)
        assert missing.value.pitfall == pitfall
        assert "05" in missing.value.remedy
        identity.create_namespace(chosen, clients)


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


def test_a_missing_service_account_is_reported(chosen, clients, quiet, up_to):
    up_to("identity")
    clients.kubernetes.delete("ServiceAccount", "vllm-streamer", "vllm")
    clients.kubernetes.apply(deployment(chosen))
    with pytest.raises(ResourceFailedError, match="serviceaccount"):
        server.wait_started(chosen, clients, **quiet)


@pytest.mark.parametrize("faults", [("image-not-found",)])
def test_after_the_remedy_the_pod_of_the_old_template_fails_nothing(chosen, clients, up_to, quiet):
    up_to("identity")
    server.deploy(chosen, clients)
    with pytest.raises(ResourceFailedError) as failed:
        server.wait_started(chosen, clients, **quiet)
    assert failed.value.pitfall == "image-not-found"
    mended = chosen.model_copy(update={"vllm_version": "0.21.0"})
    server.deploy(mended, clients)
    (started,) = server.wait_started(mended, clients, **quiet).listed
    assert started.running
    assert streaming.wait_available(mended, clients, **quiet).available == 1


def test_the_guides_own_release_takes_every_flag(chosen, clients):
    as_then = chosen.model_copy(update={"vllm_version": "0.11.1"})
    assert server.manifest(as_then, clients).rejected_flag == "none"
