"""Which methods of Google's documents the rehearsal has a route for."""

from __future__ import annotations

import re
from functools import cache
from inspect import isfunction, signature
from typing import Any

from warmbook_rehearsal.google import methods
from warmbook_rehearsal.google.transcoding import Route
from warmbook_rehearsal.storage.server import ROUTES as STORAGE

from .discovery import Json, document_of, methods_in, paths


class _Everything:
    """Has every handler."""

    def __getattr__(self, name: str) -> Any:
        return lambda request, caller: None


_ANY: Any = _Everything()

APIS = {
    "cloudbilling.v1": methods.cloud_billing,
    "cloudresourcemanager.v1": methods.resource_manager_v1,
    "cloudresourcemanager.v3": methods.resource_manager,
    "compute.v1": methods.compute_engine,
    "container.v1": methods.cluster_manager,
    "iam.v1": methods.iam,
    "monitoring.v3": methods.cloud_monitoring,
    "serviceusage.v1": methods.service_usage,
}
"""What lists the routes of an API, by the document about it."""

WITHOUT_DOCUMENT = (methods.cloud_quotas,)
ROUTES: dict[str, tuple[Route, ...]] = {
    name: routes(*(_ANY for _ in signature(routes).parameters)) for name, routes in APIS.items()
}

UNDESCRIBED = {"cloudquotas.projects.locations.services.quotaInfos.get"}
"""Methods that are served, of an API without a document."""

_PLACE = re.compile(r"\{(\w+)(?::([^{}]+))?\}")


def served() -> set[str]:
    """Return the methods that have a route, by their names in the documents."""
    of_google = (
        name
        for document, routes in ROUTES.items()
        for name, verb, path in samples(document)
        if any(route.match(verb, path) is not None for route in routes)
    )
    of_storage = (
        name
        for name, verb, path in samples("storage.v1")
        if any(verb == method and _pattern(route).fullmatch(path) for method, route, _ in STORAGE)
    )
    return {*of_google, *of_storage} | UNDESCRIBED


def unlisted() -> set[str]:
    """Return the functions that list the routes of an API, and of none that is here."""
    found = {one for name, one in vars(methods).items() if isfunction(one) and name[0] != "_"}
    return {one.__name__ for one in found - {*APIS.values(), *WITHOUT_DOCUMENT}}


def without_method() -> list[str]:
    """Return the routes that no method of a document leads to."""
    of_google = [
        f"{route.verb} {route.template}"
        for document, routes in ROUTES.items()
        for route in routes
        if all(route.match(verb, path) is None for _, verb, path in samples(document))
    ]
    of_storage = [
        f"{method} {path}"
        for method, path, _ in STORAGE
        if not any(
            method == verb and _pattern(path).fullmatch(one)
            for _, verb, one in samples("storage.v1")
        )
    ]
    return of_google + of_storage


@cache
def samples(name: str) -> tuple[tuple[str, str, str], ...]:
    """Return each method of a document, its verb, and a path of it; of some, several times."""
    document = document_of(name)
    return tuple(
        (method.name, method.told["httpMethod"], _sample(path, method.told))
        for method in methods_in(document, document)
        for path in paths(document, method.told)
    )


def _sample(path: str, told: Json) -> str:
    def given(place: re.Match[str]) -> str:
        shape = told["parameters"][place[2]].get("pattern", "") if place[1] else ""
        return re.sub(r"\[\^/\]\+|\.[*+]", "x", shape.strip("^$")) or "x"

    return re.sub(r"\{(\+?)(\w+)\}", given, path)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(lambda place: f"(?:{place[2] or '[^/]+'})", path))
