"""Clean up: what the workbook created, found in the cloud, deleted, and looked for again."""

from __future__ import annotations

from .deletion import Deleted, delete
from .plan import Inventory, inventory
from .project import Offer, delete_project
from .resources import Resource

__all__ = [
    "Deleted",
    "Inventory",
    "Offer",
    "Resource",
    "delete",
    "delete_project",
    "inventory",
]
