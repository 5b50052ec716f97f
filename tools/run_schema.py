"""Write docs/run.schema.json, the JSON Schema of a run's record, from the models of run.json.

python tools/run_schema.py           write it
python tools/run_schema.py --check   write nothing; fail if the file is stale
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic.json_schema import GenerateJsonSchema

from warmbook.measure.runs.schema import Record

TARGET = Path(__file__).resolve().parents[1] / "docs" / "run.schema.json"


class Untitled(GenerateJsonSchema):
    """Leaves out the titles that would repeat each field's name."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Return that no field has a title."""
        return False


def document() -> str:
    """Return the whole text."""
    found = {
        "$schema": GenerateJsonSchema.schema_dialect,
        **Record.model_json_schema(schema_generator=Untitled),
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write or check the schema; return the exit status."""
    text = document()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is stale; run `make run-schema`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
