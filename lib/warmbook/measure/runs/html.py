"""A run's record as one HTML page: no script, no other file, light and dark, to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...display.card import AMBER, BLUE, GREEN, GREY, RED, escape
from ...texts import say, spoken
from ...units import duration, size
from ..coldstart.timeline import phase_kind, source_name, which_answer
from .record import QUICK_ENGINE, Notebook, Record, RecordedPhase, flat

_STYLE = f"""
:root {{ color-scheme: light dark;
  --ink: #1f2328; --paper: #fff; --line: #d0d7de; --soft: #59636e }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6edf3; --paper: #0d1117; --line: #3d444d; --soft: #9198a1 }}
}}
body {{ color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif;
  max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem; overflow-wrap: anywhere }}
h1 {{ font-size: 1.6rem; line-height: 1.2 }}
h2 {{ font-size: 1.15rem; border-bottom: 1px solid var(--line); margin: 2rem 0 .5rem }}
table {{ border-collapse: collapse }}
th, td {{ text-align: start; vertical-align: top; padding: .2rem 1.2rem .2rem 0;
  font-weight: normal }}
th {{ color: var(--soft); min-width: 9.5rem }}
td, p {{ unicode-bidi: plaintext; white-space: pre-wrap }}
p {{ margin: .3rem 0 }}
svg {{ display: block; width: 100%; height: 1.1rem }}
.phases {{ width: 100% }}
.figure {{ text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums }}
.bar {{ width: 33%; padding-inline-end: 0 }}
@media (max-width: 40rem) {{
  th {{ min-width: 7.5rem }}
  .phases tr {{ display: flex; flex-wrap: wrap; padding-block-end: .3rem }}
  .phases td {{ padding-block: 0; box-sizing: border-box }}
  .phases td:first-child {{ flex: 1 0 100% }}
  .phases .bar {{ flex: 1 0 100% }}
}}
.banner {{ border-inline-start: 4px solid {AMBER}; padding-inline-start: .8rem }}
.cloud {{ border-color: {BLUE} }}
.good {{ border-color: {GREEN} }}
.bad {{ border-color: {RED} }}
@media print {{
  :root {{ --ink: #000; --paper: #fff; --line: #999; --soft: #444 }}
  body {{ max-width: none; padding: 0; font-size: 10pt }}
  h2 {{ break-after: avoid }}
  tr {{ break-inside: avoid }}
}}
"""
LEAST_USD = 0.00005
"""What costs less shows no digit."""

_COLOURS = {
    "cluster": GREY,
    "container": AMBER,
    "server": GREEN,
    "weights": BLUE,
    "unexplained": RED,
}


def page(record: Record, name: str) -> str:
    """Return the page; every value of the record stands in it as text."""
    title = say("Run {name}", name=name)
    sections = (
        (say("Cold start"), _cold_start(record)),
        (say("Cost"), _cost(record)),
        (say("Stream"), _streams(record)),
        (say("Question and answer"), _answer(record)),
        (say("Cache and replicas"), _replicas(record)),
        (say("Other loaders"), _loaders(record)),
        (say("Same answers"), _parity(record)),
        (say("Cleanup"), _cleanup(record)),
        (say("Notebooks"), _notebooks(record.notebooks)),
        (say("Settings"), _settings(record)),
        (say("Versions"), _versions(record)),
    )
    body = "".join(f"<section><h2>{escape(head)}</h2>{html}</section>" for head, html in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{spoken()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{_banner(record)}{body}</body></html>\n"
    )


def _banner(record: Record) -> str:
    if record.rehearsal:
        sentence = say("Rehearsal: its rates say nothing about Cloud Storage, and it cost nothing.")
        banner = _text(sentence, "banner")
    else:
        project = record.choices.get("project_id", "")
        sentence = say("Google Cloud: {project}.", project=project)
        without = say("The record tells no cost.") if record.usd is None else ""
        banner = _text(f"{sentence} {without}", "banner cloud")
    if record.engine == QUICK_ENGINE:
        sentence = say(
            "The rehearsal's quick engine stood for vLLM: it streamed the weights, and neither "
            "compiled nor answered anything."
        )
        banner += _text(sentence, "banner")
    if record.shaped is not None:
        sentence = say("The network was shaped: {figures}", figures=flat(record.shaped))
        banner += _text(sentence, "banner")
    if stopped := record.stopped_in:
        sentence = say("Not every notebook passed: it stopped in {name}.", name=stopped.name)
        banner += _text(sentence, "banner bad")
    return banner


def _cold_start(record: Record) -> str:
    total = record.cold_start_s
    if total is None:
        return _not_run()
    rows = "".join(
        f"<tr><td>{escape(phase.title)}</td>"
        f'<td class="figure">{escape(duration(phase.seconds))}</td>'
        f"<td>{escape(source_name(phase.source))}</td>"
        f"{_usd(phase) if record.usd is not None else ''}"
        f'<td class="bar">{_bar(start, phase, total)}</td></tr>'
        for start, phase in record.timeline()
    )
    told = say("{time} from the Pod to its readiness", time=duration(record.ready_s or 0.0))
    if record.first_answer_s is not None:
        told = say("{time} from the Pod to its first answer", time=duration(total))
    return f'{_text(told)}<table class="phases">{rows}</table>'


def _bar(start: float, phase: RecordedPhase, total: float) -> str:
    scale = 100 / total if total else 0
    return (
        '<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect x="{start * scale:.3f}" width="{max(phase.seconds * scale, 0.4):.3f}" height="1"'
        f' fill="{_COLOURS[phase_kind(phase.name)]}"/></svg>'
    )


def _usd(phase: RecordedPhase) -> str:
    told = f"${phase.usd:.4f}" if phase.usd and phase.usd >= LEAST_USD else ""
    return f'<td class="figure">{told}</td>'


def _cost(record: Record) -> str:
    """Return what the cold start cost; of the rest of the run the record knows no bill."""
    if record.rehearsal:
        return _text(
            say("Nothing was paid: a rehearsal's seconds are its machine's, and have no price.")
        )
    if (cost := record.cost) is None or (usd := record.usd) is None:
        return _text(say("The record tells no cost."))
    figures = {
        "machine": f"{cost.machine} (Spot)" if cost.spot else cost.machine,
        "hourly": f"${cost.hourly_usd:.4f}",
        "region": cost.region,
        "date": cost.date,
    }
    told = (
        say("Until it served, the machine cost ${usd}.", usd=f"{usd:.4f}"),
        say("By the price of {machine} in {region} as of {date}: {hourly} an hour.", **figures),
        "" if cost.listed else say("No list has this size: the price was computed from others."),
        say("Of one machine, from its node's readiness on; clusters and storage cost extra."),
    )
    return "".join(map(_text, told))


def _streams(record: Record) -> str:
    rows = (
        (
            stream.pod,
            f"{size(stream.bytes)}, {duration(stream.seconds)}, {stream.gib_s:.2f} GiB/s",
            say("witness: {source}", source=source_name(stream.source)),
        )
        for stream in record.streams
    )
    return _table(rows) if record.streams else _not_run()


def _answer(record: Record) -> str:
    if not record.question:
        return _not_run()
    told = _text(record.question) + _text(f"→ {record.answer or record.declined}")
    if (found := record.answered) is None:
        return told
    return told + _text(f"{duration(found.seconds)}, {which_answer(found.pod, found.first)}")


def _loaders(record: Record) -> str:
    if record.comparison is None:
        return _not_run()
    rows = ((one.loader, ", ".join(map(duration, one.seconds))) for one in record.comparison.runs)
    return _table(rows) + _text(record.comparison.sentence)


def _replicas(record: Record) -> str:
    if record.replicas is None:
        return _not_run()
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
    return _table([*reads, *hits]) + _text(record.replicas.sentence)


def _parity(record: Record) -> str:
    found = record.parity
    if found is None:
        return _served(record) or _not_run()
    told = say(
        "{equal} of {prompts} answers are the same as with {against}",
        equal=found.equal,
        prompts=found.prompts,
        against=found.against or "?",
    )
    return _text(told) + _difference(found.first_difference) + _served(record)


def _served(record: Record) -> str:
    found = record.served
    if found is None or found.equal is None:
        return ""
    told = say(
        "{equal} of the server's {prompts} answers are the default loader's",
        equal=found.equal,
        prompts=found.prompts,
    )
    return _text(told) + _difference(found.first_difference)


def _difference(first: object) -> str:
    return "" if first is None else _text(say("First difference: {what}", what=flat(first)))


def _cleanup(record: Record) -> str:
    if record.left is None:
        told = say("Cleanup did not run: what was created may still be there, and cost money.")
        return _text(told, "banner bad")
    gone = [(name, say("deleted")) for name in record.created if name not in record.left]
    still = [(name, say("still there")) for name in record.left]
    told = say("Left behind") + ": " + (", ".join(record.left) or say("nothing"))
    return _text(told, "banner bad" if still else "banner good") + _table([*gone, *still])


def _notebooks(notebooks: Iterable[Notebook]) -> str:
    states = {
        "passed": say("passed"),
        "failed": say("failed"),
        "interrupted": say("interrupted"),
        "not-run": say("not run"),
    }
    return _table(
        (
            book.name,
            states.get(book.status, book.status),
            "" if book.status == "not-run" else duration(book.seconds),
            book.error,
        )
        for book in notebooks
    )


def _settings(record: Record) -> str:
    left_out = sorted(set(record.settings) - set(record.choices))
    told = say("Left out, unknown to this warmbook: {names}", names=", ".join(left_out))
    rows = ((name, flat(value)) for name, value in record.choices.items())
    return _table(rows) + (_text(told) if left_out else "")


def _versions(record: Record) -> str:
    engine = [(say("engine"), record.engine)] if record.engine else []
    return _table([*engine, *record.versions.items()])


def _table(rows: Iterable[Sequence[str]]) -> str:
    return f"<table>{''.join(_rows(rows))}</table>"


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for head, *cells in rows:
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        yield f'<tr><th scope="row">{escape(head)}</th>{told}</tr>'


def _text(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if text else ""


def _not_run() -> str:
    return _text(say("Not run."))
