"""Compare: the same model on the same machine by several loaders, and whether it answers alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import oracle, trials
from ..clients import Clients
from ..gpus import price
from ..loaders import (
    DOWNLOAD,
    FUSE,
    Runs,
    concurrencies,
    fastest,
    knee,
    loaders,
    recommended,
)
from ..manifests import DEPLOYMENT
from ..parity import PROMPTS, Answers, differences
from ..pictures import Picture, dots
from ..progress import Report
from ..settings import Settings
from ..step import step
from ..texts import say
from ..views import Card, Row, duration

READERS = (1, 2, 4, 8, 16, 32)
"""Numbers of readers that are tried; 8 is the streamer's own for object storage."""

Lines = Sequence[Mapping[str, Any]]


def _by_hand(settings: Settings) -> str:
    return (
        f"kubectl scale deployment/{DEPLOYMENT} -n {settings.namespace} --replicas=0\n"
        f"kubectl create -f warmbook-compare.yaml  # {say('the Job that this cell creates')}\n"
        f"kubectl scale deployment/{DEPLOYMENT} -n {settings.namespace} "
        f"--replicas={settings.replicas}"
    )


@dataclass(frozen=True, repr=False)
class Parity(Card):
    """Whether each loader brought the same weights: its greedy answers beside the reference's.

    `answers` are by loader, `again` those of a second run of the reference; `declined` is what
    a server says that answers nothing.
    """

    answers: Mapping[str, Answers]
    again: Answers | None
    version: str
    distributed: bool = False
    declined: str = ""

    @property
    def repeats(self) -> bool:
        """Whether the reference gives the same tokens twice on this machine."""
        reference = self.answers.get(DOWNLOAD)
        return bool(reference and self.again and not differences(reference, self.again))

    @property
    def corrupted(self) -> tuple[str, ...]:
        """The loaders whose tokens are not the reference's, on a machine that repeats itself."""
        if not self.repeats:
            return ()
        reference = self.answers[DOWNLOAD]
        return tuple(n for n, found in self.answers.items() if differences(reference, found))

    @property
    def equal(self) -> bool:
        """Whether at least one other loader was compared, and each gave the same tokens."""
        return self.repeats and len(self.answers) > 1 and not self.corrupted

    def title(self) -> str:
        if self.declined or DOWNLOAD not in self.answers:
            return say("No answers to compare")
        if not self.repeats:
            return say("This machine does not repeat its own answers: nothing can be proved")
        if self.corrupted:
            return say("Other tokens: the weights are corrupted")
        return say("The same tokens by each loader, for {count} prompts", count=len(PROMPTS))

    def rows(self) -> Sequence[Row]:
        return tuple(self._rows())

    def _rows(self) -> Iterator[Row]:
        if self.declined:
            yield Row(say("no answer"), self.declined, "wait")
        reference = self.answers.get(DOWNLOAD)
        if reference is None:
            return
        for name, found in self.answers.items():
            parted = differences(reference, found)
            told = say(
                "{equal} of {count} answers equal",
                equal=len(PROMPTS) - len(parted),
                count=len(PROMPTS),
            )
            if not parted:
                yield Row(name, told, "ok")
                continue
            first = parted[0]
            difference = say(
                "«{prompt}», token {place}: {reference} | {other}",
                prompt=first.prompt,
                place=first.place + 1,
                reference=repr(first.reference),
                other=repr(first.other),
            )
            yield Row(name, f"{told}; {difference}", "bad" if self.repeats else "wait")

    def note(self) -> str:
        if not self.corrupted:
            return ""
        known = oracle.corruption(self.version, distributed=self.distributed)
        return known or say("No report of this is known for vLLM {version}.", version=self.version)

    def record(self) -> dict[str, Any]:
        """Return the outcome for the run record: of the loader that differs most, if one does."""
        reference = self.answers.get(DOWNLOAD)
        if reference is None or len(self.answers) < 2:
            return {}
        parted = {n: differences(reference, a) for n, a in self.answers.items() if n != DOWNLOAD}
        worst = max(parted, key=lambda name: len(parted[name]))
        first = parted[worst][0] if parted[worst] else None
        return {
            "prompts": len(PROMPTS),
            "equal": len(PROMPTS) - len(parted[worst]),
            "against": DOWNLOAD,
            "first_difference": first and {"loader": worst, **vars(first)},
        }


@dataclass(frozen=True, repr=False)
class Compared(Card):
    """The seconds of each loader, run by run; what was left out, and why."""

    runs: tuple[Runs, ...]
    left_out: Mapping[str, str]
    parity: Parity
    cut_short: bool = False
    rehearsal: bool = field(default=False, kw_only=True)

    def title(self) -> str:
        return say("Loading the weights, by {count} loaders", count=len(self.runs))

    def rows(self) -> Sequence[Row]:
        best = recommended(self.runs)
        return (
            *(Row(r.name, _told(r), "ok" if r is best else "info") for r in self.runs),
            *(Row(name, reason, "wait") for name, reason in self.left_out.items()),
        )

    def sentence(self) -> str:
        """Return what follows from the figures, and no more than that."""
        return _sentence(self.runs)

    def note(self) -> str:
        told = [self.sentence()]
        if self.cut_short:
            told.append(say("The budget ended it before all runs were done."))
        if self.rehearsal:
            told.append(say("In a rehearsal these are times of this machine, not of the cloud."))
        return " ".join(told)

    def plot(self) -> Picture:
        """Return each run as a point, the median as a line."""
        return dots([(r.name, r.first_s, r.later) for r in self.runs], self.sentence())

    def record(self) -> dict[str, Any]:
        """Return the comparison for the run record."""
        runs = [{"loader": r.name, "seconds": [round(s, 3) for s in r.seconds]} for r in self.runs]
        return {"runs": runs, "sentence": self.sentence()}


@step(_by_hand)
def by_loader(settings: Settings, clients: Clients, *, report: Report | None = None) -> Compared:
    """Load the model by each loader that there is, in turn, on the server's machine.

    `compare_runs` rounds, each in another order, the first shown apart. No round begins that
    would end after `compare_minutes`, or cost more than `compare_usd` by the machine's list
    price. vLLM's default loader, after a download, is the reference for the answers.

    Source: guide, "Acelera la carga de modelos"; Google's own comparisons, which report medians.

    Raises:
        MissingError: There is no Deployment.
        WarmbookError: The Job's Pod does not come up, with the pitfall's name.
    """
    rehearsal = bool(clients.rehearsal)
    wanted = loaders(settings, rehearsal=rehearsal)
    lines = trials.run(settings, clients, wanted, budget_s=_budget_s(settings), report=report)
    left_out = dict(_left_out(lines))
    if rehearsal:
        left_out[FUSE] = say("there is no Cloud Storage FUSE in a rehearsal")
    found = _runs(lines, [one.name for one in wanted])
    return Compared(
        found,
        left_out,
        _parity(lines, settings),
        cut_short=any(line.get("stopped") == "budget" for line in lines),
        rehearsal=rehearsal,
    )


@dataclass(frozen=True, repr=False)
class Tuned(Card):
    """The streamer alone by its number of readers: where more of them stop to help."""

    runs: tuple[Runs, ...]
    rehearsal: bool = field(default=False, kw_only=True)

    def title(self) -> str:
        return say("The streamer alone, by its concurrency")

    def rows(self) -> Sequence[Row]:
        bend = knee(self.runs)
        return tuple(Row(r.name, _told(r), "ok" if r is bend else "info") for r in self.runs)

    def sentence(self) -> str:
        """Return which concurrency is enough, as far as the runs tell."""
        if (bend := knee(self.runs)) is None:
            return say("Too few runs to tell a difference from chance.")
        return say(
            "Concurrency {count} is enough: no more readers were clearly faster.", count=bend.name
        )

    def note(self) -> str:
        told = [self.sentence()]
        if self.rehearsal:
            told.append(say("In a rehearsal these are times of this machine, not of the cloud."))
        return " ".join(told)

    def plot(self) -> Picture:
        """Return each run as a point, the median as a line."""
        return dots([(r.name, r.first_s, r.later) for r in self.runs], self.sentence())

    def record(self) -> dict[str, Any]:
        """Return the figures for the run record."""
        return {r.name: [round(s, 3) for s in r.seconds] for r in self.runs}


@step(_by_hand)
def by_concurrency(
    settings: Settings,
    clients: Clients,
    *,
    readers: Sequence[int] = READERS,
    report: Report | None = None,
) -> Tuned:
    """Read the weights with the streamer alone, with each number of readers, in turn.

    Into the host's memory, without vLLM: that is the part which concurrency changes. Rounds and
    budget as in `by_loader`. Source: streamer, RUNAI_STREAMER_CONCURRENCY.

    Raises:
        MissingError: There is no Deployment.
        WarmbookError: The Job's Pod does not come up, with the pitfall's name.
    """
    wanted = concurrencies(readers)
    lines = trials.run(settings, clients, wanted, budget_s=_budget_s(settings), report=report)
    return Tuned(_runs(lines, [one.name for one in wanted]), rehearsal=bool(clients.rehearsal))


def _told(runs: Runs) -> str:
    return say(
        "median {median}, from {least} to {most} in {count} runs; the first {first}",
        median=duration(runs.median_s),
        least=duration(runs.least_s),
        most=duration(runs.most_s),
        count=len(runs.later),
        first=duration(runs.first_s),
    )


def _sentence(runs: Sequence[Runs]) -> str:
    if len(runs) < 2:
        return say("One loader alone can't be compared.")
    if best := recommended(runs):
        slowest = max(runs, key=lambda one: one.median_s)
        return say(
            "Use {best}: each of its runs was faster than each run of the others; it takes "
            "{share:.0%} of the time of {slowest}.",
            best=best.name,
            share=best.median_s / slowest.median_s,
            slowest=slowest.name,
        )
    return say(
        "No recommendation: {best} has the least median, but the runs overlap or are too few, so "
        "chance may decide.",
        best=fastest(runs).name,
    )


def _budget_s(settings: Settings) -> float:
    """Return the seconds that a comparison may take; of the price, only where it is known."""
    budget_s = 60.0 * settings.compare_minutes
    if settings.compare_usd and (found := price(settings.machine_type)):
        hourly_usd = found.spot_usd if settings.spot else found.on_demand_usd
        budget_s = min(budget_s, settings.compare_usd / hourly_usd * 3600)
    return budget_s


def _runs(lines: Lines, names: Sequence[str]) -> tuple[Runs, ...]:
    """Return the loads by loader; with several GPUs, a run takes as long as its slowest."""
    found: dict[str, dict[int, float]] = {name: {} for name in names}
    for line in lines:
        if "seconds" in line:
            took = found[line["loader"]]
            took[line["run"]] = max(took.get(line["run"], 0.0), float(line["seconds"]))
    return tuple(Runs(name, tuple(took.values())) for name, took in found.items() if took)


def _left_out(lines: Lines) -> Iterator[tuple[str, str]]:
    for line in lines:
        if "absent" in line:
            yield line["loader"], say("the image has no {package}", package=line["absent"])
        elif "error" in line:
            yield line["loader"], line["error"]


def _parity(lines: Lines, settings: Settings) -> Parity:
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
        again,
        settings.vllm_version,
        settings.tensor_parallel_size > 1,
        next((line["declined"] for line in lines if "declined" in line), ""),
    )
