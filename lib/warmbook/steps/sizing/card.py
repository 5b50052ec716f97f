"""The card of the sizing: memory of the GPUs and of the Pod, the load, the price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from ...display.card import Card, Row
from ...display.check import Answer
from ...display.picture import AMBER, BLUE, GREEN, GREY, Picture
from ...display.plots import MemoryPart, load_bars, memory_bar
from ...errors import Remedy
from ...model.fit import Fit, Host, Machine, Range, gpu
from ...model.gpus import Measured
from ...model.load_estimate import LoadTime, limit_name
from ...severity import Severity
from ...texts import say
from ...units import duration, size, sizes

SEVERITIES: dict[str, Severity] = {"fits": "ok", "tight": "warning", "no": "error"}


@dataclass(frozen=True, repr=False)
class Sizing(Card):
    """The model on the chosen GPUs; `missing` says why nothing can be said."""

    gpu: str
    gpu_count: int
    tensor_parallel_size: int
    tokens: int
    fit: Fit | None
    host: Host | None
    load: LoadTime | None
    machine: Machine | None
    missing: str = ""
    sequence: Range | None = None
    """The KV cache of one sequence of `tokens` on all GPUs, in bfloat16."""
    parameters: int = 0
    state_layers: int = 0
    """How many layers keep a state of constant size, which is in no figure here."""
    named: bool = True
    """Whether config.json names an architecture."""
    doubts: tuple[str, ...] = ()
    """What is wrong with the weights, so that their bytes are not those of the whole model."""

    @property
    def possible(self) -> Answer:
        """Whether the model may run so; where nothing can be said, nothing is refused."""
        if self.fit and not self._divides:
            return self._refused(self.fit)
        if self.fit and self.fit.verdict == "no":
            return Answer(False, self._verdict(self.fit), (Remedy(self._remedy(self.fit)),))
        return Answer(True)

    def _refused(self, fit: Fit) -> Answer:
        """Return the answer for heads that can't be shared out among so many GPUs."""
        sizes = ", ".join(map(str, fit.allowed_sizes))
        remedy = say("Choose {sizes} for «tensor_parallel_size».", sizes=sizes)
        return Answer(False, self._not_divided(fit), (Remedy(remedy),), "heads-not-divisible")

    @property
    def _divides(self) -> bool:
        return self.fit is None or self.fit.tensor_parallel_size == self.tensor_parallel_size

    @property
    def shortest_load_s(self) -> float | None:
        """The shortest possible load, None where the machine is not known."""
        return self.load.least_s if self.load else None

    def title(self) -> str:
        return say("{count} x {gpu} per Pod", count=self.gpu_count, gpu=self.gpu)

    def rows(self) -> Sequence[Row]:
        return (*self._memory(), *self._pod(), *self._load(), *self._price())

    def _memory(self) -> Iterator[Row]:
        if self.missing:
            yield Row(say("GPU memory"), self.missing, "warning")
        if self.sequence:
            told = say("{size} for one sequence, in bfloat16", size=_range(self.sequence))
            yield Row(say("KV cache"), told)
            yield from self._assumed()
        for doubt in self.doubts:
            yield Row(say("weights"), doubt, "warning")
        if self.fit:
            yield from self._on_each(self.fit)

    def _assumed(self) -> Iterator[Row]:
        if not self.named:
            told = say("config.json names no architecture: ordinary attention is assumed")
            yield Row(say("architecture"), told, "warning")
        if self.state_layers:
            told = say(
                "{count} layers keep a state of constant size for each sequence, whatever the "
                "context; the figures here don't include it",
                count=self.state_layers,
            )
            yield Row(say("state"), told)

    def _on_each(self, fit: Fit) -> Iterator[Row]:
        yield Row(say("GPU memory"), self._verdict(fit), SEVERITIES[fit.verdict])
        need = say(
            "weights {weights}, KV cache {context}, other {rest}; available to vLLM {budget}",
            weights=size(fit.weights_bytes),
            context=_range(fit.kv_cache),
            rest=_range(fit.activations + fit.non_torch + fit.graphs),
            budget=_range(fit.budget),
        )
        yield Row(say("on each GPU"), need)
        if fit.verdict != "fits":
            yield Row(say("remedy"), self._remedy(fit), "warning")
        allowed = ", ".join(map(str, fit.allowed_sizes))
        if self._divides:
            detail = say("sizes that divide the model's attention heads: {sizes}", sizes=allowed)
            yield Row("--tensor-parallel-size", detail)
        else:
            yield Row("--tensor-parallel-size", self._not_divided(fit), "error")

    def _verdict(self, fit: Fit) -> str:
        return {
            "fits": say("fits, with {tokens} tokens of context", tokens=self.tokens),
            "tight": say("may fit, with {tokens} tokens of context", tokens=self.tokens),
            "no": say("does not fit, with {tokens} tokens of context", tokens=self.tokens),
        }[fit.verdict]

    def _not_divided(self, fit: Fit) -> str:
        return say(
            "vLLM rejects {size}; sizes that divide the model's attention heads: {sizes}",
            size=self.tensor_parallel_size,
            sizes=", ".join(map(str, fit.allowed_sizes)),
        )

    def record(self) -> dict[str, Any]:
        """Return the sizing as JSON has it; sizes are bytes, None where nothing is known."""
        fit, kept = self.fit, self.sequence
        return {
            "kv_bytes_low": kept and kept.low,
            "kv_bytes_high": kept and kept.high,
            "state_layers": self.state_layers,
            "architecture_named": self.named,
            "tokens": self.tokens,
            "gpu": self.gpu,
            "gpus": self.gpu_count,
            "tensor_parallel_size": self.tensor_parallel_size,
            "tensor_parallel_sizes": list(fit.allowed_sizes) if fit else None,
            "parameters": self.parameters or None,
            "verdict": fit.verdict if fit else "not known",
            "possible": bool(self.possible),
            "missing": self.missing,
            "doubts": list(self.doubts),
            "on_each_gpu": _fit_recorded(fit) if fit else None,
            "longest_sure_tokens": fit and fit.longest_sure,
            "pod_memory_bytes": self.host and self.host.memory_bytes,
            "machine": self.machine.name if self.machine else None,
            "load_least_s": self.load and self.load.least_s,
        }

    def _remedy(self, fit: Fit) -> str:
        if fit.longest_sure:
            return say(
                "It fits with max_model_len {tokens}; or choose more or larger GPUs.",
                tokens=fit.longest_sure,
            )
        return say("Choose more or larger GPUs: the weights leave no memory for the KV cache.")

    def _pod(self) -> Iterator[Row]:
        if self.host:
            told = say(
                "{memory} of memory, {disk} of disk, at least (an estimate)",
                memory=size(self.host.memory_bytes),
                disk=size(self.host.ephemeral_bytes),
            )
            yield Row(say("requests of the Pod"), told)

    def _load(self) -> Iterator[Row]:
        if not (self.load and self.machine):
            return
        least = say(
            "{time} at {limit}; at the guide's rate {guide}",
            time=duration(self.load.least_s),
            limit=limit_name(self.load.binds, self.machine),
            guide=duration(self.load.guide_s),
        )
        yield Row(say("shortest possible load"), least)
        told = ", ".join(
            f"{one.model} {one.gib_s:.1f} GiB/s ({one.machine})" for one in self._measured()
        )
        dates = ", ".join(sorted({one.date for one in self.load.measured}))
        told = say(
            "{loads}; {dates}; not a prediction for other models or machines",
            loads=told,
            dates=dates,
        )
        yield Row(say("Google measured"), told)

    def _measured(self) -> Sequence[Measured]:
        """Return Google's loads, those on the chosen machine first."""
        if not (self.load and self.machine):
            return ()
        chosen = self.machine.name
        return sorted(self.load.measured, key=lambda one: one.machine != chosen)

    def _price(self) -> Iterator[Row]:
        if self.machine and (price := self.machine.price):
            told = say(
                "${usd:.2f}, Spot ${spot:.2f} ({region}, {date})",
                usd=price.on_demand_usd,
                spot=price.spot_usd,
                region=price.region,
                date=price.date,
            )
            yield Row(say("{machine} per hour", machine=self.machine.name), told)

    def note(self) -> str:
        if not self.fit:
            return ""
        return say(
            "Ranges are estimates: what vLLM allocates besides the weights is known only "
            "at startup."
        )

    def plot(self) -> Picture:
        """Return one GPU's memory as a picture: what it takes, what may be taken.

        Where nothing is known of the GPU or of the model's shape, it says so instead.
        """
        if not self.fit:
            return Picture(None, say("No picture of the memory: {reason}", reason=self.missing))
        found, whole = self.fit, gpu(self.gpu).usable.high
        rest = found.activations + found.non_torch + found.graphs
        parts = (
            MemoryPart(say("weights"), found.weights_bytes, found.weights_bytes, BLUE),
            MemoryPart(say("other"), rest.low, rest.high, AMBER),
            MemoryPart(say("KV cache"), found.kv_cache.low, found.kv_cache.high, GREEN),
        )
        budget = (found.budget.low, found.budget.high)
        verdict, need = islice(self._on_each(found), 2)
        title = f"{verdict.name}: {verdict.detail}"
        return memory_bar(parts, budget, whole, f"{title}; {need.detail}", title)

    def plot_load(self) -> Picture:
        """Return the load's time as a picture: at least, at the guide's rate, at Google's.

        Where the machine is not known, it says so instead.
        """
        if not (self.load and self.machine):
            told = say("No picture of the load: the machine's network is unknown.")
            return Picture(None, told)
        at = self.machine
        least, *others = (f"{row.name}: {row.detail}" for row in self._load())
        return load_bars(
            [
                *(
                    (limit_name(name, at), seconds, BLUE)
                    for name, seconds in self.load.limits.items()
                ),
                (say("at the guide's rate"), self.load.guide_s, AMBER),
                *(
                    (f"Google: {one.machine}, {one.model}", self.load.at(one), GREY)
                    for one in self._measured()
                ),
            ],
            "; ".join((least, *others)),
            least,
        )


def _range(span: Range) -> str:
    return sizes(span.low, span.high)


def _fit_recorded(fit: Fit) -> dict[str, Any]:
    parts = ("budget", "kv_cache", "activations", "non_torch", "graphs")
    ranges = {name: asdict(getattr(fit, name)) for name in parts}
    return {"weights_bytes": fit.weights_bytes, **ranges}
