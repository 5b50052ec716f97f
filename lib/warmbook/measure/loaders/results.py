"""What the lines of a trial say: loads, loaders left out, answers; asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...display.card import Row
from ...serving.openai_api import as_read
from ...serving.prompts import Answers
from ...settings import Settings
from ...texts import say
from ..tokens.loaders import Parity
from .catalog import DOWNLOAD, Runs

Lines = Sequence[Mapping[str, Any]]
"""What the Job's script has written; see `data/trial.py`."""


def runs(lines: Lines, names: Sequence[str]) -> tuple[Runs, ...]:
    """Return the loads by loader; with several GPUs, a run takes as long as its slowest."""
    found: dict[str, dict[int, float]] = {name: {} for name in names}
    for line in lines:
        if "seconds" in line:
            took = found[line["loader"]]
            took[line["run"]] = max(took.get(line["run"], 0.0), float(line["seconds"]))
    return tuple(Runs(name, tuple(took.values())) for name, took in found.items() if took)


def cut_short(lines: Lines) -> bool:
    """Say whether the budget ended the trial."""
    return any(line.get("stopped") == "budget" for line in lines)


def left_out(lines: Lines) -> Iterator[Row]:
    """Yield the loaders that did not come to their end, each with the reason."""
    for line in lines:
        if "absent" in line:
            yield Row(
                line["loader"], say("the image does not contain {package}", package=line["absent"])
            )
        elif "error" in line:
            yield Row(line["loader"], line["error"], "error")


def parity(lines: Lines, settings: Settings) -> Parity:
    """Return each loader's answers beside the reference's."""
    answers: dict[str, Answers] = {}
    again = None
    for line in lines:
        if "tokens" not in line:
            continue
        found = Answers(tuple(map(tuple, line["tokens"])), tuple(line["texts"]))
        if line["loader"] in answers:
            again = found
        else:
            answers[line["loader"]] = found
    return Parity(
        answers,
        DOWNLOAD,
        again,
        settings.vllm_version,
        settings.tensor_parallel_size > 1,
        next((as_read(line["declined"]) for line in lines if "declined" in line), ""),
    )
