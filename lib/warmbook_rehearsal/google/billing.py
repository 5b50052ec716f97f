"""Cloud Billing: the account that pays for a project; it counts no money."""

from __future__ import annotations

from typing import Any

from google.cloud import billing_v1

from ..access import Caller
from .errors import invalid
from .projects import Project, Projects

ACCOUNT = "billingAccounts/000000-AAAAAA-000000"
_SERVICE = "cloudbilling.googleapis.com"


class Billing:
    """The Cloud Billing service over the projects, with one open account that is the caller's."""

    def __init__(self, projects: Projects) -> None:
        self._projects = projects

    def get(self, request: billing_v1.GetProjectBillingInfoRequest, caller: Caller) -> Any:
        """Answer GetProjectBillingInfo."""
        permission = "resourcemanager.projects.get"
        return _info(self._projects.open(request.name, caller, permission, _SERVICE))

    def update(self, request: billing_v1.UpdateProjectBillingInfoRequest, caller: Caller) -> Any:
        """Answer UpdateProjectBillingInfo: link the project to an account, or to none."""
        account = request.project_billing_info.billing_account_name
        verb = "create" if account else "delete"
        permission = f"resourcemanager.projects.{verb}BillingAssignment"
        project = self._projects.open(request.name, caller, permission, _SERVICE)
        if account not in ("", ACCOUNT):
            raise invalid(f"Invalid billing account: {account}.")
        project.billing_account = account
        return _info(project)

    def list_accounts(self, request: billing_v1.ListBillingAccountsRequest, caller: Caller) -> Any:
        """Answer ListBillingAccounts."""
        account = billing_v1.BillingAccount(
            name=ACCOUNT, open_=True, display_name="Rehearsal: costs nothing", currency_code="USD"
        )
        return billing_v1.ListBillingAccountsResponse(billing_accounts=[account])


def _info(project: Project) -> Any:
    return billing_v1.ProjectBillingInfo(
        name=f"projects/{project.id}/billingInfo",
        project_id=project.id,
        billing_account_name=project.billing_account,
        billing_enabled=bool(project.billing_account),
    )
