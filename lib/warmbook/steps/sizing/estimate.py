"""Which GPUs the model needs, what its Pod should ask for, how fast it can load at best."""

from __future__ import annotations

from collections.abc import Iterator

from ...cloud.clients import Clients
from ...display.step import step
from ...errors import MissingError
from ...model.config import Shape
from ...model.faults import findings
from ...model.fit import Fit, Machine, fit, gpu, host
from ...model.gpus import coming
from ...model.inspect import Inspection
from ...model.load_estimate import LoadTime, connections, load_time
from ...settings import Settings
from ...texts import say
from .card import Sizing

LOWER_SHARE, UPPER_SHARE = 0.90, 0.92
"""Share of the GPU's memory that vLLM takes unless told: before and from 0.27.1."""


@step(lambda settings: "")
def size_up(settings: Settings, clients: Clients, *, seen: Inspection) -> Sizing:
    """Return whether the model runs on the chosen GPUs, and what it needs beside them.

    Source: guide, "Implementa vLLM con Run:ai Model Streamer": one L4 for a small model, more
    GPUs by `--tensor-parallel-size`.
    """
    del clients
    return size_of(settings, seen)


def size_of(settings: Settings, seen: Inspection) -> Sizing:
    """Return what `size_up` returns; where no weights were seen, the KV cache alone."""
    shape = Shape.of(seen.config or {})
    tokens = settings.max_model_len or shape.max_positions or 4096
    fit, sequence, missing = None, None, ""
    try:
        if seen.config is None:
            raise _no_config()
        sequence = shape.one_sequence(tokens)
        fit = _fit(settings, seen, shape, tokens)
    except MissingError as error:
        missing = f"{error.what}. {error.remedy}"
    at = coming(settings) if seen.tensors else None
    return Sizing(
        gpu=settings.gpu,
        gpu_count=settings.gpu_count,
        tensor_parallel_size=settings.tensor_parallel_size,
        tokens=tokens,
        fit=fit,
        host=host(seen.streamed_bytes, _largest(seen), settings.gpu_count) if fit else None,
        load=_load_time(settings, seen, at) if at else None,
        machine=at,
        missing=missing,
        sequence=sequence,
        parameters=seen.parameters,
        state_layers=shape.state_layers,
        named=bool(shape.name),
        doubts=tuple(_doubts(seen)) if seen.tensors else (),
    )


def _doubts(seen: Inspection) -> Iterator[str]:
    """Yield what is wrong with the weights themselves: missing ones, broken ones, an adapter's."""
    for found in findings(seen):
        of_weights = found.pitfall == "shard-broken" or found.name.startswith("adapter")
        if of_weights and found.severity == "error":
            yield found.what


def _no_config() -> MissingError:
    remedy = say("Copy the model's small files next to its weights, or correct the folder.")
    return MissingError(say("There is no config.json that can be read"), remedy=remedy)


def _load_time(settings: Settings, seen: Inspection, at: Machine) -> LoadTime:
    streams = at.vcpus and connections(at.vcpus, settings.concurrency)
    return load_time(seen.streamed_bytes, at, replicas=settings.replicas, streams=streams)


def _fit(settings: Settings, seen: Inspection, shape: Shape, tokens: int) -> Fit:
    if not seen.tensors:
        raise MissingError(
            say("The weights are unknown"),
            remedy=say("Use the model's folder, not only its config.json."),
        )
    version = tuple(int(part) for part in settings.vllm_version.split(".")[:2])
    return fit(
        shape,
        seen.streamed_bytes,
        _largest(seen),
        gpu(settings.gpu),
        settings.tensor_parallel_size,
        max_model_len=tokens,
        utilization=UPPER_SHARE if version >= (0, 28) else LOWER_SHARE,
    )


def _largest(seen: Inspection) -> int:
    return seen.largest.size_bytes if seen.largest else 0
