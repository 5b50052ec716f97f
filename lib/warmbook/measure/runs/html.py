"""A run's record as one HTML page: no script, no other file, light and dark, to print.

What the page looks like stands in `data/report.html` and `data/report.css`; here its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import JsonValue, ValidationError

from ...cloud.rehearsal import Network
from ...display.plots import TIMES, kind_name
from ...serving.openai_api import as_read
from ...settings import Settings
from ...texts import say, spoken
from ...units import duration, size
from ..coldstart.timeline import phase_kind, source_name, which_answer
from . import cleanup, headline, practice
from .page_template import EDGES, template
from .parts import Folded, Paragraph, Part, PhaseRow, Phases, Section, Table
from .record import flat
from .schema import QUICK_ENGINE, Notebook, Record, RecordedPhase

LEAST_USD = 0.00005
"""What costs less shows no digit."""
LEAST_BAR = 0.4
"""A shorter bar could not be seen, in percent of the whole."""


def page(record: Record, name: str) -> str:
    """Return the page; every value of the record stands in it as text."""
    sections = _sections(record)
    return template().render(
        language=spoken(),
        title=say("Run {name}", name=name),
        edges=EDGES,
        broad=False,
        about=headline.about(record),
        facts=tuple(headline.facts(record)),
        banner=tuple(_banner(record)),
        sections=[section for section in sections if section.parts],
        absent=_absent([section.head for section in sections if not section.parts]),
    )


def _absent(heads: Sequence[str]) -> Paragraph:
    return Paragraph(say("Not run: {names}.", names=", ".join(heads)) if heads else "", "soft")


def _sections(record: Record) -> Sequence[Section]:
    return (
        Section(say("Cold start"), _cold_start(record)),
        Section(say("Cost"), _cost(record)),
        Section(say("Stream"), _streams(record)),
        Section(say("Question and answer"), _answer(record)),
        Section(say("Cache and replicas"), _replicas(record)),
        Section(say("Other loaders"), _loaders(record)),
        Section(say("Same answers"), _parity(record)),
        Section(say("Cleanup"), cleanup.parts(record)),
        Section(say("Notebooks"), tuple(_notebooks(record.notebooks))),
        *_practice(record),
        Section(say("Settings"), tuple(_settings(record))),
        Section(say("Versions"), (_versions(record),)),
    )


def _practice(record: Record) -> Iterator[Section]:
    """Yield what a learner did; headless runs have none of it, and nothing of theirs is absent."""
    if parts := practice.answers(record.answers):
        yield Section(say("Exercises"), parts)
    if parts := practice.gym(record.gym):
        yield Section(say("Gym"), parts)


def _banner(record: Record) -> Iterator[Paragraph]:
    yield _target(record)
    if record.engine == QUICK_ENGINE:
        sentence = say(
            "The rehearsal's quick engine replaced vLLM: it streamed the weights, but did not "
            "compile or answer."
        )
        yield Paragraph(sentence, "banner")
    if record.shaped is not None:
        sentence = say("Network shaping: {figures}", figures=_figures(record.shaped))
        yield Paragraph(sentence, "banner")
    if (stopped := record.stopped_in) and not record.interactive:
        sentence = say("Not every notebook passed: it stopped in {name}.", name=stopped.name)
        yield Paragraph(sentence, "banner bad")


def _figures(shaped: JsonValue) -> str:
    """Return a network's figures in words; as they were recorded where they are not ours."""
    try:
        known = Network.model_validate(shaped)
    except ValidationError:
        known = Network()
    return flat(shaped) if known == Network() else known.figures


def _target(record: Record) -> Paragraph:
    if record.rehearsal:
        sentence = say(
            "Rehearsal: its rates say nothing about Cloud Storage, and nothing was billed."
        )
        return Paragraph(sentence, "banner")
    sentence = say("Google Cloud: {project}.", project=record.choices.get("project_id", ""))
    without = say("The record contains no cost.") if record.usd is None else ""
    return Paragraph(f"{sentence} {without}", "banner cloud")


def _cold_start(record: Record) -> Sequence[Paragraph | Phases]:
    total = record.cold_start_s
    if total is None:
        return ()
    told = say("{time} from Pod creation to ready", time=duration(record.ready_s or 0.0))
    if record.first_answer_s is not None:
        told = say("{time} from Pod creation to first response", time=duration(total))
    priced = record.usd is not None
    rows = (_phase(start, phase, total, priced=priced) for start, phase in record.timeline())
    return (Paragraph(told), Phases(tuple(rows), _legend(record)))


def _legend(record: Record) -> tuple[tuple[str, str], ...]:
    """Return colour and meaning of each kind of phase that there is."""
    kinds = {phase_kind(phase.name) for phase in record.phases}
    return tuple((_colour(kind), kind_name(kind)) for kind in TIMES if kind in kinds)


def _colour(kind: str) -> str:
    """Return the variable of `data/report.css` for a kind of phase."""
    return f"var(--{kind})"


def _phase(start: float, phase: RecordedPhase, total: float, *, priced: bool) -> PhaseRow:
    scale = 100 / total if total else 0
    return PhaseRow(
        phase.title,
        duration(phase.seconds),
        source_name(phase.source),
        _usd(phase) if priced else None,
        start * scale,
        max(phase.seconds * scale, LEAST_BAR),
        _colour(phase_kind(phase.name)),
        _alternative(start, phase),
    )


def _alternative(start: float, phase: RecordedPhase) -> str:
    return say(
        "{kind}: from {start} to {end}",
        kind=kind_name(phase_kind(phase.name)),
        start=duration(start),
        end=duration(start + phase.seconds),
    )


def _usd(phase: RecordedPhase) -> str:
    return f"${phase.usd:.4f}" if phase.usd and phase.usd >= LEAST_USD else ""


def _cost(record: Record) -> Sequence[Paragraph]:
    """Return what the cold start cost; of the rest of the run the record knows no bill."""
    if record.rehearsal:
        unpaid = say("Nothing was billed: a rehearsal has no price.")
        return (Paragraph(unpaid),)
    if (cost := record.cost) is None or (usd := record.usd) is None:
        return (Paragraph(say("The record contains no cost.")),)
    figures = {
        "machine": f"{cost.machine} (Spot)" if cost.spot else cost.machine,
        "hourly": f"${cost.hourly_usd:.4f}",
        "region": cost.region,
        "date": cost.date,
    }
    told = (
        say("The machine cost ${usd} until the server was ready.", usd=f"{usd:.4f}"),
        say("Price of {machine} in {region} as of {date}: {hourly} per hour.", **figures),
        ""
        if cost.listed
        else say("This size is not in the price list: the price was computed from others."),
        say(
            "For one machine, from the node's readiness on; clusters and storage are "
            "billed separately."
        ),
    )
    return tuple(map(Paragraph, told))


def _streams(record: Record) -> Sequence[Paragraph | Table]:
    rows = (
        (
            stream.pod,
            f"{size(stream.bytes)}, {duration(stream.seconds)}, {stream.gib_s:.2f} GiB/s",
            say("source: {source}", source=source_name(stream.source)),
        )
        for stream in record.streams
    )
    return (_table(rows),) if record.streams else ()


def _answer(record: Record) -> Sequence[Paragraph]:
    if not record.question:
        return ()
    told = (Paragraph(record.question), Paragraph(f"→ {as_read(record.answer or record.declined)}"))
    if (found := record.answered) is None:
        return told
    took = f"{duration(found.seconds)}, {which_answer(found.pod, found.first)}"
    return (*told, Paragraph(took))


def _loaders(record: Record) -> Sequence[Paragraph | Table]:
    if record.comparison is None:
        return ()
    rows = ((one.loader, ", ".join(map(duration, one.seconds))) for one in record.comparison.runs)
    return (_table(rows), Paragraph(record.comparison.sentence))


def _replicas(record: Record) -> Sequence[Paragraph | Table]:
    if record.replicas is None:
        return ()
    reads = ((one.name, ", ".join(map(duration, one.seconds))) for one in record.replicas.reads)
    hits = (
        (
            one.zone,
            say(
                "{hit} from the cache, {missed} from the bucket",
                hit=size(one.hit_bytes),
                missed=size(one.missed_bytes),
            ),
        )
        for one in record.cache_hits
    )
    return (_table([*reads, *hits]), Paragraph(record.replicas.sentence))


def _parity(record: Record) -> Sequence[Paragraph]:
    found = record.parity
    if found is None:
        return _served(record) or ()
    told = say(
        "{equal} of {prompts} answers match those of {against}",
        equal=found.equal,
        prompts=found.prompts,
        against=found.against or "?",
    )
    return (Paragraph(told), *_difference(found.first_difference), *_served(record))


def _served(record: Record) -> Sequence[Paragraph]:
    found = record.served
    if found is None or found.equal is None:
        return ()
    told = say(
        "{equal} of the server's {prompts} answers match the default loader's",
        equal=found.equal,
        prompts=found.prompts,
    )
    return (Paragraph(told), *_difference(found.first_difference))


def _difference(first: object) -> Sequence[Paragraph]:
    if first is None:
        return ()
    return (Paragraph(say("First difference: {what}", what=flat(first))),)


def _notebooks(notebooks: Sequence[Notebook]) -> Iterator[Table | Folded]:
    states = {
        "passed": say("passed"),
        "failed": say("failed"),
        "interrupted": say("interrupted"),
        "timed-out": say("timed out"),
        "begun": say("begun"),
        "not-run": say("not run"),
    }
    errors = any(book.error for book in notebooks)
    yield _table(
        (
            book.name,
            _unbroken(states.get(book.status, book.status)),
            "" if book.status == "not-run" else _unbroken(duration(book.seconds)),
            *([book.error] if errors else ()),
        )
        for book in notebooks
    )
    yield from practice.checks(notebooks)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _settings(record: Record) -> Iterator[Part]:
    """Yield the settings that somebody chose; those that are as warmbook has them are folded."""
    chosen = {name: v for name, v in record.choices.items() if v != _default(name)}
    usual = {name: v for name, v in record.choices.items() if name not in chosen}
    yield _table((name, flat(value)) for name, value in chosen.items())
    if usual:
        head = say("{count} more settings have their default", count=len(usual))
        yield Folded(head, tuple((name, flat(value)) for name, value in usual.items()))
    if left_out := sorted(set(record.settings) - set(record.choices)):
        told = say(
            "Skipped, unknown to this version of warmbook: {names}", names=", ".join(left_out)
        )
        yield Paragraph(told)


def _default(name: str) -> object:
    return Settings.model_fields[name].get_default(call_default_factory=True)


def _versions(record: Record) -> Table:
    engine = [(say("engine"), say(record.engine))] if record.engine else []
    commit = [(say("commit"), record.commit)] if record.commit else []
    return _table([*engine, *record.versions.items(), *commit])


def _table(rows: Iterable[tuple[str, ...]]) -> Table:
    return Table(tuple(rows))
