"""The table of methods, compared with the HTTP rules in the installed client libraries."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from warmbook_rehearsal.google import methods
from warmbook_rehearsal.google.transcoding import Route

TABLES = {
    "resourcemanager_v3.services.projects": lambda: methods.resource_manager(
        Everything(), Everything()
    ),
    "service_usage_v1.services.service_usage": lambda: methods.service_usage(Everything()),
    "billing_v1.services.cloud_billing": lambda: methods.cloud_billing(Everything()),
    "container_v1.services.cluster_manager": lambda: methods.cluster_manager(
        Everything(), Everything()
    ),
}


class Everything:
    """Has every handler."""

    def __getattr__(self, name: str) -> Any:
        return lambda request, caller: None


def rules(service: str) -> set[tuple[str, str, str, str]]:
    """Return (method, verb, template, body) of every rule in a client library."""
    module = importlib.import_module(f"google.cloud.{service}.transports.rest_base")
    base = next(v for k, v in vars(module).items() if k.endswith("RestTransport"))
    return {
        (name.removeprefix("_Base"), rule["method"].upper(), rule["uri"], rule.get("body") or "")
        for name, method in vars(base).items()
        if hasattr(method, "_get_http_options")
        for rule in method._get_http_options()
    }


def of(route: Route) -> tuple[str, str, str, str]:
    name = route.request.__name__.removesuffix("Request")
    return name, route.verb, route.template, route.body


@pytest.mark.parametrize("service", TABLES)
def test_every_route_has_the_rule_of_the_client_library(service: str) -> None:
    table = {of(route) for route in TABLES[service]()}

    assert table
    assert table <= rules(service)
