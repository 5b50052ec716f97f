"""Resource Manager, through its official client and as gcloud calls it."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import resourcemanager_v3

NAME = "projects/demo-project"
ADMIN = {"role": "roles/container.admin", "members": ["user:you@example.com"]}


def test_a_project_is_found_by_its_id_and_by_its_number(shared: Any) -> None:
    by_id = shared.projects.get_project(name=NAME)
    by_number = shared.projects.get_project(name="projects/123456789012")

    assert by_id == by_number
    assert by_id.name == "projects/123456789012"
    assert by_id.project_id == "demo-project"
    assert by_id.state == resourcemanager_v3.Project.State.ACTIVE


def test_an_unknown_project_is_forbidden_with_the_permission_that_would_show_it(
    shared: Any,
) -> None:
    with pytest.raises(exceptions.Forbidden) as refused:
        shared.projects.get_project(name="projects/someone-elses")

    assert refused.value.reason == "IAM_PERMISSION_DENIED"
    assert refused.value.metadata["permission"] == "resourcemanager.projects.get"


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 1), ("id:demo-*", 1), ("state:ACTIVE projectId=demo-project", 1), ("name:other", 0)],
)
def test_a_search_finds_the_projects_that_fit(shared: Any, query: str, count: int) -> None:
    assert len(list(shared.projects.search_projects(query=query))) == count


def test_a_created_project_belongs_to_its_creator_and_has_no_billing(running: Any) -> None:
    wanted = resourcemanager_v3.Project(project_id="second-project", display_name="Second")
    created = running.projects.create_project(project=wanted).result(timeout=5)

    assert created.display_name == "Second"
    found = {project.project_id for project in running.projects.search_projects()}
    assert found == {"demo-project", "second-project"}
    parent = "projects/second-project"
    on = {"parent": parent, "filter": "state:ENABLED"}
    assert not list(running.services.list_services(request=on))
    own = [f"cloud{name}.googleapis.com" for name in ("billing", "resourcemanager")]
    wanted_apis = {"parent": parent, "service_ids": own}
    running.services.batch_enable_services(request=wanted_apis).result(timeout=5)
    policy = running.projects.get_iam_policy(resource="projects/second-project")
    assert list(policy.bindings[0].members) == [running.reader.member]
    info = running.billing.get_project_billing_info(name="projects/second-project")
    assert not info.billing_enabled


@pytest.mark.parametrize(
    ("project_id", "error"), [("demo-project", exceptions.Conflict), ("No", exceptions.BadRequest)]
)
def test_a_project_id_that_is_taken_or_malformed_is_refused(
    shared: Any, project_id: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        shared.projects.create_project(
            project=resourcemanager_v3.Project(project_id=project_id), retry=None
        )


def test_a_binding_is_kept_and_the_etag_moves_on(running: Any) -> None:
    request = {"resource": NAME, "options": {"requested_policy_version": 3}}
    policy = running.projects.get_iam_policy(request=request)
    before = policy.etag
    policy.bindings.add(**ADMIN)
    policy.version = 3
    after = running.projects.set_iam_policy(request={"resource": NAME, "policy": policy})

    assert after.etag != before
    assert [binding.role for binding in after.bindings] == ["roles/owner", "roles/container.admin"]
    assert ADMIN in running.cloud.bindings()


def test_a_stale_etag_is_refused_with_409_aborted(running: Any) -> None:
    first = running.projects.get_iam_policy(resource=NAME)
    stale = running.projects.get_iam_policy(resource=NAME)
    first.bindings.add(**ADMIN)
    running.projects.set_iam_policy(request={"resource": NAME, "policy": first})

    with pytest.raises(
        exceptions.Conflict, match="There were concurrent policy changes"
    ) as refused:
        running.projects.set_iam_policy(request={"resource": NAME, "policy": stale})

    assert refused.value.response.json()["error"]["status"] == "ABORTED"
    assert len(running.cloud.bindings()) == 2


@pytest.mark.parametrize(
    "binding",
    [
        {"role": "owner", "members": ["user:you@example.com"]},
        {"role": "roles/owner", "members": ["you@example.com"]},
        {"role": "roles/owner", "members": ["allUsers"]},
    ],
)
def test_a_malformed_role_or_member_is_refused(shared: Any, binding: dict[str, Any]) -> None:
    policy = shared.projects.get_iam_policy(resource=NAME)
    policy.bindings.add(**binding)

    with pytest.raises(exceptions.BadRequest):
        shared.projects.set_iam_policy(request={"resource": NAME, "policy": policy})


def test_a_request_to_set_no_policy_is_refused(running: Any) -> None:
    before = running.cloud.bindings()

    assert running.post("/v1/projects/demo-project:setIamPolicy", {}).status_code == 400
    assert running.cloud.bindings() == before


def test_a_workload_identity_principal_and_a_condition_are_kept(running: Any) -> None:
    member = (
        "principal://iam.googleapis.com/projects/123456789012/locations/global/"
        "workloadIdentityPools/demo-project.svc.id.goog/subject/ns/vllm/sa/server"
    )
    policy = running.projects.get_iam_policy(resource=NAME)
    added = policy.bindings.add(role="roles/storage.objectUser", members=[member])
    added.condition.expression = "request.time < timestamp('2030-01-01T00:00:00Z')"
    kept = running.projects.set_iam_policy(request={"resource": NAME, "policy": policy})

    assert kept.version == 3
    assert list(kept.bindings[1].members) == [member]
    assert kept.bindings[1].condition == added.condition


def test_the_callers_permissions_are_returned(running: Any) -> None:
    asked = ["container.clusters.create", "resourcemanager.projects.setIamPolicy"]
    as_owner = running.projects.test_iam_permissions(resource=NAME, permissions=asked)
    running.allow("roles/container.admin")
    as_admin = running.projects.test_iam_permissions(resource=NAME, permissions=asked)

    assert list(as_owner.permissions) == asked
    assert list(as_admin.permissions) == ["container.clusters.create"]


@pytest.mark.parametrize(
    "expression", ["request.time.getFullYear() > 2000", "resource.name.startsWith('projects/_/')"]
)
def test_a_role_under_a_condition_gives_nothing_on_the_project(
    running: Any, expression: str
) -> None:
    running.allow("roles/container.admin")
    bindings = running.cloud.project.policy.read().bindings
    bindings[0].condition.expression = expression

    asked = {"resource": NAME, "permissions": ["container.clusters.create"]}
    assert not running.projects.test_iam_permissions(asked).permissions


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        (lambda p: p.get_project(name=NAME), "resourcemanager.projects.get"),
        (lambda p: p.get_iam_policy(resource=NAME), "resourcemanager.projects.getIamPolicy"),
        (
            lambda p: p.set_iam_policy(request={"resource": NAME, "policy": {"version": 1}}),
            "resourcemanager.projects.setIamPolicy",
        ),
    ],
)
def test_a_call_without_the_permission_is_forbidden(
    running: Any, call: Any, permission: str
) -> None:
    running.allow("roles/storage.bucketViewer")

    with pytest.raises(exceptions.Forbidden) as refused:
        call(running.projects)

    assert refused.value.reason == "IAM_PERMISSION_DENIED"
    assert refused.value.metadata["permission"] == permission


def test_permissions_on_an_unknown_project_are_not_returned(shared: Any) -> None:
    with pytest.raises(exceptions.Forbidden):
        shared.projects.test_iam_permissions(
            resource="projects/someone-elses", permissions=["container.clusters.create"]
        )


def test_a_query_without_a_field_is_refused(shared: Any) -> None:
    with pytest.raises(exceptions.BadRequest, match="Invalid filter query: demo"):
        shared.projects.search_projects(query="demo")


def test_an_unknown_operation_is_not_found(shared: Any) -> None:
    assert shared.get("/v3/operations/cp.none").status_code == 404


def test_gcloud_gets_the_shapes_of_v1(shared: Any) -> None:
    project = shared.get("/v1/projects/demo-project").json()
    listed = shared.get("/v1/projects", filter="lifecycleState:ACTIVE").json()
    asked = {"options": {"requestedPolicyVersion": 3}}
    policy = shared.post("/v1/projects/demo-project:getIamPolicy", asked).json()
    kept = shared.post("/v1/projects/demo-project:setIamPolicy", {"policy": policy}).json()

    assert (project["projectNumber"], project["lifecycleState"]) == ("123456789012", "ACTIVE")
    assert listed == {"projects": [project]}
    assert kept["bindings"] == policy["bindings"]
