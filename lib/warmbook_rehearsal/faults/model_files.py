"""What is wrong with the model's small files in the bucket, or lies beside its weights."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from ..kubernetes import End
from . import asked
from .bucket import place
from .fault import FILES, Target, fault
from .mends import UPLOAD_AGAIN, typed
from .model import CONFIG, config, keeping, write
from .playing import play

Obj = dict[str, Any]

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt")
NEWER = "Smollm9ForCausalLM"
"""An architecture that no release knows."""
MODULE = "modeling_smollm.py"
ADAPTER = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


@fault(
    "config-cut-short",
    "the upload of config.json was interrupted",
    pitfall="config-broken",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def config_cut_short(rehearsal: Target) -> None:
    """Leave half of it; uploading it again mends it."""
    whole = json.dumps(config(rehearsal)).encode()
    write(rehearsal, CONFIG, whole[: len(whole) // 2])


@fault(
    "tokenizer-missing",
    "the model's tokenizer was not uploaded",
    pitfall="tokenizer-unreadable",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
@keeping
def tokenizer_missing(rehearsal: Target) -> None:
    """Delete its files; uploading them mends it."""
    bucket, path = place(rehearsal)
    objects = rehearsal.storage.bucket(bucket).objects
    for name in TOKENIZERS:
        if found := objects.get(f"{path}/{name}"):
            rehearsal.storage.delete_object(found)


@fault(
    "adapter-beside-weights",
    "an adapter was uploaded into the folder of its base model",
    pitfall="weights-of-another-model",
    mend=typed("gcloud storage rm gs://$BUCKET_NAME/$MODEL_PATH/adapter_*"),
    places=(FILES,),
)
@keeping
def adapter_beside_weights(rehearsal: Target) -> None:
    """Put one of two tensors there; moving it to a folder of its own mends it."""
    entry = {"dtype": "BF16", "shape": [2, 8], "data_offsets": [0, 32]}
    header = json.dumps({ADAPTER: entry}).encode().ljust(128)
    data = struct.pack("<Q", len(header)) + header + bytes(32)
    write(rehearsal, "adapter_model.safetensors", data)
    told = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]}
    write(rehearsal, "adapter_config.json", json.dumps(told).encode())


@fault(
    "architecture-unknown",
    "the model is newer than the server's release, which does not support its architecture",
    pitfall="architecture-unknown",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
def architecture_unknown(rehearsal: Target) -> None:
    """Write another architecture into config.json; uploading the right file mends it.

    The refusal is played: the quick engine reads any model.
    """

    def ends(found: Obj, _: Obj) -> End | None:
        said = f"ValueError: Model architectures {[NEWER]} are not supported for now."
        return End((said,)) if NEWER in (found.get("architectures") or ()) else None

    _write_into_config(rehearsal, architectures=[NEWER])
    _play_by_config(rehearsal, ends)


@fault(
    "remote-code",
    "the model contains Python code of its own, and the server is not allowed to run it",
    pitfall="remote-code-refused",
    mend=UPLOAD_AGAIN,
    places=(FILES,),
)
def remote_code(rehearsal: Target) -> None:
    """Put a module beside the weights and name it in config.json; --trust-remote-code mends it.

    The refusal is played: the quick engine runs no model's code.
    """
    end = End(
        (
            f"ValueError: The repository {rehearsal.model_uri} contains custom code which must be "
            "executed to correctly load the model. Please pass the argument "
            "`trust_remote_code=True` to allow custom code to be run.",
        )
    )

    def ends(found: Obj, pod: Obj) -> End | None:
        trusted = "--trust-remote-code" in asked.words(pod)
        return end if found.get("auto_map") and not trusted else None

    named = {"AutoModelForCausalLM": f"{MODULE.removesuffix('.py')}.SmollmForCausalLM"}
    keeping(lambda one: write(one, MODULE, b"class SmollmForCausalLM: ...\n"))(rehearsal)
    _write_into_config(rehearsal, auto_map=named)
    _play_by_config(rehearsal, ends)


def _write_into_config(rehearsal: Target, **fields: Any) -> None:
    """Add fields to the model's config.json in the bucket, until it is taken back."""

    @keeping
    def change(rehearsal: Target) -> None:
        write(rehearsal, CONFIG, json.dumps({**config(rehearsal), **fields}).encode())

    change(rehearsal)


def _play_by_config(rehearsal: Target, ends: Callable[[Obj, Obj], End | None]) -> None:
    """Play what follows from config.json in the bucket, for servers of this model."""

    def of_model(pod: Obj, _: Obj) -> End | None:
        theirs = asked.model_uri(pod).rstrip("/") == rehearsal.model_uri
        return ends(config(rehearsal), pod) if theirs else None

    play(rehearsal, of_model)
