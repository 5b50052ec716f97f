"""A fault of a model or a manifest as a line of a card."""

from __future__ import annotations

from ..model.faults import Finding
from .card import Row


def finding_row(finding: Finding) -> Row:
    """Return the fault, what happens because of it, and after an arrow the remedy."""
    return Row(finding.what, f"{finding.happens} → {finding.remedy}", finding.severity)
