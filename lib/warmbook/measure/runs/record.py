"""A run's record read back: `run.json` held against its schema, docs/run-record.md; no clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import from_json

from ...errors import RecordError
from ...settings import Settings
from ...texts import say
from ..coldstart.timeline import FIRST_ANSWER, phase_name

SCHEMA = 1
"""Version of run.json, documented in docs/run-record.md."""

FILE = "run.json"
QUICK_ENGINE = "quick engine"
"""The rehearsal's engine that streams the weights and does nothing else."""

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0, lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Notebook(_Part):
    """A notebook of the run: `status` is passed, failed, interrupted or not-run."""

    name: str
    status: str
    seconds: Seconds
    error: str = ""


class Stream(_Part):
    """A Pod's load of the weights; `source` is the witness."""

    pod: str
    bytes: Bytes
    seconds: Seconds
    gib_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
    source: str


class RecordedPhase(_Part):
    """A part of the cold start; `start` counts from the cold start's own, `usd` is its cost."""

    name: str
    seconds: Seconds
    start: Seconds | None = None
    source: str = ""
    usd: Dollars | None = None

    @property
    def title(self) -> str:
        """The name as a reader knows it; one that is new here stays as it is."""
        return phase_name(self.name)


class Cost(_Part):
    """The list price behind the phases' `usd`; `listed` is False where it was computed."""

    machine: str
    spot: bool
    hourly_usd: Dollars
    region: str
    date: str
    listed: bool = True


class Answered(_Part):
    """How long `pod` took to answer; `first` if nobody was before, None where it is not told."""

    pod: str
    seconds: Seconds
    first: bool | None = None


class RecordedParity(_Part):
    """How many of the `prompts` had an `equal` answer from the other loader."""

    prompts: Count
    equal: Count
    against: str = ""
    first_difference: JsonValue = None


class RecordedServer(_Part):
    """How many of the server's answers to the `prompts` are the default loader's.

    `verdict` is unjudged, equal, different or corrupted; None `equal` goes with the first.
    """

    verdict: str
    prompts: Count
    equal: Count | None = None
    first_difference: JsonValue = None


class RecordedLoader(_Part):
    """The loads with one loader."""

    loader: str
    seconds: tuple[Seconds, ...]


class Loaders(_Part):
    """The streamer beside other loaders, and what follows from it."""

    runs: tuple[RecordedLoader, ...]
    sentence: str = ""


class RecordedReads(_Part):
    """Reads of the weights in `pods` Pods at once."""

    name: str
    pods: Count
    seconds: tuple[Seconds, ...]


class Replicas(_Part):
    """Reads by one Pod alone and by several at once, and what follows from them."""

    reads: tuple[RecordedReads, ...]
    sentence: str = ""


class RecordedHits(_Part):
    """What a zone read of the bucket, from its cache and past it."""

    zone: str
    hit_bytes: Bytes
    missed_bytes: Bytes


class Record(_Part):
    """What `run.json` holds."""

    target: str
    settings: dict[str, JsonValue]
    versions: dict[str, str]
    notebooks: tuple[Notebook, ...]
    streams: tuple[Stream, ...]
    phases: tuple[RecordedPhase, ...]
    question: str
    answer: str
    created: tuple[str, ...]
    left: tuple[str, ...] | None
    engine_told: str = Field(default="", alias="engine")
    cost: Cost | None = None
    answered: Answered | None = None
    declined: str = ""
    shaped: JsonValue = None
    parity: RecordedParity | None = None
    served: RecordedServer | None = None
    comparison: Loaders | None = None
    replicas: Replicas | None = None
    cache_hits: tuple[RecordedHits, ...] = ()

    @property
    def rehearsal(self) -> bool:
        """Whether it ran against a rehearsal."""
        return self.target == "rehearsal"

    @property
    def engine(self) -> str:
        """Which engine ran: `vLLM`, `quick engine`, "" where nobody can tell.

        Records without the key tell it by what was answered: only the quick engine declines.
        """
        if self.engine_told:
            return self.engine_told
        if self.declined:
            return QUICK_ENGINE
        return "vLLM" if self.answer and "vllm" in self.versions else ""

    @property
    def choices(self) -> dict[str, JsonValue]:
        """The settings that this warmbook knows: none of them is a secret."""
        names = (name for name in Settings.model_fields if name in self.settings)
        return {name: self.settings[name] for name in names}

    @property
    def stopped_in(self) -> Notebook | None:
        """The notebook that did not pass, if one didn't."""
        return next((book for book in self.notebooks if book.status != "passed"), None)

    @property
    def slowest_stream(self) -> Stream | None:
        """The load of the Pod that took longest."""
        return max(self.streams, key=lambda stream: stream.seconds, default=None)

    @property
    def cold_start_s(self) -> float | None:
        """The whole cold start in seconds; None where it was not measured.

        To the first answer where the record tells it, else to readiness.
        """
        return max((start + phase.seconds for start, phase in self.timeline()), default=None)

    @property
    def ready_s(self) -> float | None:
        """The cold start up to readiness, which every record tells, in seconds."""
        told = (one for one in self.timeline() if one[1].name != FIRST_ANSWER)
        return max((start + phase.seconds for start, phase in told), default=None)

    @property
    def first_answer_s(self) -> float | None:
        """The cold start up to the first answer, in seconds; None where that is not told."""
        told = any(phase.name == FIRST_ANSWER for phase in self.phases)
        return self.cold_start_s if told else None

    @property
    def usd(self) -> float | None:
        """What the machine cost during the cold start, in US dollars; None where not told.

        A rehearsal has none, whatever its record says.
        """
        told = [phase.usd for phase in self.phases if phase.usd is not None]
        return sum(told) if self.cost and told and not self.rehearsal else None

    def timeline(self) -> Iterator[tuple[float, RecordedPhase]]:
        """Yield each phase with its start in seconds; without one it follows the last."""
        end = 0.0
        for phase in self.phases:
            start = end if phase.start is None else phase.start
            yield start, phase
            end = start + phase.seconds


def read(run: Path) -> Record:
    """Return the record of a run, named by its folder or by the file itself.

    Raises:
        RecordError: There is none, or it is not what docs/run-record.md says.
    """
    file = run / FILE if run.is_dir() else run
    try:
        return parse(file.read_bytes())
    except FileNotFoundError:
        raise _refused(say("there is no {file}", file=FILE)) from None
    except OSError as error:
        raise _refused(error.strerror or str(error)) from None


def parse(data: bytes) -> Record:
    """Return the record that these bytes of JSON hold.

    Raises:
        RecordError: They are not what docs/run-record.md says.
    """
    try:
        content = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise _refused(say("it is damaged: no JSON")) from None
    if not isinstance(content, dict) or type(content.get("schema")) is not int:
        raise _refused(say("it is no record of a run: the key schema is missing"))
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
    return say("{key} does not hold what the schema says", key=key)


def _refused(reason: str) -> RecordError:
    return RecordError(reason, remedy=say("Name a folder that `python -m warmbook run` has made."))


def flat(value: object) -> str:
    """Return a value of a record as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {flat(one)}" for name, one in value.items())
    return str(value)
