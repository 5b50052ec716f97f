"""The reader's own measured start, from what notebook 07 left in workbook.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ...model.start_estimate import PARTS, OwnStart, Part
from ..runs.schema import RecordedPhase, Stream
from .labels import phase_kind
from .phases import FIRST_ANSWER, ORDER

_KINDS = {
    "cluster": "node",
    "container": "image",
    "weights": "weights",
    "unexplained": "unexplained",
}


def own_start(measurements: Mapping[str, Any]) -> OwnStart:
    """Return what `measurements` tell of a cold start; what can't be read counts as absent."""
    try:
        phases = [RecordedPhase.model_validate(one) for one in _listed(measurements, "phases")]
        loads = [Stream.model_validate(one) for one in _listed(measurements, "stream", "loads")]
    except ValidationError:
        return OwnStart()
    return OwnStart(tuple(_parts(phases)), tuple((x.bytes, x.seconds) for x in loads if x.seconds))


def _parts(phases: list[RecordedPhase]) -> Iterator[Part]:
    for name in PARTS:
        elapsed_s = sum(one.seconds for one in phases if _part(one.name) == name)
        if elapsed_s:
            yield Part(name, elapsed_s, elapsed_s)


def _part(phase: str) -> str:
    """Return the part of a cold start that a phase belongs to; an unknown one explains nothing."""
    if phase == FIRST_ANSWER:
        return "answer"
    kind = phase_kind(phase)
    if kind != "server":
        return _KINDS[kind]
    if phase not in ORDER:
        return "unexplained"
    return "engine" if ORDER[phase] < ORDER["weights streamed"] else "compile"


def _listed(measurements: Mapping[str, Any], name: str, inside: str = "phases") -> list[Any]:
    found = measurements.get(name)
    listed = found.get(inside) if isinstance(found, dict) else None
    return listed if isinstance(listed, list) else []
