import json
from types import SimpleNamespace

import google.auth.exceptions as auth
import pytest
import requests
from google.api_core import exceptions as api
from kubernetes.client.exceptions import ApiException

from warmbook.cloud.errors import explain, explained
from warmbook.errors import (
    AccessError,
    InterruptedWaitError,
    MissingError,
    UnreachableError,
    WarmbookError,
)


def of_kubernetes(status, message):
    error = ApiException(status=status, reason="x")
    error.body = json.dumps({"kind": "Status", "message": message})
    return error


def of_google(kind, message, reason=""):
    error = kind(message)
    error._error_info = (
        SimpleNamespace(reason=reason, metadata={"service": "x"}) if reason else None
    )
    return error


NAMED = [
    (auth.DefaultCredentialsError("x"), "no-credentials"),
    (auth.RefreshError("x"), "credentials-expired"),
    (api.Unauthorized("invalid token"), "credentials-expired"),
    (of_google(api.Forbidden, "x has not been used", "SERVICE_DISABLED"), "api-off"),
    (
        of_google(
            api.Forbidden,
            "The storage.googleapis.com API requires a quota project, which is not set",
            "SERVICE_DISABLED",
        ),
        "quota-project",
    ),
    (of_google(api.Forbidden, "billing", "BILLING_DISABLED"), "billing-off"),
    (of_google(api.BadRequest, "b", "UREQ_PROJECT_BILLING_NOT_FOUND"), "billing-off"),
    (
        of_google(api.Forbidden, "Permission denied on resource project p.", "CONSUMER_INVALID"),
        "project-missing",
    ),
    (api.Forbidden("does not have storage.buckets.get access"), "role-missing"),
    (
        api.BadRequest('The user does not have access to service account "default".'),
        "role-missing",
    ),
    (api.Forbidden("Permission 'serviceusage.quotas.get' denied"), "role-missing"),
    (api.Forbidden("Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0"), "gpu-quota"),
    (
        api.TooManyRequests(
            'Insufficient regional quota to satisfy request: resource "NVIDIA_L4_GPUS"'
        ),
        "gpu-quota",
    ),
    (api.TooManyRequests('Insufficient regional quota: resource "CPUS"'), ""),
    (
        api.TooManyRequests("Quota exceeded for quota metric 'Read requests' per minute"),
        "rate-limited",
    ),
    (api.TooManyRequests("slow down"), "rate-limited"),
    (api.NotFound("Not found: projects/p/locations/l/clusters/c."), "cluster-missing"),
    (api.NotFound("Not found: projects/p/locations/l/clusters/c/nodePools/n."), ""),
    (api.NotFound("The specified bucket does not exist."), "bucket-missing"),
    (api.Conflict("There were concurrent policy changes. Please retry"), "policy-changed"),
    (api.Conflict("Already exists"), ""),
    (
        api.PreconditionFailed("PUT https://x/storage/v1/b/b/iam?p=1: conditions"),
        "policy-changed",
    ),
    (
        api.BadRequest('Accelerator type "nvidia-l4" does not exist in zone z.'),
        "gpu-not-offered",
    ),
    (api.ServiceUnavailable("The service is currently unavailable."), "service-unavailable"),
    (api.ServiceUnavailable("failed to connect to all addresses"), "unreachable"),
    (
        api.RetryError("Timeout", cause=api.ServiceUnavailable("currently unavailable")),
        "service-unavailable",
    ),
    (api.RetryError("Timeout", cause=None), "unreachable"),
    (requests.exceptions.ConnectionError("refused"), "unreachable"),
    (of_kubernetes(401, "Unauthorized"), "credentials-expired"),
    (of_kubernetes(403, "pods is forbidden"), "role-missing"),
    (of_kubernetes(404, 'namespaces "vllm" not found'), "namespace-missing"),
    (of_kubernetes(404, 'serviceaccounts "x" not found'), "service-account-missing"),
    (of_kubernetes(404, 'deployments.apps "x" not found'), ""),
    (of_kubernetes(410, "too old resource version"), "watch-expired"),
    (of_kubernetes(429, "try again"), "rate-limited"),
    (of_kubernetes(500, "etcdserver: leader changed"), "service-unavailable"),
    (ModuleNotFoundError("no", name="google.cloud.container_v9"), "client-versions"),
]
"""Errors of clients, each with the pitfall that it is; tests/golden/texts has what is said."""


@pytest.mark.parametrize(
    ("error", "name"),
    NAMED,
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_error_carries_the_name_of_its_pitfall(error, name, monkeypatch):
    monkeypatch.delenv("WARMBOOK_REHEARSAL_URL", raising=False)
    assert explain(error).pitfall == name


def test_a_missing_module_of_the_workbook_is_not_explained():
    assert explain(ModuleNotFoundError("no", name="warmbook.nothing")) is None


@pytest.mark.parametrize(
    ("error", "kind", "quoted"),
    [
        (auth.DefaultCredentialsError("x"), AccessError, ""),
        (auth.RefreshError("x"), AccessError, ""),
        (requests.exceptions.ConnectionError("refused"), UnreachableError, ""),
        (api.Forbidden("no storage.buckets.get"), AccessError, "no storage.buckets.get"),
        (api.NotFound("clusters/x"), MissingError, "clusters/x"),
        (api.TooManyRequests("L4"), WarmbookError, "L4"),
        (api.InternalServerError("oops"), WarmbookError, "500"),
        (of_kubernetes(403, "pods is forbidden"), AccessError, "pods is forbidden"),
        (of_kubernetes(404, "no namespace"), MissingError, "no namespace"),
        (of_kubernetes(422, "Invalid value"), WarmbookError, "Invalid value"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_errors_of_the_clients_are_explained_with_a_remedy(error, kind, quoted, monkeypatch):
    monkeypatch.delenv("WARMBOOK_REHEARSAL_URL", raising=False)
    told = explain(error)
    assert isinstance(told, kind)
    assert quoted in told.what
    assert told.remedy


def test_a_rehearsal_that_stopped_is_named(monkeypatch):
    monkeypatch.setenv("WARMBOOK_REHEARSAL_URL", "http://127.0.0.1:9")
    told = explain(requests.exceptions.ConnectionError())
    assert "rehearsal has stopped" in told.what


def test_an_unknown_error_is_not_changed():
    with pytest.raises(ZeroDivisionError), explained():
        _ = 1 / 0


def test_an_interrupt_is_explained():
    with pytest.raises(InterruptedWaitError), explained():
        raise KeyboardInterrupt


def test_a_permission_that_the_details_alone_name_is_named():
    """Witness: su-kaka/gcli2api issue 283 has such a message, of Service Usage."""
    error = api.Forbidden("Permission denied to enable service [run.googleapis.com]\nHelp Token: A")
    missing = {"permission": "serviceusage.services.enable"}
    error._error_info = SimpleNamespace(reason="AUTH_PERMISSION_DENIED", metadata=missing)
    found = explain(error)
    assert found.pitfall == "role-missing"
    assert "(serviceusage.services.enable)" in str(found)
    assert "Help Token" not in str(found)


def test_a_permission_that_the_message_names_is_named_once():
    permission = "container.clusters.list"
    error = api.Forbidden(f'Required "{permission}" permission(s) for "projects/p".')
    error._error_info = SimpleNamespace(
        reason="IAM_PERMISSION_DENIED", metadata={"permission": permission}
    )
    assert str(explain(error)).count(permission) == 1
