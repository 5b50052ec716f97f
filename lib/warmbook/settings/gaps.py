"""Settings of which the required ones are not chosen yet, for those who can do without."""

from __future__ import annotations

from collections.abc import Mapping

from .settings import Settings

PLACEHOLDERS = {"project_id": "no-project", "model_uri": "gs://no-bucket/model"}
"""What stands for a required setting that is not chosen; nothing may be asked or shown by it."""


def parse_with_gaps(values: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Return settings, and the names of those in them that are placeholders.

    Raises:
        SettingsError: What was chosen is wrong; that something is not chosen is no error.
    """
    missing = tuple(name for name in PLACEHOLDERS if values.get(name) in ("", None))
    return Settings.parse({**values, **{name: PLACEHOLDERS[name] for name in missing}}), missing
