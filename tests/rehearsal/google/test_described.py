"""Any request that Google's discovery documents describe gets an answer in Google's form."""

from __future__ import annotations

import json
import re
from typing import Any

import hypothesis
import pytest
from hypothesis import given

from warmbook_rehearsal.google import methods

from ..described import Description, Request, of_discovery, requests
from ..fuzzing import Wire, batches
from .conftest import TOKEN
from .test_fuzz import ANY, ROUTES, is_googles, restored

APIS = (
    *("cloudresourcemanager.v3", "cloudresourcemanager.v1", "serviceusage.v1", "cloudbilling.v1"),
    *("container.v1", "compute.v1", "monitoring.v3"),
)
ANSWERED = (*ROUTES, *methods.cloud_monitoring(ANY))
PROJECT = ("demo-project", "demo-project", "123456789012")
KNOWN = {
    **dict.fromkeys(("projectsId", "projectId", "project", "project_id", "v1Id1"), PROJECT),
    **dict.fromkeys(("v1Id",), ("projects",)),
    **dict.fromkeys(("locationsId", "zone", "location"), ("us-central1-a", "us-central1", "-")),
    **dict.fromkeys(("region", "regionsId"), ("us-central1",)),
    **dict.fromkeys(("clustersId", "clusterId"), ("c", "new")),
    **dict.fromkeys(("nodePoolsId", "nodePoolId"), ("default-pool", "p")),
    "servicesId": ("container.googleapis.com", "run.googleapis.com"),
    "serviceIds": (["run.googleapis.com"], ["container.googleapis.com", "x"]),
    "machineType": ("g2-standard-4", "e2-medium"),
    "role": ("roles/viewer", "roles/owner", "roles/x"),
    "members": (["user:a@b.c"], ["allUsers"], []),
    "name": ("c", "new", "p"),
    "billingAccountName": ("billingAccounts/000000-AAAAAA-000000", ""),
}


def answered(description: Description) -> tuple[Any, ...]:
    """Return the methods of an API that the rehearsal has a route for."""
    return tuple(
        one
        for one in description.methods
        if any(route.match(one.verb, re.sub(r"\{\w+\}", "x", one.path)) for route in ANSWERED)
    )


def of_the_cloud() -> Description:
    """Return what the rehearsal answers, each API's share of what it does not, and all schemas.

    Schemas of the same name in two APIs are the same, or near enough for a request.
    """
    found = [of_discovery(name) for name in APIS]
    served = [one for each in found for one in answered(each)]
    others = [each.methods[at] for each in found for at in range(0, len(each.methods), 40)]
    schemas = {name: schema for each in found for name, schema in each.schemas.items()}
    return Description((*served * 3, *others), schemas)


def test_most_of_what_is_answered_is_described() -> None:
    served = [len(answered(of_discovery(name))) for name in APIS]
    assert all(served), dict(zip(APIS, served, strict=True))
    assert sum(served) >= len(ANSWERED) * 0.7


@pytest.mark.parametrize(("seed", "drawn"), batches(), ids=lambda one: None)
def test_any_described_request_gets_an_answer(
    shared: Any, seed: int, drawn: hypothesis.settings
) -> None:
    wire, described = Wire(shared.url, TOKEN), of_the_cloud()

    @hypothesis.seed(seed)
    @drawn
    @given(requests(described, KNOWN))
    def ask(request: Request) -> None:
        restored(shared)
        answer = wire.ask(request.verb, request.target, request.body)
        assert answer.kind == "application/json", answer
        is_googles(answer.status, json.loads(answer.body))

    with wire.recorded("Google Cloud", len(set(described.methods))):
        ask()
    restored(shared)
    assert wire.ask("GET", "/v3/projects/demo-project").status == 200
