"""Every setting as it holds, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...settings import Settings, as_text
from ...texts import say
from ..card import Card, Row


@dataclass(frozen=True, repr=False)
class Summary(Card):
    """Every setting as it holds, and where it comes from."""

    settings: Settings
    origins: Mapping[str, str]

    @property
    def own(self) -> int:
        """How many settings have a source other than their default."""
        return sum(origin != say("default") for origin in self.origins.values())

    def title(self) -> str:
        """Return the headline."""
        return say("Your settings")

    def rows(self) -> tuple[Row, ...]:
        """Return a row for each setting."""
        chosen = self.settings.model_dump()
        return tuple(
            Row(name, f"{as_text(value) or '–'}  ({self.origins[name]})")  # noqa: RUF001
            for name, value in chosen.items()
        )
