import pytest

from warmbook.errors import AccessError, SettingsError
from warmbook.steps import project


@pytest.mark.guide("G02")
def test_the_project_is_found_with_its_number(chosen, clients):
    found = project.find(chosen, clients)
    assert (found.project_id, found.state) == ("rehearsal-project", "ACTIVE")
    assert found.number.isdigit()
    assert "gcloud projects describe rehearsal-project" in found.command


@pytest.mark.guide("G02")
def test_an_unknown_project_is_reported_with_the_command_that_creates_it(chosen, clients):
    other = chosen.model_copy(update={"project_id": "somebody-elses"})
    with pytest.raises(AccessError, match="project somebody-elses does not exist") as refused:
        project.find(other, clients)
    assert "gcloud projects create" in refused.value.remedy


@pytest.mark.guide("G03")
def test_disabled_billing_is_reported(chosen, clients, rehearsal):
    assert project.billing(chosen, clients).enabled
    rehearsal.call(lambda: setattr(rehearsal.inner.cloud.project, "billing_account", ""))
    off = project.billing(chosen, clients)
    assert not off.enabled
    assert off.edge() == "error"


@pytest.mark.guide("G04")
def test_the_apis_are_enabled_once(chosen, clients, quiet):
    first = project.enable_services(chosen, clients, **quiet)
    again = project.enable_services(chosen, clients, **quiet)
    assert "container.googleapis.com" in first.enabled
    assert again.enabled == again.missing == ()
    assert len(again.before) == 4


@pytest.mark.guide("G06 G07")
def test_both_roles_are_granted_once(chosen, clients):
    first = project.grant_roles(chosen, clients)
    again = project.grant_roles(chosen, clients)
    assert first.granted == again.before == ("roles/container.admin", "roles/storage.admin")
    assert again.granted == ()


def test_without_an_account_to_grant_to_the_form_is_named(chosen, clients):
    nobody = chosen.model_copy(update={"account": ""})
    with pytest.raises(SettingsError, match="contain no account name") as refused:
        project.grant_roles(nobody, clients)
    assert "account" in refused.value.fields


def test_a_service_account_is_granted_as_one(chosen, clients):
    robot = chosen.model_copy(update={"account": "ci@p.iam.gserviceaccount.com"})
    assert project.grant_roles(robot, clients).member == (
        "serviceAccount:ci@p.iam.gserviceaccount.com"
    )


@pytest.mark.parametrize(
    ("permission", "role"),
    [("storage.buckets.setIamPolicy", "roles/storage.admin"), ("storage.objects.get", "")],
)
def test_a_permission_is_looked_up_among_the_roles(permission, role):
    assert project.Roles("user:me@example.com", (), ()).giving(permission) == role
