"""A run's record read back: `run.json` held against its schema, docs/run-record.md; no clients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from ...errors import RecordError
from ...texts import say
from .schema import SCHEMA, Record

FILE = "run.json"
LARGEST = 16 * 2**20
"""A larger file is no record of a run, in bytes."""


def read(run: Path) -> Record:
    """Return the record of a run, named by its folder or by the file itself.

    Raises:
        RecordError: There is none, or it is not what docs/run-record.md says.
    """
    file = run / FILE if run.is_dir() else run
    try:
        return parse(_content(file))
    except FileNotFoundError:
        raise _refused(say("{file} does not exist", file=FILE)) from None
    except OSError as error:
        raise _refused(error.strerror or str(error)) from None


def _content(file: Path) -> bytes:
    """Return what is in a file, which may also be a pipe."""
    with file.open("rb") as opened:
        data = opened.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _refused(say("it is too large for a record of a run"))
    return data


def parse(data: bytes) -> Record:
    """Return the record that these bytes of JSON hold.

    Raises:
        RecordError: They are not what docs/run-record.md says.
    """
    try:
        content = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise _refused(say("it is corrupted: not valid JSON")) from None
    if not isinstance(content, dict) or type(content.get("schema")) is not int:
        raise _refused(say("it is not a record of a run: the key schema is missing"))
    _hold_schema(content)
    try:
        return Record.model_validate_json(data)
    except ValidationError as error:
        raise _refused(_reason(error)) from None


def _hold_schema(data: Mapping[str, Any]) -> None:
    schema = data["schema"]
    if schema > SCHEMA:
        raise _refused(say("schema {schema} comes from a newer warmbook", schema=schema))
    if schema < SCHEMA:
        raise _refused(say("schema {schema} is older than this warmbook reads", schema=schema))


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return say("the key {key} is missing", key=key)
    return say("{key} does not match the schema", key=key)


def _refused(reason: str) -> RecordError:
    return RecordError(reason, remedy=say("Name a folder created by `python -m warmbook run`."))


def same_run(one: Record, other: Record) -> bool:
    """Tell whether two records are of one run: by their ids, in older records by all they hold."""
    return one.id == other.id if one.id and other.id else one == other


def flat(value: object) -> str:
    """Return a value of a record as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {flat(one)}" for name, one in value.items())
    return str(value)
