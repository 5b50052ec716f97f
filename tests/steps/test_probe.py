import json

import pytest

from warmbook.cloud import iam
from warmbook.errors import InterruptedWaitError, MissingError, ResourceFailedError
from warmbook.serving import pods
from warmbook.steps import probe

OURS = "app.kubernetes.io/managed-by=warmbook"


@pytest.fixture
def left(clients, chosen):
    """The probe's Pods in the cluster that nobody has deleted; an ending Pod takes a moment."""

    def look():
        found = clients.kubernetes.list_objects("Pod", chosen.namespace, labels=OURS)
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    return look


def revoke(chosen, clients, role):
    bucket = clients.storage.bucket(chosen.bucket_name)
    iam.revoke_on_bucket(bucket, [role], lambda member: "/sa/" in member)


def test_with_both_roles_the_probe_passes(chosen, clients, quiet, up_to, left):
    up_to("identity")
    probed = probe.probe(chosen, clients, **quiet)
    assert [(one.permission, one.may) for one in probed.answers] == [
        ("storage.buckets.get", True),
        ("storage.objects.list", True),
        ("storage.objects.get", True),
    ]
    assert probed and probed.readable and probed.pitfall == "" and probed.edge() == "ok"
    assert probed.first_permission == "storage.buckets.get"
    assert left() == []


@pytest.mark.parametrize(
    ("role", "refused", "pitfall"),
    [
        ("roles/storage.bucketViewer", ["storage.buckets.get"], "bucket-viewer-missing"),
        (
            "roles/storage.objectUser",
            ["storage.objects.list", "storage.objects.get"],
            "object-role-missing",
        ),
    ],
)
def test_a_missing_role_is_named_by_the_refused_permission(
    chosen, clients, quiet, up_to, left, role, refused, pitfall
):
    up_to("identity")
    revoke(chosen, clients, role)
    probed = probe.probe(chosen, clients, **quiet)
    assert [one.permission for one in probed.answers if not one.may] == refused
    assert not probed and probed.pitfall == pitfall
    assert "does not have storage." in repr(probed) and pitfall in repr(probed)
    assert left() == []


def test_the_doctor_prints_a_refusal_too(chosen, clients, up_to, capsys):
    from warmbook.__main__ import main

    up_to("identity")
    revoke(chosen, clients, "roles/storage.bucketViewer")
    words = ["doctor", "--before", "05", "--probe"]
    assert main(words) == 1
    assert "can't read" in capsys.readouterr().out
    assert main([*words, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)["probe"]
    assert [permission for permission, may in told.items() if not may] == ["storage.buckets.get"]


def test_without_the_namespace_notebook_5_is_named(chosen, clients, quiet, up_to):
    up_to("cluster")
    with pytest.raises(MissingError) as missing:
        probe.probe(chosen, clients, **quiet)
    assert missing.value.pitfall == "namespace-missing" and "05" in missing.value.remedy


def test_an_interrupt_leaves_no_pod(chosen, clients, up_to, left):
    up_to("identity")

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(InterruptedWaitError):
        probe.probe(chosen, clients, report=stop)
    assert left() == []


def test_an_image_that_cannot_be_pulled_ends_the_wait_by_its_name():
    pod = pods.Pod.of(
        {
            "metadata": {"name": "p", "creationTimestamp": "2026-11-22T10:00:00Z"},
            "status": {
                "phase": "Pending",
                "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}],
            },
        }
    )
    error = probe._no_image(pod)
    assert isinstance(error, ResourceFailedError) and error.pitfall == "image-not-found"


def test_without_a_token_the_metadata_server_is_named():
    told = {"permission": "token", "may": False, "reply": "0 no route to host"}
    (line,) = probe._lines(f"some noise\n{json.dumps(told)}\n[1]\n")
    probed = probe.Probed("vllm/vllm-streamer", "gs://b/m", (probe.PermissionResult(**line),))
    assert not probed and probed.pitfall == "metadata-server-off"
    assert probed.first_permission is None


def test_the_pod_asks_for_little_runs_as_the_account_and_is_found_by_its_label(settings):
    pod = probe.manifest(settings, "models/my-llama/config.json")
    assert pod["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "warmbook"}
    assert pod["spec"]["serviceAccountName"] == settings.service_account
    assert pod["spec"]["restartPolicy"] == "Never"
    assert "nvidia.com/gpu" not in json.dumps(pod)
    assert probe.manifest(settings, "")["metadata"]["name"] != pod["metadata"]["name"]


def test_each_refusal_is_a_pitfall_of_the_catalogue():
    from warmbook.doctor.pitfalls import CATALOGUE

    assert set(probe.PITFALLS.values()) <= CATALOGUE.keys()
