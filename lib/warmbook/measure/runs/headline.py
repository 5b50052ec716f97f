"""What a reader of a report sees first: what was loaded, on what, how fast, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...severity import Severity
from ...texts import say
from ...units import duration
from .schema import Record

HOSTS = {
    "cloud-shell": "Cloud Shell",
    "workbench": "Workbench",
    "colab-enterprise": "Colab Enterprise",
}
"""Google's own names, in every language."""


@dataclass(frozen=True)
class Fact:
    """A figure of the headline; `kind` is its class in the style sheet."""

    name: str
    value: str
    kind: str = ""


def facts(record: Record) -> Iterator[Fact]:
    """Yield model, GPU, cold start, rate and verdict."""
    yield Fact(say("Model"), model(record))
    yield Fact(say("GPU"), _gpu(record))
    total, stream = record.cold_start_s, record.slowest_stream
    yield Fact(say("Cold start"), say("not measured") if total is None else duration(total))
    yield Fact(say("Rate"), f"{stream.gib_s:.2f} GiB/s" if stream else say("not measured"))
    severity, told = verdict(record)
    mark, kind = {"ok": ("✔", "good"), "error": ("✗", "bad")}.get(severity, ("…", "open"))
    yield Fact(say("Verdict"), f"{mark} {told}", kind)


def verdict(record: Record) -> tuple[Severity, str]:
    """Return how the run ended, the worst first."""
    failed = [one for one in record.notebooks if one.status in ("failed", "interrupted")]
    if failed:
        return "error", say("stopped in {name}", name=failed[0].name)
    if record.served and record.served.verdict == "corrupted":
        return "error", say("the answers are corrupted")
    if record.left:
        return "error", say("something is left behind")
    if record.stopped_in:
        return "warning", say("not finished")
    if record.interactive and record.left is None:
        return "warning", say("not cleaned up yet")
    return "ok", say("passed")


def about(record: Record) -> str:
    """Return on one line when, how, where and by whom; what the record does not tell is left out.

    Times are in UTC, as the record has them.
    """
    how = say("run cell by cell") if record.interactive else say("headless run")
    host = HOSTS.get(record.where.host, "") if record.where else ""
    return " · ".join(filter(None, (_when(record), how, host, record.account)))


def _when(record: Record) -> str:
    if not record.began:
        return ""
    began, ended = minute(record.began), minute(record.ended)
    same_day = began[:10] == ended[:10]
    return f"{began} - {ended[11:] if same_day else ended} UTC" if ended else f"{began} UTC"


def minute(moment: str) -> str:
    """Return a record's time to the minute, which no line break divides."""
    return moment[:16].replace("T", "\u00a0").replace("-", "\u2011")


def model(record: Record) -> str:
    """Return the name of the model, the last part of its address."""
    uri = str(record.choices.get("model_uri", ""))
    return uri.rstrip("/").rpartition("/")[2] or say("not recorded")


def _gpu(record: Record) -> str:
    """Return the GPUs of one Pod; a rehearsal has none, whatever its settings say."""
    if record.rehearsal:
        return say("none (rehearsal)")
    gpu, count = record.choices.get("gpu", ""), record.choices.get("gpu_count", 1)
    return (f"{count}x {gpu}" if count != 1 else str(gpu)) or say("not recorded")
