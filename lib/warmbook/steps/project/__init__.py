"""Before you begin: the project, billing, the APIs, the reader's roles."""

from __future__ import annotations

from .found import Billing, Project, billing, create, find
from .readiness import Readiness, wait_ready
from .roles import Roles, grant_roles
from .services import Services, enable_all, enable_own_services, enable_services

__all__ = [
    "Billing",
    "Project",
    "Readiness",
    "Roles",
    "Services",
    "billing",
    "create",
    "enable_all",
    "enable_own_services",
    "enable_services",
    "find",
    "grant_roles",
    "wait_ready",
]
