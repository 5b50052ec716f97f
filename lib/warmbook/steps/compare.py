"""Compare: the same model on the same machine by several loaders, and whether it answers alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from typing import Any

from ..cloud import gke
from ..cloud.clients import Clients
from ..cloud.objects import at, text
from ..display.card import Row
from ..display.picture import Picture
from ..display.plots import curve
from ..display.progress import Report
from ..display.step import step
from ..errors import SettingsError
from ..measure.loaders import job, results
from ..measure.loaders.card import Times, spread
from ..measure.loaders.catalog import (
    DOWNLOAD,
    FUSE,
    LEAST_RUNS,
    STREAMER,
    TUNABLES,
    Runs,
    enough,
    fastest,
    knee,
    loaders,
    recommended,
)
from ..measure.runs.schema import Loaders, RecordedLoader
from ..measure.tokens.loaders import Parity
from ..measure.tokens.server import Served
from ..model.folder import list_folder
from ..model.gpus import Price, coming, price
from ..serving import pods
from ..serving.guide_manifest import DEPLOYMENT, OURS
from ..serving.prompts import Origin, Transcript
from ..settings import Settings
from ..shell import quoted
from ..texts import say
from ..units import duration


def _by_hand(settings: Settings) -> str:
    namespace = quoted(settings.namespace)
    return (
        f"kubectl scale deployment/{DEPLOYMENT} -n {namespace} --replicas=0\n"
        f"python -m warmbook manifest --comparison | kubectl create -f -\n"
        f"kubectl logs -n {namespace} -f -l {OURS}\n"
        f"kubectl scale deployment/{DEPLOYMENT} -n {namespace} "
        f"--replicas={settings.replicas}"
    )


@dataclass(frozen=True, repr=False)
class Compared(Times):
    """The loaders, run by run; those left out, and why; whether they brought the same."""

    runs: tuple[Runs, ...]
    left_out: tuple[Row, ...]
    parity: Parity
    transcript: Transcript | None = field(default=None, kw_only=True)
    """The default loader's answers, if this machine repeats them."""
    converted_s: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    """Seconds that the model's conversion took for a loader that needs one."""

    @property
    def reference(self) -> dict[str, Any]:
        """What notebook 07 holds a server's answers against; nothing if nobody knows."""
        return self.transcript.record() if self.transcript else {}

    @property
    def served(self) -> dict[str, Any]:
        """The server's answers as notebook 07 has recorded them, and what they prove now."""
        return self.parity.server.record() if self.parity.server else {}

    @property
    def fastest(self) -> str:
        """The loader with the least median."""
        return fastest(self.runs).name

    @property
    def gain(self) -> float | None:
        """How many times as long as the streamer the download takes; None without either."""
        medians = {one.name: one.median_s for one in self.runs}
        if not {STREAMER, DOWNLOAD} <= medians.keys():
            return None
        return medians[DOWNLOAD] / medians[STREAMER]

    def plot(self) -> Picture:
        """Return the runs as a picture."""
        return self.drawn(*self.runs)

    def title(self) -> str:
        return say("Comparison of {count} loaders", count=len(self.runs))

    def rows(self) -> Sequence[Row]:
        best = recommended(self.runs)
        return (
            *(Row(r.name, self._detail(r), "ok" if r is best else "info") for r in self.runs),
            *self.left_out,
        )

    def _detail(self, runs: Runs) -> str:
        if runs.name not in self.converted_s:
            return spread(runs)
        took = duration(self.converted_s[runs.name])
        return f"{spread(runs)}; {say('the model was converted first, in {took}', took=took)}"

    def sentence(self) -> str:
        """Return which loader to use, if each of its runs was faster than all others."""
        return _sentence(self.runs)

    def chance(self) -> str:
        """Return how often chance alone would recommend the same loader, if one is recommended."""
        if (best := recommended(self.runs)) is None:
            return ""
        return say(
            "If all loaders were equally fast, chance would put {best} this far ahead at most "
            "once in {times} comparisons.",
            best=best.name,
            times=min(best.odds(one) for one in self.runs if one is not best),
        )

    def record(self) -> dict[str, Any]:
        """Return the comparison for the run record."""
        runs = (RecordedLoader(loader=one.name, seconds=one.rounded) for one in self.runs)
        return Loaders(runs=tuple(runs), sentence=self.sentence()).dumped()


@step(_by_hand)
def by_loader(
    settings: Settings,
    clients: Clients,
    *,
    served: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> Compared:
    """Load the model by each loader that there is, in turn, on the server's machine.

    `compare_runs` rounds, each in another order, the first shown apart. No round begins that
    would end after `compare_minutes`, or cost more than `compare_usd` by the machine's list
    price. vLLM's default loader, after a download, is the reference for the answers; also for
    those of the running server, if notebook 07 has recorded some: `served`.

    Source: guide, "Acelera la carga de modelos"; Google's own comparisons, which report medians.

    Raises:
        MissingError: There is no Deployment.
        WarmbookError: The Job's Pod does not come up, with the pitfall's name.
    """
    rehearsal = bool(clients.rehearsal)
    unmounted = _unmounted(settings, clients)
    wanted = loaders(settings, mounts=not unmounted)
    files = list_folder(clients, settings.model_uri).fingerprint
    lines = job.run(settings, clients, wanted, budget_s=_budget_s(settings, clients), report=report)
    left_out = tuple(results.left_out(lines))
    if unmounted:
        left_out += (Row(FUSE, unmounted),)
    found = results.runs(lines, [one.name for one in wanted])
    parity = results.parity(lines, settings)
    reference = _reference(lines, parity, settings.model_uri, files)
    return Compared(
        found,
        left_out,
        replace(parity, server=_served(served, reference, parity)),
        transcript=reference,
        converted_s={one["loader"]: one["converted_s"] for one in lines if "converted_s" in one},
        cut_short=results.cut_short(lines),
        rehearsal=rehearsal,
        network=clients.network,
    )


def _unmounted(settings: Settings, clients: Clients) -> str:
    """Return why Pods can't mount the bucket, "" if they can."""
    cluster = gke.find(settings, clients)
    if cluster is not None and not gke.mounts_buckets(cluster):
        return say("the Cloud Storage FUSE CSI driver is disabled on the cluster: see fuse-off")
    if clients.rehearsal:
        return say("a rehearsal has no Cloud Storage FUSE")
    return ""


@dataclass(frozen=True, repr=False)
class Tuned(Times):
    """The streamer alone by the values of a tunable: from which on no other helps."""

    runs: tuple[Runs, ...]
    tunable: str

    def plot(self) -> Picture:
        """Return the runs as a curve over the values of the tunable."""
        bend = knee(self.runs)
        points = [(one.name, one.first_s, one.later) for one in self.runs]
        return curve(points, bend.name if bend else "", self.tunable, self.sentence(), self.title())

    def title(self) -> str:
        return say("Load time by {tunable}", tunable=self.tunable)

    def rows(self) -> Sequence[Row]:
        bend = knee(self.runs)
        return tuple(Row(r.name, spread(r), "ok" if r is bend else "info") for r in self.runs)

    def sentence(self) -> str:
        """Return which value is enough, as far as the runs tell."""
        if (bend := knee(self.runs)) is None:
            return say("Too few runs to distinguish a difference from chance.")
        return say(
            "Use {value} for {tunable}; no other value was clearly faster.",
            tunable=self.tunable,
            value=bend.name,
        )


@step(_by_hand)
def by_tunable(
    settings: Settings,
    clients: Clients,
    *,
    values: Sequence[str] = (),
    report: Report | None = None,
) -> Tuned:
    """Read the weights with the streamer alone, with each value of `compare_tunable`, in turn.

    Into the host's memory, without vLLM: that is the part which the streamer's tunables change.
    Rounds and budget as in `by_loader`; `values` are names of `loaders.TUNABLES`, all if empty.

    Source: streamer, docs/src/env-vars.md.

    Raises:
        MissingError: There is no Deployment.
        SettingsError: A rehearsal can't show the tunable.
        WarmbookError: The Job's Pod does not come up, with the pitfall's name.
    """
    tunable = TUNABLES[settings.compare_tunable]
    if clients.rehearsal and not tunable.in_rehearsal:
        raise SettingsError(
            say("A rehearsal's storage does not support gRPC, so nothing can be compared."),
            remedy=say("Choose another compare_tunable, or try it on Google Cloud."),
        )
    wanted = tunable.loaders(values)
    lines = job.run(settings, clients, wanted, budget_s=_budget_s(settings, clients), report=report)
    return Tuned(
        results.runs(lines, [one.name for one in wanted]),
        settings.compare_tunable,
        rehearsal=bool(clients.rehearsal),
        cut_short=results.cut_short(lines),
        network=clients.network,
    )


def _sentence(runs: Sequence[Runs]) -> str:
    if len(runs) < 2:
        return say("A comparison takes at least two loaders.")
    if best := recommended(runs):
        slowest = max(runs, key=lambda one: one.median_s)
        return say(
            "Use {best}: each of its runs was faster than each run of the others; it takes "
            "{share:.0%} of the time of {slowest}.",
            best=best.name,
            share=best.median_s / slowest.median_s,
            slowest=slowest.name,
        )
    if not enough(runs):
        return _too_few(min(runs, key=lambda one: len(one.later)))
    return say(
        "No recommendation: {best} has the lowest median, but the runs overlap, so the "
        "difference may be chance.",
        best=fastest(runs).name,
    )


def _too_few(runs: Runs) -> str:
    """Return what so few runs can't tell: how often chance alone would decide."""
    return say(
        "No recommendation: {count} of the {least} runs per loader that are needed can be "
        "compared. If all loaders were equally fast, chance would put one ahead in all its runs "
        "once in {times} comparisons; with {least} runs, once in {usual}.",
        count=len(runs.later),
        least=LEAST_RUNS,
        times=runs.odds(runs),
        usual=comb(2 * LEAST_RUNS, LEAST_RUNS),
    )


def _budget_s(settings: Settings, clients: Clients) -> float:
    """Return the seconds that a comparison may take; of the price, only where it is known."""
    budget_s = 60.0 * settings.compare_minutes
    if settings.compare_usd and (found := _price(settings, clients)):
        hourly_usd = found.spot_usd if settings.spot else found.on_demand_usd
        budget_s = min(budget_s, settings.compare_usd / hourly_usd * 3600)
    return budget_s


def _price(settings: Settings, clients: Clients) -> Price | None:
    """Return the price of the machine that the server runs on, else of the one that would come.

    Raises:
        MissingError: There are no figures of the server's machine.
    """
    for pod in pods.now(settings, clients):
        node = clients.kubernetes.find("Node", pod.node) if pod.node else None
        if name := text(at(node, "metadata", "labels", gke.MACHINE_TYPE)):
            return price(name)
    expected = coming(settings)
    return expected.price if expected else None


def _reference(lines: results.Lines, parity: Parity, model: str, files: str) -> Transcript | None:
    """Return the reference's answers with their origin, if it gives them twice."""
    if not parity.repeats:
        return None
    told = next(line for line in lines if line.get("loader") == DOWNLOAD and "vllm" in line)
    return Transcript(Origin(model, files, str(told["vllm"])), parity.answers[DOWNLOAD])


def _served(
    kept: Mapping[str, Any] | None, reference: Transcript | None, parity: Parity
) -> Served | None:
    """Return the server's answers that were kept, held against the reference."""
    found = Transcript.of(kept)
    return Served(found, reference, parity.distributed) if found else None
