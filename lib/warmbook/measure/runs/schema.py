"""What `run.json` holds: the models that write it and read it; docs/run-record.md explains it.

The JSON Schema in docs/run.schema.json is made of them. A field that is new is optional, so that
older records stay readable, and what a record has beyond these fields is ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ...settings import Settings
from ...texts import marked
from ..coldstart.labels import phase_name
from ..coldstart.phases import FIRST_ANSWER

SCHEMA = 1
"""Version of run.json, documented in docs/run-record.md."""

QUICK_ENGINE = marked("quick engine")
"""The rehearsal's engine that streams the weights and does nothing else."""

STOPPED = ("failed", "interrupted", "timed-out")
"""Statuses of a notebook that began and did not run to its end."""

Seconds = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
"""At most what lies between two times that Python knows, so that every cold start fits."""
Dollars = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0, lt=2**63)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""Of a whole: from 0, none of it, to 1, all of it."""
Load = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
"""A load average over a minute, per processor."""
Moment = Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$")]
"""A time in UTC, to the second; empty where it is not known."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", use_attribute_docstrings=True
    )

    def dumped(self) -> dict[str, Any]:
        """Return it as JSON has it, with the keys that were given and no others."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Check(_Part):
    """A claim of a notebook, and how it ended the last time that it was checked."""

    claim: str
    """The sentence in English, whatever the reader's language."""
    passed: bool
    at: Moment
    failures: Count = 0
    """How often it has failed."""


class Notebook(_Part):
    """A notebook of the run."""

    name: str
    status: str
    """passed, failed, interrupted, timed-out or not-run; of interactive work also begun"""
    seconds: Seconds
    """How long it ran, with what its kernel's start still took; interactively, its cells alone."""
    error: str = ""
    checks: tuple[Check, ...] = ()
    """In the order in which they were first made; headless runs of older records have none."""
    at: Moment = ""
    """Of interactive work: when its last cell ended."""
    cpu_load: Load | None = None
    """Of this machine at its end, interactively the highest at a cell's end; null: not known."""


class Where(_Part):
    """Where the work was done, and on what."""

    project: str = ""
    location: str = ""
    host: str = ""
    """cloud-shell, workbench, colab-enterprise, or empty for any other machine"""
    rehearsal: str = ""
    """The address of the rehearsal, which tells one from another; empty on Google Cloud."""


class Stream(_Part):
    """A Pod's load of the weights."""

    pod: str
    bytes: Bytes
    seconds: Seconds
    gib_s: Rate
    """Rate in GiB/s (2**30 bytes per second)."""
    source: str
    """The witness: `streamer`, its own log line, or `vLLM`, its loading time."""


class RecordedPhase(_Part):
    """A part of the cold start."""

    name: str
    start: Seconds | None = None
    """From the cold start's own; without one it follows the phase before it."""
    seconds: Seconds
    source: str = ""
    """Who says so: `Kubernetes`, `event`, `streamer`, `vLLM`, `log` or `workbook`."""
    usd: Dollars | None = None
    """What the machine cost meanwhile, by the record's `cost`."""

    @property
    def title(self) -> str:
        """The name as a reader knows it; one that is new here stays as it is."""
        return phase_name(self.name)


class Cost(_Part):
    """The list price behind the phases' `usd`."""

    machine: str
    spot: bool
    hourly_usd: Dollars
    region: str
    date: str
    listed: bool = True
    """False where it was computed from other sizes."""


class Answered(_Part):
    """How long `pod` took to answer."""

    pod: str
    seconds: Seconds
    first: bool | None = None
    """Whether nobody had asked it before, null where its server does not count."""


class RecordedParity(_Part):
    """How many of the `prompts` had an `equal` answer from the other loader."""

    prompts: Count
    equal: Count
    against: str = ""
    first_difference: JsonValue = None
    """`loader`, `prompt`, `place` of the token, `reference`, `other`."""


class RecordedServer(_Part):
    """How many of the server's answers to the `prompts` are the default loader's."""

    verdict: str
    """unjudged, equal, different or corrupted"""
    prompts: Count
    equal: Count | None = None
    """Null while the default loader's answers are not known."""
    first_difference: JsonValue = None
    """`prompt`, `place` of the token, `reference`, `other`."""


class RecordedLoader(_Part):
    """The loads with one loader, in order."""

    loader: str
    seconds: tuple[Seconds, ...]


class Loaders(_Part):
    """The streamer beside other loaders, and what follows from it."""

    runs: tuple[RecordedLoader, ...]
    sentence: str = ""


class RecordedReads(_Part):
    """Reads of the weights in `pods` Pods at once, in order."""

    name: str
    pods: Count
    seconds: tuple[Seconds, ...]


class Replicas(_Part):
    """Reads by one Pod alone and by several at once, and what follows from them."""

    pods: Count | None = None
    """How many there were."""
    bytes: Bytes | None = None
    """Of one read."""
    cached: bool | None = None
    """Whether a cache ran beside them."""
    reads: tuple[RecordedReads, ...]
    sentence: str = ""


class RecordedHits(_Part):
    """What a zone read of the bucket, from its cache and past it."""

    zone: str
    hit_bytes: Bytes
    missed_bytes: Bytes


class Answer(_Part):
    """What somebody answered to an exercise of a notebook."""

    notebook: str
    exercise: str
    """Its id, such as `03-load-time`."""
    kind: Literal["predict", "choose", "explain"]
    answer: str
    """A number with its unit, a choice or a sentence, as it was typed."""
    measured: str = ""
    """What the measurement said afterwards; empty where nothing was measured."""
    right: bool | None = None
    """Whether the measurement agreed; null where nobody can tell."""
    at: Moment = ""


class GymRound(_Part):
    """A round of the gym: one draw of faults, what was tried, and its grade."""

    id: str = ""
    """Of this round and no other; empty in older records."""
    level: Literal["easy", "medium", "hard", "two"]
    faults: tuple[str, ...] = ()
    """Their names; empty until the round is graded."""
    attempts: Count = 0
    hints: Count = 0
    """How many were asked for."""
    seconds: Seconds = 0.0
    """From the draw to the grade, or until now."""
    points: Share = 0.0
    mended: bool = False
    """Whether the guide passed after the repair."""
    at: Moment = ""
    done: bool = False
    """Whether the round was graded."""


class Record(_Part):
    """What `run.json` holds."""

    schema_version: Literal[1] = Field(alias="schema")
    """Version of this layout; a reader refuses a higher one."""
    id: str = ""
    """Of this run and no other; empty in older records."""
    interactive: bool = False
    """Whether a person ran the notebooks, cell after cell."""
    began: Moment = ""
    ended: Moment = ""
    """Of interactive work: when the last cell ended."""
    account: str = ""
    """Who ran it: the credentials' e-mail address, else the setting."""
    where: Where | None = None
    commit: str = ""
    """Of the clone that warmbook runs from, with `-dirty` where files of it were changed."""
    target: str
    """rehearsal or google-cloud"""
    settings: dict[str, JsonValue]
    versions: dict[str, str]
    """Of warmbook and its libraries here, of vLLM and the streamer in the Pod."""
    engine_told: str = Field(default="", alias="engine")
    """vLLM, quick engine, or empty where the server did not say."""
    notebooks: tuple[Notebook, ...]
    streams: tuple[Stream, ...]
    phases: tuple[RecordedPhase, ...]
    """The cold start of the first Pod."""
    cost: Cost | None = None
    """Null in a rehearsal, and where the machine's price is not known."""
    question: str
    answer: str
    answered: Answered | None = None
    declined: str = ""
    """The server's reason where it answers no chat."""
    created: tuple[str, ...]
    """What the workbook had created when cleanup began."""
    left: tuple[str, ...] | None
    """What is left of it; null where cleanup did not run."""
    perhaps: tuple[str, ...] = ()
    """What may be the workbook's too, without a proof; cleanup names it and leaves it."""
    parity: RecordedParity | None = None
    comparison: Loaders | None = None
    replicas: Replicas | None = None
    cache_hits: tuple[RecordedHits, ...] = ()
    served: RecordedServer | None = None
    shaped: JsonValue = None
    """The figures of a rehearsal's shaped network, null where it was not shaped."""
    answers: tuple[Answer, ...] = ()
    """To the notebooks' exercises, in the order in which they were first answered."""
    gym: tuple[GymRound, ...] = ()
    """The rounds of the gym, in order."""

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
    def cpu_load(self) -> float | None:
        """The highest load of this machine during the run; None where a notebook lacks it."""
        loads = [book.cpu_load for book in self.notebooks if book.status != "not-run"]
        known = [load for load in loads if load is not None]
        return max(known, default=None) if len(known) == len(loads) else None

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
