import json

import google.auth.exceptions as auth
import pytest
import requests
from google.api_core import exceptions as api
from kubernetes.client.exceptions import ApiException

from warmbook.errors import (
    AccessError,
    InterruptedWaitError,
    MissingError,
    UnreachableError,
    WarmbookError,
)
from warmbook.failures import explain, explained


def of_kubernetes(status, message):
    error = ApiException(status=status, reason="x")
    error.body = json.dumps({"kind": "Status", "message": message})
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (auth.DefaultCredentialsError("x"), AccessError, "no Google Cloud credentials"),
        (auth.RefreshError("x"), AccessError, "expired"),
        (requests.exceptions.ConnectionError("refused"), UnreachableError, "can't be reached"),
        (api.Forbidden("no storage.buckets.get"), AccessError, "no storage.buckets.get"),
        (api.NotFound("clusters/x"), MissingError, "clusters/x"),
        (api.TooManyRequests("L4"), WarmbookError, "quota"),
        (api.InternalServerError("oops"), WarmbookError, "500"),
        (of_kubernetes(403, "pods is forbidden"), AccessError, "pods is forbidden"),
        (of_kubernetes(404, "no namespace"), MissingError, "no namespace"),
        (of_kubernetes(422, "Invalid value"), WarmbookError, "Invalid value"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_the_clients_raise_is_said_with_a_remedy(error, kind, words, monkeypatch):
    monkeypatch.delenv("WARMBOOK_SANDBOX_URL", raising=False)
    told = explain(error)
    assert isinstance(told, kind)
    assert words in told.what
    assert told.remedy


def test_a_rehearsal_that_stopped_is_named(monkeypatch):
    monkeypatch.setenv("WARMBOOK_SANDBOX_URL", "http://127.0.0.1:9")
    told = explain(requests.exceptions.ConnectionError())
    assert "rehearsal has stopped" in told.what


def test_an_error_that_nobody_knows_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), explained():
        _ = 1 / 0


def test_an_interrupt_becomes_a_sentence():
    with pytest.raises(InterruptedWaitError), explained():
        raise KeyboardInterrupt
