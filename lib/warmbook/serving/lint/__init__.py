"""Manifests that somebody wrote, checked against what their servers take; sends nothing."""

from .judge import examine, lint
from .report import LintFinding, Report, together

__all__ = ["LintFinding", "Report", "examine", "lint", "together"]
