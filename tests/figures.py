"""What tests measure, for docs/reliability.md: JSON lines in the file that is named for them."""

from __future__ import annotations

import json
import os
from pathlib import Path


def record(name: str, **figures: object) -> None:
    """Append figures under a name to the file in $WARMBOOK_FIGURES; without it do nothing."""
    if file := os.environ.get("WARMBOOK_FIGURES"):
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"name": name, **figures}) + "\n")
