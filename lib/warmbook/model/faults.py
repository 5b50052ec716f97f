"""What is wrong with a model's folder: each fault with what will happen, and the remedy; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from ..severity import Severity
from ..texts import marked, say
from ..units import size
from .documents import of_documents
from .finding import Finding
from .folder_kinds import PARAMS, adapter_shards, of_kind
from .inspect import CONFIG, INDEX, Inspection, Shard, named_only
from .safetensors import INSTEAD, LARGEST_HEADER_BYTES

__all__ = ["Finding", "findings"]

SHARD_TEXTS = {
    "git-lfs pointer": marked("a git-lfs pointer instead of the file"),
    "Xet pointer": marked("a Xet pointer instead of the file"),
    "HTML page": marked("an HTML page instead of the file"),
    "XML page": marked("an XML page instead of the file"),
    "cut short": marked("the file is truncated"),
    "header too long": marked("the header claims more than 100 MiB"),
    "header not JSON": marked("the header is not JSON"),
    "unknown dtype": marked("a dtype that the streamer does not support"),
    "broken entry": marked("a tensor's entry is inconsistent"),
    "overlap": marked("tensors overlap"),
    "gap": marked("there is a gap between tensors"),
    "bytes left over": marked("there are bytes after the last tensor"),
}
APART = {"adapter", "diffusers", "speculator", "several models", "TensorRT-LLM", "archive"}
"""What a folder may be instead of a model."""
OF_A_MODEL = {"no config", "no model type", "no tokenizer", "code missing"}
OTHER_WEIGHTS = ("pytorch_model.bin", "pytorch_model-", "consolidated.0")
COPIED_FORMATS = (".gguf", ".h5", ".msgpack", ".onnx")
KNOW_MTP = (
    *("qwen3_next", "qwen3_5", "ernie4_5", "exaone_moe", "exaone4_5", "longcat_flash"),
    *("mimo", "nemotron_h", "minicpmv4_6"),
)
"""Beginnings of types whose class leaves tensors mtp.… out. Source: vLLM 0.32.0, models/*.py."""
_OF_MACOS = "._"
_OF_TRAINING = "optimizer"
_NUMBERED = re.compile(r"^(.*-)(\d{3,6})-of-(\d{3,6})\.safetensors$")
assert LARGEST_HEADER_BYTES == 100 * 2**20  # said above


def findings(inspection: Inspection, cluster_region: str = "") -> list[Finding]:
    """Return every fault, the ones that stop the server first.

    Source: Run:ai Model Streamer 0.17 and vLLM 0.32, which files they read and refuse.
    """
    checks: tuple[Callable[[Inspection], Iterator[Finding]], ...] = (
        of_kind,
        _shards,
        _index,
        of_documents,
        _beside,
    )
    listed = [finding for check in checks for finding in check(inspection)]
    if {finding.name for finding in listed} & APART:  # nothing else is asked of such a folder
        listed = [finding for finding in listed if finding.name not in OF_A_MODEL]
    listed += _place(inspection, cluster_region)
    return sorted(listed, key=lambda finding: finding.severity != "error")


def _shards(inspection: Inspection) -> Iterator[Finding]:
    """Say what the streamer will refuse, shard by shard."""
    for shard in inspection.shards:
        if shard.fault:
            yield _refused(shard)
    if inspection.shards and not (
        inspection.tensors or any(one.fault for one in inspection.shards)
    ):
        yield Finding(
            "no tensors",
            say("{names}: no tensors in it", names=named_only(inspection.folder.shards)),
            say("vLLM lacks weights: it stops, or its answers are nonsense."),
            say("Upload the model again, whole."),
            pitfall="shard-broken",
        )
    twice = Counter(tensor.name for tensor in inspection.tensors)
    if doubles := sorted(name for name, times in twice.items() if times > 1):
        yield Finding(
            "tensor twice",
            say("{names} in more than one file", names=named_only(doubles)),
            say("Both are streamed, and it is undefined which one is used."),
            say("Remove the files that do not belong to the model."),
        )


def _refused(shard: Shard) -> Finding:
    assert shard.fault
    if shard.name.startswith(_OF_MACOS):
        return _macos(shard)
    happens = say("The streamer stops with an error when it reads this file.")
    if shard.fault.fault == "cut short":
        happens = say("The streamer stops with «File access error» in the middle of the load.")
    severity: Severity = "error"
    remedy = say("Upload this file again.")
    if shard.fault.fault == "bytes left over":
        happens = say("In a bucket, the streamer ignores it; other readers reject the file.")
        severity = "warning"
    if shard.fault.fault in INSTEAD.values():
        remedy = say("Fetch the real file (git lfs pull, or hf download), then upload it.")
    elif shard.fault.fault == "unknown dtype":
        remedy = say("Use a copy of the model in bfloat16 or FP8.")
    what = f"{shard.name}: {say(SHARD_TEXTS[shard.fault.fault])} ({shard.fault.detail})"
    return Finding(shard.fault.fault, what, happens, remedy, severity, pitfall="shard-broken")


def _macos(shard: Shard) -> Finding:
    return Finding(
        "macOS file",
        say("{name}: no weights, but what macOS keeps of a file", name=shard.name),
        say("The streamer stops with an error when it reads this file."),
        say("Remove it: the weights are in the file without ._ before its name."),
        pitfall="shard-broken",
    )


def _index(inspection: Inspection) -> Iterator[Finding]:
    """Compare what the index names with what is there."""
    if INDEX in inspection.folder.files and not inspection.indexed:
        yield Finding(
            "index broken",
            say("{name} can't be read", name=INDEX),
            say("The streamer does not need it; newer vLLM releases read it."),
            say("Upload this file again."),
            "warning",
        )
    if not inspection.indexed:
        yield from _numbered(inspection)
    if not inspection.indexed or not inspection.shards:
        return
    named, there = set(inspection.indexed.values()), set(inspection.folder.shards)
    if missing := sorted(named - there):
        yield Finding(
            "shard missing",
            say("the index names {names}, which is missing", names=named_only(missing)),
            say("vLLM lacks weights: it stops, or its answers are nonsense."),
            say("Upload the missing files."),
            pitfall="shard-broken",
        )
    adapters = adapter_shards(inspection)  # told already
    extra = sorted(there - named - set(adapters))
    foreign = sorted(set(extra) & _unknown_mtp(inspection))
    if foreign:
        yield Finding(
            "mtp beside",
            say("{names}: multi-token prediction layers (mtp)", names=named_only(foreign)),
            say("vLLM stops: the model class has no tensors with these names."),
            say("Move the file out of the folder."),
        )
        extra = sorted(set(extra) - set(foreign))
    if extra and named & _holding(inspection):  # else they are the only weights
        length = sum(inspection.folder.files[name] for name in extra)
        yield Finding(
            "shard extra",
            say("{names}: not in the index", names=named_only(extra)),
            say(
                "It is streamed too ({size} more): the streamer reads every safetensors file in "
                "the folder and ignores the index.",
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
            say("the index names {names}, which no file contains", names=named_only(lost)),
            say("vLLM lacks weights: it stops, or its answers are nonsense."),
            say("Upload the model again: index and weights are from different copies."),
            pitfall="shard-broken",
        )


def _numbered(inspection: Inspection) -> Iterator[Finding]:
    """Compare the files with the numbers in their names, where no index says which there are."""
    found: dict[tuple[str, str], set[int]] = {}
    for name in inspection.folder.shards:
        if match := _NUMBERED.match(name):
            found.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (start, of), here in found.items():
        first = 0 if 0 in here else 1
        wanted = range(first, first + int(of))
        lost = len(wanted) - sum(number in wanted for number in here)
        if lost:
            numbers = islice((number for number in wanted if number not in here), 3)
            named = ", ".join(
                f"{start}{number:0{len(of)}}-of-{of}.safetensors" for number in numbers
            )
            yield _by_number(f"{named} + {lost - 3}" if lost > 3 else named)


def _by_number(names: str) -> Finding:
    return Finding(
        "shard missing",
        say("the numbers in the other files' names say that {names} is not here", names=names),
        say("vLLM lacks weights: it stops, or its answers are nonsense."),
        say("Upload the missing files."),
        pitfall="shard-broken",
    )


def _unknown_mtp(inspection: Inspection) -> set[str]:
    """Return the files that hold nothing but mtp layers, where the model's class has none."""
    if str((inspection.config or {}).get("model_type", "")).startswith(KNOW_MTP):
        return set()
    return {
        shard.name
        for shard in inspection.shards
        if shard.tensors and all(one.name.startswith("mtp.") for one in shard.tensors)
    }


def _holding(inspection: Inspection) -> set[str]:
    """Return the files that can be read and hold weights of the model itself."""
    others = {*adapter_shards(inspection), *_unknown_mtp(inspection)}
    return {
        shard.name
        for shard in inspection.shards
        if shard.tensors and shard.name not in others and not shard.name.startswith(_OF_TRAINING)
    }


def _beside(inspection: Inspection) -> Iterator[Finding]:
    """Look for what lies beside the model and gets in its way."""
    yield from _same_in_other_formats(inspection)
    shards = sorted(set(inspection.folder.shards) - set(adapter_shards(inspection)))
    odd = [name for name in shards if name.startswith("consolidated")]
    # with an index it is told as an extra file already
    if odd and _holding(inspection) - set(odd) and not inspection.indexed:
        yield Finding(
            "consolidated beside",
            say("{names} in addition to the shards", names=named_only(odd)),
            say("It is streamed too: every weight is read twice."),
            say("Remove it from the folder, unless the model needs it."),
            "warning",
        )
    states = [name for name in shards if name.startswith(_OF_TRAINING)]
    if states and states != shards:
        yield Finding(
            "optimizer beside",
            say("{names}: the state of a training beside the weights", names=named_only(states)),
            say("vLLM stops: the model class has no tensors with these names."),
            say("Move the file out of the folder."),
        )
    if PARAMS in inspection.folder.here and CONFIG not in inspection.folder.here and shards:
        yield Finding(
            "Mistral's format",
            say("Mistral's own format: params.json, no config.json"),
            say("vLLM detects it; other servers may not."),
            say("Start the server with --config-format=mistral --tokenizer-mode=mistral."),
            "info",
        )
    if shards and any(name.startswith("original/") for name in inspection.folder.files):
        yield Finding(
            "original folder",
            say("there is a sub-folder original/"),
            say("vLLM downloads its small files too, and may use the wrong config."),
            say("Remove the folder: it is not needed for serving."),
            "warning",
            pitfall="original-folder",
        )


def _same_in_other_formats(inspection: Inspection) -> Iterator[Finding]:
    """Say that the weights lie there a second time, in formats that the streamer does not read.

    What vLLM copies to the Pod at its start is all but *.pt, *.safetensors, *.bin, *.tensors and
    *.pth. Source: vLLM 0.32.0, config/model.py, maybe_pull_model_tokenizer_for_runai.
    """
    here = inspection.folder.here
    if not inspection.folder.shards:
        return
    copied = [name for name in here if name.endswith(COPIED_FORMATS)]
    other = [n for n in here if n.startswith(OTHER_WEIGHTS) and not n.endswith(".json")]
    if found := [*other, *copied]:
        happens = say("The streamer does not read them; you pay only for their storage.")
        if copied:
            happens = say(
                "vLLM downloads them to the Pod's disk at each start, and does not read them."
            )
        told = say("weights in another format too: {names}", names=named_only(found))
        remedy = say("Move them elsewhere if you still need them.")
        yield Finding("other format beside", told, happens, remedy, "warning")


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
            say("Choose the bucket's region as «location», or copy the model to a bucket near."),
            "warning",
            pitfall="bucket-elsewhere",
        )
    ]
