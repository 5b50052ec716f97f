"""The model in the bucket: look at what the streamer will read of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..cloud.clients import Clients
from ..display.card import Card, Row
from ..display.finding import finding_row
from ..display.picture import Picture
from ..display.plots import block_name, layer_map
from ..display.step import step
from ..model.faults import Finding, findings
from ..model.inspect import Inspection, Shard, inspect_model
from ..model.layers import blocks
from ..serving.shell_commands import gcloud
from ..settings import Settings
from ..texts import say
from ..units import duration, size, sizes


@dataclass(frozen=True, repr=False)
class Model(Card):
    """The model as the bucket has it: what will be streamed, and what is wrong with it."""

    seen: Inspection
    cluster_region: str
    findings: tuple[Finding, ...]

    @property
    def shards(self) -> tuple[str, ...]:
        """Names of the safetensors files, at the folder's own level."""
        return tuple(self.seen.folder.shards)

    @property
    def config(self) -> bool:
        """Whether `config.json` is there and can be read."""
        return self.seen.config is not None

    @property
    def near(self) -> bool:
        """Whether the bucket covers the cluster's region."""
        return self.seen.folder.covers(self.cluster_region)

    @property
    def whole(self) -> bool:
        """Whether nothing was found that would stop the server."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def gib(self) -> float:
        """Size of what is streamed, in GiB (2**30 bytes)."""
        return self.seen.streamed_bytes / 2**30

    def title(self) -> str:
        return self.seen.folder.uri

    def rows(self) -> Sequence[Row]:
        return (*self._model(), *self._place(), *map(finding_row, self.findings))

    def _model(self) -> Iterator[Row]:
        seen = self.seen
        if seen.architecture:
            yield Row(say("architecture"), seen.architecture)
        count = say(
            "files: {count}, {size}", count=len(self.shards), size=size(seen.streamed_bytes)
        )
        yield Row(say("safetensors"), count, "ok" if self.shards else "error")
        if largest := seen.largest:
            mix = ", ".join(f"{dtype} {size(length)}" for dtype, length in seen.dtypes)
            yield Row(say("parameters"), f"{_short(seen.parameters)} ({mix})")
            yield Row(say("largest tensor"), f"{size(largest.size_bytes)}, {largest.name}")

    def _place(self) -> Iterator[Row]:
        place = self.seen.folder.location
        if not self.cluster_region:
            yield Row(say("bucket location"), place)
        elif self.near:  # else it is among the findings
            region = self.cluster_region
            told = say("{place}; the cluster is in {region}", place=place, region=region)
            yield Row(say("bucket location"), told, "ok")

    def record(self) -> dict[str, Any]:
        """Return the model as JSON has it; sizes are bytes."""
        seen, largest = self.seen, self.seen.largest
        return {
            "uri": seen.folder.uri,
            "location": seen.folder.location,
            "whole": self.whole,
            "architecture": seen.architecture,
            "shards": [_recorded(shard) for shard in seen.shards],
            "parameters": seen.parameters,
            "dtypes": dict(seen.dtypes),
            "largest_tensor": largest and {"name": largest.name, "bytes": largest.size_bytes},
            "streamed_bytes": seen.streamed_bytes,
            "read_bytes": seen.read_bytes,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def plot(self) -> Picture:
        """Return the bytes of each of the model's layers as a picture."""
        if not (parts := blocks(self.seen.tensors)):
            return Picture(None, say("no safetensors files"))
        layers = [block for block in parts if block.name.isdecimal()]
        bytes_of = sorted(block.size_bytes for block in layers)
        captions = [
            say(
                "{count} layers of {size}", count=len(layers), size=sizes(bytes_of[0], bytes_of[-1])
            )
            if layers
            else say("no layers with the usual names"),
            *(
                f"{block_name(block)} {size(block.size_bytes)}"
                for block in parts
                if block not in layers
            ),
        ]
        return layer_map(parts, ", ".join(captions))

    def note(self) -> str:
        if not self.shards:
            return ""
        ideal = self.seen.streamed_bytes / (32e9 / 8)
        return say(
            "Bytes read: {read}. At the 32 Gbps of a g2-standard-16, the load takes {time} at "
            "best.",
            read=size(self.seen.read_bytes),
            time=duration(ideal),
        )


def _recorded(shard: Shard) -> dict[str, Any]:
    fault = shard.fault.fault if shard.fault else ""
    tensors = len(shard.tensors)
    return {"name": shard.name, "bytes": shard.size_bytes, "tensors": tensors, "fault": fault}


def _short(count: int) -> str:
    """Return a count of parameters as people say it: 134.5M, 9.2B."""
    for letter, unit in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if count >= unit:
            return f"{count / unit:.1f}{letter}"
    return str(count)


@step(gcloud.list_weights)
def inspect(settings: Settings, clients: Clients) -> Model:
    """Look through the model's folder: what the streamer will read, and what is wrong with it.

    Source: guide, "Descripción general" (safetensors in a bucket). Listings, two small files
    and the header of each shard are read, no weights.

    Raises:
        MissingError: There is no such bucket.
        AccessError: The reader may not look at it.
    """
    return model_at(clients, settings.model_uri, settings.region)


def model_at(clients: Clients, uri: str, cluster_region: str = "") -> Model:
    """Return what `inspect` returns, for any folder; without a region the place is no fault."""
    seen = inspect_model(clients, uri)
    return Model(seen, cluster_region, tuple(findings(seen, cluster_region)))
