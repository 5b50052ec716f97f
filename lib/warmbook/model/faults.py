"""What is wrong with a model's folder: each fault with what will happen, and the remedy; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..severity import Severity
from ..texts import say
from ..units import size
from .inspect import CONFIG, INDEX, Inspection, Shard, named_only
from .safetensors import LARGEST_HEADER_BYTES

OTHER_FORMATS = (".bin", ".pt", ".pth", ".gguf")
SHARD_TEXTS = {
    "git-lfs pointer": "a git-lfs pointer stands where the file should be",
    "cut short": "the file is cut short",
    "header too long": "the header claims more than 100 MiB",
    "header not JSON": "the header is not JSON",
    "unknown dtype": "a dtype that the streamer does not know",
    "broken entry": "a tensor's entry does not hold together",
    "overlap": "tensors overlap",
    "gap": "there is a gap between tensors",
    "bytes left over": "there are bytes after the last tensor",
}
assert LARGEST_HEADER_BYTES == 100 * 2**20  # said above


@dataclass(frozen=True)
class Finding:
    """A fault by `name` at a place, what happens at load time, and the remedy.

    error: the server will not start, or not with this model; warning: it will, with a surprise.
    `pitfall` is its name in the catalogue, "" where it has none.
    """

    name: str
    what: str
    happens: str
    remedy: str
    severity: Severity = "error"
    pitfall: str = ""


def findings(inspection: Inspection, cluster_region: str = "") -> list[Finding]:
    """Return every fault, the ones that stop the server first.

    Source: Run:ai Model Streamer 0.17 and vLLM 0.32, which files they read and refuse.
    """
    checks: tuple[Callable[[Inspection], Iterator[Finding]], ...] = (
        _weights,
        _shards,
        _index,
        _documents,
        _beside,
    )
    listed = [finding for check in checks for finding in check(inspection)]
    listed += _place(inspection, cluster_region)
    return sorted(listed, key=lambda finding: finding.severity != "error")


def _weights(inspection: Inspection) -> Iterator[Finding]:
    """Say why there are no safetensors files at the folder's own level."""
    folder = inspection.folder
    if folder.shards:
        return
    happens = say("vLLM stops: «Cannot find any safetensors model weights».")
    if folder.deeper:
        yield Finding(
            "weights deeper",
            say("the safetensors files are one level deeper"),
            happens,
            say("Choose {uri}.", uri=f"{folder.uri}/{folder.deeper[0]}"),
            pitfall="weights-not-found",
        )
    elif others := [name for name in folder.here if name.endswith(OTHER_FORMATS)]:
        yield Finding(
            "other format",
            say("only {names}: no safetensors files", names=named_only(others)),
            happens,
            say("Convert the weights to safetensors, or take a copy of the model that has them."),
            pitfall="weights-not-found",
        )
    else:
        yield Finding(
            "no weights",
            say("no safetensors files"),
            happens,
            say("Check the folder in the form, or name a local folder as «model_source»."),
            pitfall="weights-not-found",
        )


def _shards(inspection: Inspection) -> Iterator[Finding]:
    """Say what the streamer will refuse, shard by shard."""
    for shard in inspection.shards:
        if shard.fault:
            yield _refused(shard)
    twice = Counter(tensor.name for tensor in inspection.tensors)
    if doubles := sorted(name for name, times in twice.items() if times > 1):
        yield Finding(
            "tensor twice",
            say("{names} in more than one file", names=named_only(doubles)),
            say("Both are streamed, and which of them counts is not certain."),
            say("Remove the files that don't belong to the model."),
        )


def _refused(shard: Shard) -> Finding:
    assert shard.fault
    happens = say("The streamer stops with an error when it reads this file.")
    if shard.fault.fault == "cut short":
        happens = say("The streamer stops with «File access error» in the middle of the load.")
    severity: Severity = "error"
    remedy = say("Upload this file again, whole.")
    if shard.fault.fault == "bytes left over":
        happens = say("In a bucket the streamer reads past it; other readers refuse the file.")
        severity = "warning"
    if shard.fault.fault == "git-lfs pointer":
        remedy = say("Fetch the real file (git lfs pull), then upload it.")
    elif shard.fault.fault == "unknown dtype":
        remedy = say("Take a copy of the model in bfloat16, or in FP8.")
    what = f"{shard.name}: {say(SHARD_TEXTS[shard.fault.fault])} ({shard.fault.detail})"
    return Finding(shard.fault.fault, what, happens, remedy, severity, pitfall="shard-broken")


def _index(inspection: Inspection) -> Iterator[Finding]:
    """Compare what the index names with what is there."""
    if INDEX in inspection.folder.files and not inspection.indexed:
        yield Finding(
            "index broken",
            say("{name} can't be read", name=INDEX),
            say("The streamer does not need it; newer releases of vLLM read it."),
            say("Upload this file again, whole."),
            "warning",
        )
    if not inspection.indexed or not inspection.shards:
        return
    named, there = set(inspection.indexed.values()), set(inspection.folder.shards)
    if missing := sorted(named - there):
        yield Finding(
            "shard missing",
            say("the index names {names}, which is not here", names=named_only(missing)),
            say("vLLM lacks weights: it stops, or answers nonsense."),
            say("Upload the missing files."),
            pitfall="shard-broken",
        )
    if extra := sorted(there - named):
        length = sum(inspection.folder.files[name] for name in extra)
        yield Finding(
            "shard extra",
            say("{names}: not named by the index", names=named_only(extra)),
            say(
                "It is streamed too ({size} more): the streamer reads every safetensors file "
                "of the folder, whatever the index says.",
                size=size(length),
            ),
            say("Remove it from the folder, unless the model needs it."),
            "warning",
        )
    have = {tensor.name for tensor in inspection.tensors}
    whole = not missing and all(shard.fault is None for shard in inspection.shards)
    if whole and (lost := sorted(inspection.indexed.keys() - have)):
        yield Finding(
            "tensor missing",
            say("the index names {names}, which no file holds", names=named_only(lost)),
            say("vLLM lacks weights: it stops, or answers nonsense."),
            say("Upload the model again: index and weights are of different copies."),
            pitfall="shard-broken",
        )


def _documents(inspection: Inspection) -> Iterator[Finding]:
    """Look for the small files that the server needs."""
    here = inspection.folder.here
    if not here:
        return  # the wrong folder: told already
    if CONFIG not in here:
        yield Finding(
            "no config",
            say("{name} is missing", name=CONFIG),
            say("vLLM stops: «no config file found»."),
            say("Copy the model's small files beside its weights, or correct the folder."),
            pitfall="config-missing",
        )
    elif inspection.config is None:
        yield Finding(
            "config broken",
            say("{name} can't be read", name=CONFIG),
            say("vLLM stops: it can't tell what model this is."),
            say("Upload this file again, whole."),
            pitfall="config-missing",
        )
    if not any("token" in name or name.endswith((".model", ".tiktoken")) for name in here):
        yield Finding(
            "no tokenizer",
            say("no tokenizer files"),
            say("vLLM stops before it reads the weights."),
            say("Copy the model's small files beside its weights, or correct the folder."),
        )


def _beside(inspection: Inspection) -> Iterator[Finding]:
    """Look for what lies beside the model and gets in its way."""
    odd = [name for name in inspection.folder.shards if name.startswith("consolidated")]
    if odd and not inspection.indexed:  # with an index it is told as an extra file already
        yield Finding(
            "consolidated beside",
            say("{names} beside the shards", names=named_only(odd)),
            say("It is streamed too: every weight arrives twice."),
            say("Remove it from the folder, unless the model needs it."),
            "warning",
        )
    if any(name.startswith("original/") for name in inspection.folder.files):
        yield Finding(
            "original folder",
            say("there is a folder original/ below"),
            say("vLLM fetches its small files too, and may take the wrong config."),
            say("Remove the folder: serving needs nothing of it."),
            "warning",
            pitfall="original-folder",
        )


def _place(inspection: Inspection, region: str) -> list[Finding]:
    location = inspection.folder.location
    if not region or inspection.folder.covers(region):
        return []
    return [
        Finding(
            "bucket elsewhere",
            say(
                "{place}; the cluster is in {region}",
                place=location,
                region=region,
            ),
            say("Each start reads all the weights across regions: slower, and billed per GiB."),
            say("Choose the bucket's region in the form, or copy the model to a bucket near."),
            "warning",
            pitfall="bucket-elsewhere",
        )
    ]
