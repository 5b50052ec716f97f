"""Pitfalls of the project: who calls, who pays, what is on, and the services' own troubles."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="no-credentials",
        symptom="«Your default credentials were not found»: no request to Google Cloud is sent.",
        cause="There are no credentials on the machine that runs the notebook.",
        remedy="Run `gcloud auth application-default login`, then this again.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="credentials-expired",
        symptom="A request that worked before fails with 401 or a RefreshError.",
        cause="The credentials have expired or were revoked.",
        remedy="Run `gcloud auth application-default login`, then this again.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="quota-project",
        symptom="Google Cloud requires a quota project, or denies the use of the one that is set.",
        cause="With user credentials, some services count requests against a quota project; "
        "none is set, or you have no access to it.",
        remedy="Request the role Service Usage Consumer on that project. Or set another with "
        "`gcloud auth application-default set-quota-project PROJECT_ID`, and restart the "
        "kernel.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="project-missing",
        symptom="The project does not exist, or you have no access: Google Cloud returns the "
        "same error for both.",
        cause="The ID is mistyped, is the project's name, the project is being deleted, or this "
        "account has no role in it.",
        remedy="Compare it with `gcloud projects list` and correct «project_id».",
        source="https://cloud.google.com/resource-manager/docs/creating-managing-projects",
    ),
    Pitfall(
        name="billing-off",
        symptom="Requests are rejected because billing is disabled for the project.",
        cause="The project has no billing account, or the account is closed.",
        remedy="Link a billing account in the console, under Billing; it may take minutes to "
        "take effect.",
        source="https://cloud.google.com/billing/docs/how-to/verify-billing-enabled",
    ),
    Pitfall(
        name="api-off",
        symptom="A 403 whose reason is SERVICE_DISABLED.",
        cause="The API of that service is not enabled in this project, or was enabled a moment "
        "ago.",
        remedy="Run notebook 02, which enables the APIs and waits until they respond.",
        source="https://cloud.google.com/service-usage/docs/enable-disable",
    ),
    Pitfall(
        name="role-missing",
        symptom="A 403 that names a permission that your own account lacks.",
        cause="Your account does not have a role with this permission.",
        remedy="Run notebook 02, which shows the required roles and what to request from an "
        "administrator.",
        source="https://cloud.google.com/iam/docs/troubleshoot-policies",
    ),
    Pitfall(
        name="rate-limited",
        symptom="Google Cloud or Hugging Face returns 429.",
        cause="More requests in a short time than the service allows.",
        remedy="Wait a minute, then run this again.",
        source="https://cloud.google.com/apis/design/errors",
    ),
    Pitfall(
        name="service-unavailable",
        symptom="A service returns 500, 502, 503 or 504.",
        cause="The service has a temporary problem, usually for some minutes.",
        remedy="Run this again in a while; https://status.cloud.google.com tells of outages.",
        source="https://cloud.google.com/apis/design/errors",
    ),
    Pitfall(
        name="operation-failed",
        symptom="The request was accepted, but its operation failed.",
        cause="The resource could not be created: no capacity, no quota, or a conflict with an "
        "existing one.",
        remedy="Read the reason that is quoted. Delete what was left half made, then run this "
        "again.",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting",
    ),
    Pitfall(
        name="policy-changed",
        symptom="An IAM policy change fails with 409 or 412 and mentions concurrent changes or "
        "an etag.",
        cause="The policy was changed by someone else between reading and writing it.",
        remedy="Run this again: it reads the policy anew and adds to it.",
        source="https://cloud.google.com/iam/docs/allow-policies#etag",
    ),
    Pitfall(
        name="unreachable",
        symptom="No response: the connection is refused, reset or times out.",
        cause="The network, a proxy or a firewall blocks it, or the rehearsal has stopped.",
        remedy="Check the network and any proxy. Restart a stopped rehearsal with `python -m "
        "warmbook lab`.",
        source="https://cloud.google.com/vpc/docs/configure-private-google-access",
    ),
    Pitfall(
        name="client-versions",
        symptom="A client library lacks a method or module, or rejects an argument.",
        cause="The installed library versions are not the ones that the workbook supports.",
        remedy="Run `make setup` or reinstall warmbook, which installs matching versions. Then "
        "restart the kernel.",
        source="pyproject.toml of this repository",
    ),
)
