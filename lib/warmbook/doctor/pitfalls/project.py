"""Pitfalls of the project: who calls, who pays, what is on, and the services' own troubles."""

from __future__ import annotations

from .pitfall import Pitfall

PITFALLS = (
    Pitfall(
        name="no-credentials",
        symptom="«Your default credentials were not found»: no call to Google Cloud goes out.",
        cause="Nobody is signed in where the notebook runs.",
        remedy="Run `gcloud auth application-default login`, then this again.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="credentials-expired",
        symptom="A call that worked is answered with 401, or with a RefreshError.",
        cause="The sign-in has run out or was revoked.",
        remedy="Run `gcloud auth application-default login`, then this again.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="quota-project",
        symptom="Google Cloud asks for a quota project, or says that you may not use the one that "
        "is set.",
        cause="With the credentials of a person, some services count their requests against a "
        "project, and none is set, or one that you have no rights in.",
        remedy="Ask for the role Service Usage Consumer on the project that is named. Or name "
        "another with `gcloud auth application-default set-quota-project PROJECT_ID`, and "
        "restart the kernel.",
        source="https://cloud.google.com/docs/authentication/provide-credentials-adc",
    ),
    Pitfall(
        name="project-missing",
        symptom="The project is not found, or you may not see it: Google Cloud answers alike.",
        cause="The id is mistyped, it is the project's name instead of its id, it is being "
        "deleted, or this account has no rights in it.",
        remedy="Compare it with `gcloud projects list` and correct «project_id».",
        source="https://cloud.google.com/resource-manager/docs/creating-managing-projects",
    ),
    Pitfall(
        name="billing-off",
        symptom="Calls are refused because billing is disabled for the project.",
        cause="No billing account pays for the project, or the account is closed.",
        remedy="Link a billing account in the console, under Billing; it may take minutes to "
        "take effect.",
        source="https://cloud.google.com/billing/docs/how-to/verify-billing-enabled",
    ),
    Pitfall(
        name="api-off",
        symptom="A 403 whose reason is SERVICE_DISABLED.",
        cause="The API of that service is not enabled in this project, or was enabled a moment "
        "ago.",
        remedy="Run notebook 02: it enables the APIs, and waits until they answer.",
        source="https://cloud.google.com/service-usage/docs/enable-disable",
    ),
    Pitfall(
        name="role-missing",
        symptom="A 403 that names a permission that your own account lacks.",
        cause="Your account has not been given the role that holds the permission.",
        remedy="Run notebook 02: it shows the roles that are needed, and what to ask an "
        "administrator for.",
        source="https://cloud.google.com/iam/docs/troubleshoot-policies",
    ),
    Pitfall(
        name="rate-limited",
        symptom="Google Cloud or the Hub answers 429.",
        cause="More requests in a short time than the service allows.",
        remedy="Wait a minute, then run this again.",
        source="https://cloud.google.com/apis/design/errors",
    ),
    Pitfall(
        name="service-unavailable",
        symptom="A service answers 500, 502, 503 or 504.",
        cause="The service has trouble of its own; most often it passes within minutes.",
        remedy="Run this again in a while; https://status.cloud.google.com tells of outages.",
        source="https://cloud.google.com/apis/design/errors",
    ),
    Pitfall(
        name="operation-failed",
        symptom="The request was accepted, but the operation behind it ends with an error.",
        cause="What was asked for could not be made: no capacity, no quota, or a conflict with "
        "what is there.",
        remedy="Read the reason that is quoted. Delete what was left half made, then run this "
        "again.",
        source="https://cloud.google.com/kubernetes-engine/docs/troubleshooting",
    ),
    Pitfall(
        name="policy-changed",
        symptom="A change of roles is refused with 409 or 412, and speaks of concurrent changes "
        "or of an etag.",
        cause="Somebody else changed the same policy between reading and writing it.",
        remedy="Run this again: it reads the policy anew and adds to it.",
        source="https://cloud.google.com/iam/docs/allow-policies#etag",
    ),
    Pitfall(
        name="unreachable",
        symptom="No answer: the connection is refused, breaks off or times out.",
        cause="The network, a proxy or a firewall is between, or the rehearsal has stopped.",
        remedy="Check the network and any proxy. Start a rehearsal that has stopped again with "
        "`python -m warmbook lab`.",
        source="https://cloud.google.com/vpc/docs/configure-private-google-access",
    ),
    Pitfall(
        name="client-versions",
        symptom="A client library lacks a method or a module, or refuses an argument.",
        cause="Other releases of the libraries are installed than the workbook was written for.",
        remedy="Run `make setup` or install warmbook again: that brings the releases that belong "
        "together. Then restart the kernel.",
        source="pyproject.toml of this repository",
    ),
)
