import pytest

from warmbook.errors import MissingError
from warmbook.steps import cleanup, identity


@pytest.mark.guide("G12 G13 G14 G16 G17")
def test_namespace_account_and_roles_are_made_once(chosen, clients, up_to):
    up_to("cluster")
    for step in (identity.create_namespace, identity.create_service_account):
        assert (step(chosen, clients).created, step(chosen, clients).created) == (True, False)
    first = identity.grant_bucket_roles(chosen, clients)
    again = identity.grant_bucket_roles(chosen, clients)
    assert (
        first.granted == again.before == ("roles/storage.bucketViewer", "roles/storage.objectUser")
    )
    assert again.granted == again.missing == ()


@pytest.mark.guide("G15")
def test_the_principal_is_the_guides(chosen, clients):
    found = identity.principal(chosen, clients)
    assert found.name == (
        f"principal://iam.googleapis.com/projects/{found.project_number}/locations/global/"
        "workloadIdentityPools/rehearsal-project.svc.id.goog/subject/ns/vllm/sa/vllm-streamer"
    )


def test_without_a_cluster_the_notebook_that_makes_it_is_named(chosen, clients, up_to):
    up_to("project")
    with pytest.raises(MissingError, match="cluster run-ai-test") as missing:
        identity.create_namespace(chosen, clients)
    assert "04" in missing.value.remedy


def test_a_concurrent_policy_change_is_not_lost(chosen, clients, monkeypatch):
    from google.cloud.storage import Bucket

    write, raced = Bucket.set_iam_policy, []

    def race(bucket, policy, **kwargs):
        if not raced:
            raced.append(True)
            other = bucket.get_iam_policy(requested_policy_version=3)
            other.version = 3
            other.bindings.append({"role": "roles/storage.objectViewer", "members": {"user:a@b.c"}})
            write(bucket, other)
        return write(bucket, policy, **kwargs)

    monkeypatch.setattr(Bucket, "set_iam_policy", race)
    assert identity.grant_bucket_roles(chosen, clients).missing == ()
    policy = clients.storage.bucket(chosen.bucket_name).get_iam_policy(requested_policy_version=3)
    assert {"roles/storage.objectViewer", "roles/storage.objectUser"} <= {
        binding["role"] for binding in policy.bindings
    }


def test_a_reader_may_choose_the_role_that_only_reads(up_to, chosen, clients, quiet):
    up_to("cluster")
    identity.create_namespace(chosen, clients)
    identity.create_service_account(chosen, clients)
    least = chosen.model_copy(update={"object_role": "objectViewer"})
    first = identity.grant_bucket_roles(least, clients)
    assert first.granted == ("roles/storage.bucketViewer", "roles/storage.objectViewer")
    assert first.missing == first.beyond == ()
    # back to the guide's: the other one is told, and cleanup takes both
    second = identity.grant_bucket_roles(chosen, clients)
    assert second.granted == ("roles/storage.objectUser",)
    assert second.beyond == ("roles/storage.objectViewer",)
    assert "not needed" in repr(second)
    assert "objectViewer" in identity.grant_bucket_roles.command(least)
    cleanup.delete(chosen, clients, **quiet)
    assert cleanup.inventory(chosen, clients).created == ()


def test_with_the_role_that_only_reads_the_model_is_streamed(up_to, chosen, clients):
    up_to("streaming", chosen.model_copy(update={"object_role": "objectViewer"}))
