"""What a model needs of GPUs and hosts.

What depends on more than the model's files and the machine's figures is a range, and a verdict
that hangs on it is "tight", never "fits". Figures, sources and dates: `data/gpus.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import MissingError
from ..texts import say
from .config import Shape
from .gpus import (
    GIB,
    Gpu,
    Machine,
    Measured,
    Range,
    estimate,
    gpu,
    machine,
    machines_for,
    price,
)
from .safetensors import LENGTH_BYTES

__all__ = ["Fit", "Gpu", "Host", "Machine", "Measured", "Range", "Shape"]
__all__ += ["GIB", "allocatable", "estimate", "fit", "gpu", "host", "limit_refusal"]
__all__ += ["machine", "machines_for", "price"]

TOKEN_BLOCK = 16
"""vLLM gives memory to the KV cache in blocks of so many tokens."""
_STREAMER_LIMIT = 40 * 10**9


@dataclass(frozen=True)
class Fit:
    """A model on GPUs, in bytes for each; `longest_sure` is the context that surely fits.

    `shares_reading`: beside the weights there is room for the two buffers without which the
    streamer lets each GPU's process read everything.
    """

    verdict: Literal["fits", "tight", "no"]
    tensor_parallel_size: int
    allowed_sizes: tuple[int, ...]
    budget: Range
    weights_bytes: int
    kv_cache: Range
    activations: Range
    non_torch: Range
    graphs: Range
    longest_sure: int
    shares_reading: bool

    @property
    def total(self) -> Range:
        """Everything together."""
        fixed = Range(self.weights_bytes, self.weights_bytes)
        return fixed + self.kv_cache + self.activations + self.non_torch + self.graphs

    @property
    def free(self) -> Range:
        """What the budget leaves; negative where it is too small."""
        return Range(self.budget.low - self.total.high, self.budget.high - self.total.low)


def fit(
    shape: Shape,
    weight_bytes: int,
    largest_tensor_bytes: int,
    on: Gpu,
    gpu_count: int,
    *,
    max_model_len: int,
    utilization: float = 0.90,
    kv_dtype_bytes: int = 2,
) -> Fit:
    """Say whether the model runs with `max_model_len` tokens, 1 or more, on GPUs of one node.

    Shared by the largest tensor-parallel size that `gpu_count` allows. "fits" holds at the
    upper end of every range, "no" fails at the lower end, "tight" is in between. It holds for
    the defaults of vLLM from 0.21.0 on; `utilization` is 0.90 in 0.11 and 0.92 in 0.32. Source:
    vLLM 0.32.0, config/cache.py and v1/worker/gpu_worker.py.

    Raises:
        MissingError: See `Shape.kv_cache`.
    """
    allowed = shape.tensor_parallel_sizes(max((m.gpus for m in machines_for(on.label)), default=8))
    size = max(n for n in allowed if n <= max(1, gpu_count))
    kv_cache = shape.kv_cache(on, max_model_len, size, kv_dtype_bytes)
    token = shape.kv_cache(on, 1, size, kv_dtype_bytes).high
    budget = Range(int(on.usable.low * utilization), int(on.usable.high * utilization))
    weights = -(-weight_bytes // size)
    activations, non_torch, graphs = _activations(on), estimate("non_torch"), estimate("graphs")
    fixed = activations + non_torch + graphs
    room = Range(budget.low - weights - fixed.high, budget.high - weights - fixed.low)
    sure = max(0, room.low) // max(1, token) // TOKEN_BLOCK * TOKEN_BLOCK
    beside = on.usable.low - weights - non_torch.high
    return Fit(
        verdict=_verdict(kv_cache, room),
        tensor_parallel_size=size,
        allowed_sizes=allowed,
        budget=budget,
        weights_bytes=weights,
        kv_cache=kv_cache,
        activations=activations,
        non_torch=non_torch,
        graphs=graphs,
        longest_sure=min(sure, shape.max_positions or sure),
        shares_reading=size > 1 and beside >= 2 * max(GIB, largest_tensor_bytes),
    )


def _activations(on: Gpu) -> Range:
    measured = estimate("activations")  # of a step of 2,048 tokens
    return Range(measured.low, measured.high * on.step_tokens // 2048)


def _verdict(needed: Range, room: Range) -> Literal["fits", "tight", "no"]:
    if needed.high <= room.low:
        return "fits"
    return "tight" if needed.low <= room.high else "no"


@dataclass(frozen=True)
class Host:
    """What the Pod should ask for, in bytes; all but `streamer_bytes` are estimates."""

    streamer_bytes: int
    server_bytes: int
    shm_bytes: int
    ephemeral_bytes: int

    @property
    def memory_bytes(self) -> int:
        """The Pod's memory in whole GiB; files in /dev/shm count as memory."""
        return -(-(self.streamer_bytes + self.server_bytes + self.shm_bytes) // GIB) * GIB


def host(
    weight_bytes: int,
    largest_tensor_bytes: int,
    gpu_count: int,
    *,
    distributed: bool = True,
    streamer: Literal["0.15", "0.16", "0.17"] = "0.17",
) -> Host:
    """Return the host memory for `gpu_count` processes that load the model together.

    Source: runai-model-streamer, RUNAI_STREAMER_MEMORY_LIMIT: 40 GB for each process; while
    they share the reading 40 GB for all (0.17), or the whole model up to 0.16.
    """
    buffer = max(min(_STREAMER_LIMIT, weight_bytes), largest_tensor_bytes)
    if not (distributed and gpu_count > 1):
        buffer *= gpu_count
    elif streamer != "0.17":
        buffer = weight_bytes
    else:
        buffer = max(buffer, largest_tensor_bytes * gpu_count)
    server = estimate("server").high + gpu_count * estimate("worker").high
    shm = gpu_count * estimate("shm").high
    return Host(buffer, server, shm, estimate("ephemeral").high)


def limit_refusal(
    limit_bytes: int,
    largest_tensor_bytes: int,
    *,
    header_bytes: int = 0,
    shared: bool = False,
    streamer: Literal["0.15", "0.16", "0.17"] = "0.17",
) -> str:
    """Return the streamer's words where its memory limit can't hold what it reads, else "".

    -1 is no limit, and 0 as much as is needed. The limit holds for the headers too, the
    longest of which has `header_bytes`; they are read first, by each process for itself. Only
    where processes share the reading of the tensors does 0.17 raise the limit to the largest.

    Source: runai-model-streamer, RUNAI_STREAMER_MEMORY_LIMIT; tried with 0.15.0, 0.15.9, 0.16.0
    and 0.17.0, read to a CPU.
    """
    reads = [LENGTH_BYTES, header_bytes]
    if not (shared and streamer == "0.17"):
        reads.append(largest_tensor_bytes)
    for read in reads:
        if 0 < limit_bytes < read:
            return f"Memory limit supplied: {limit_bytes} cannot be smaller than: {read}"
    return ""


def allocatable(on: Machine) -> int:
    """Return the memory that GKE leaves to Pods on a Standard node, in bytes.

    Source: GKE, "Plan GKE Standard node sizes": 25 % of the first 4 GiB are reserved, 20 % of
    the next 4, 10 % of the next 8, 6 % of the next 112, 2 % above, and 100 MiB for eviction.

    Raises:
        MissingError: The machine's memory is not known here.
    """
    if on.memory_gib is None:
        raise MissingError(
            say("{name} is not in the machine table", name=on.name),
            remedy=say("Choose a machine type whose memory is known, such as g2-standard-16."),
        )
    reserved, left = 0.0, float(on.memory_gib)
    for step_gib, share in ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (left, 0.02)):
        taken = min(left, step_gib)
        reserved, left = reserved + taken * share, left - taken
    return int((on.memory_gib - reserved) * GIB) - 100 * 2**20
