"""Write lib/warmbook/data/config_defaults.json: what a model's class assumes by itself.

Read from the transformers package of an engine; it holds where config.json is silent.

    python tools/config_defaults.py INTERPRETER    a Python that has transformers, such as the
                                                   rehearsal's engine (~/.cache/warmbook/engine-*)

The classes are imported there, no weights and no network are needed; it takes half a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "lib/warmbook/data/config_defaults.json"

READ = """
import json, warnings
warnings.filterwarnings("ignore")
import transformers
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES
FIELDS = %r
TEXT = %r
WRITING = %r

def mapping(kind):
    return getattr(modeling_auto, "MODEL_FOR_" + kind + "_MAPPING_NAMES")

def named(kind):
    return set(mapping(kind))

def writer(cls):
    try:
        return {cls().get_text_config(decoder=True).model_type}
    except Exception:
        return set()

def usual(cls, name):
    try:
        return getattr(getattr(cls(), name, None), "model_type", "")
    except Exception:
        return ""

def read(cls):
    known = {}
    mapped = cls.attribute_map or {}
    for field in FIELDS:
        value = getattr(cls, mapped.get(field, field), None)
        if isinstance(value, (bool, int, list, tuple)) and (value or field != "is_encoder_decoder"):
            known[field] = list(value) if isinstance(value, tuple) else value
    names = {k: v for k, v in mapped.items() if k in FIELDS}
    nested = {k: getattr(v, "model_type", "") or usual(cls, k)
              for k, v in (cls.sub_configs or {}).items() if k in TEXT}
    nested = {k: v for k, v in nested.items() if v}
    more = {"names": names, "nested": nested}
    return {**known, **{k: v for k, v in more.items() if v}}

def has_kinds(cls):
    mapped = cls.attribute_map or {}
    return any(hasattr(cls, k) or k in mapped or any(k in vars(b).get("__annotations__", {})
               for b in cls.__mro__) for k in ("layer_types", "layers_block_type"))

def kinds(cls):
    made = cls(num_hidden_layers=96)
    named = getattr(made, "layer_types", None) or getattr(made, "layers_block_type", None)
    found, each = list(named or []), getattr(made, "per_layer_config", None) or {}
    dims = {kind: getattr(each[at], "head_dim", None) for at, kind in enumerate(found) if each}
    return found, dims

told = {}
writing = set().union(*map(named, WRITING))
for name in writing & set(CONFIG_MAPPING_NAMES):
    writing = writing | writer(CONFIG_MAPPING[name])
for name in CONFIG_MAPPING_NAMES:
    try:
        cls = CONFIG_MAPPING[name]
        told[name] = read(cls)
        if has_kinds(cls) and "num_hidden_layers" in told[name]:
            told[name]["kinds"], told[name]["dims"] = kinds(cls)
    except Exception:
        told.setdefault(name, {})
encoders = sorted(named("MASKED_LM") - writing)
architectures = {}
for kind in (*WRITING, "MASKED_LM"):
    for name, classes in mapping(kind).items():
        for one in [classes] if isinstance(classes, str) else classes:
            architectures.setdefault(one, name)
print(json.dumps([transformers.__version__, told, sorted(writing), encoders, architectures]))
"""
FIELDS = (
    *("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "num_kv_heads"),
    *("head_dim", "hidden_size", "max_position_embeddings", "vocab_size", "v_head_dim"),
    *("sliding_window", "use_sliding_window", "max_window_layers", "attention_chunk_size"),
    *("kv_lora_rank", "qk_rope_head_dim", "index_head_dim", "num_kv_shared_layers"),
    *("multi_query", "new_decoder_architecture", "attn_layer_period", "attn_layer_offset"),
    *("is_encoder_decoder", "decoder_layers", "decoder_attention_heads", "d_model"),
    *("max_source_positions", "max_target_positions", "block_types", "full_attention_interval"),
    *("num_layers", "attention_window_size"),
)
"""What follows from the settings of a class's attention; see lib/warmbook/model/config.py."""
TEXT = ("thinker_config", "text_config", "llm_config", "language_config", "decoder")
"""Where a class of several models keeps the one that writes text."""
WRITING = (
    *("CAUSAL_LM", "IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "SEQ_TO_SEQ_CAUSAL_LM"),
    *("SPEECH_SEQ_2_SEQ",),
)
"""transformers' own lists of the classes that write text, by the middle of their names."""
LONGEST_CYCLE = 8


def cycle(kinds: list[str]) -> list[str]:
    """Return the shortest run of layers that repeats; nothing where none of eight does."""
    for length in range(1, LONGEST_CYCLE + 1):
        if all(kind == kinds[at % length] for at, kind in enumerate(kinds)):
            return kinds[:length]
    return []


def table(read: dict[str, dict[str, Any]], writing: set[str]) -> dict[str, dict[str, Any]]:
    """Return the classes that write text or read it, and those nested in them."""
    kept, wanted = {}, within(read, writing)
    for name, known in sorted(read.items()):
        kinds, dims = known.pop("kinds", None), known.pop("dims", None)
        if name not in wanted or not known:
            continue
        if kinds:
            known["layer_types"] = cycle(kinds)  # empty: no rule that could be written down
        if dims and dims.get("full_attention") not in (None, known.get("head_dim")):
            known["full_attention_head_dim"] = dims["full_attention"]
        kept[name] = known
    return kept


def within(read: dict[str, dict[str, Any]], names: set[str]) -> set[str]:
    """Return the classes and all that are nested in them."""
    nested = {one for name in names for one in read.get(name, {}).get("nested", {}).values()}
    return names if nested <= names else within(read, names | nested)


def main(interpreter: str) -> None:
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    command = [interpreter, "-c", READ % (FIELDS, TEXT, WRITING)]
    done = subprocess.run(command, env=offline, stdout=subprocess.PIPE, text=True, check=True)
    version, read, writing, encoders, architectures = json.loads(done.stdout.splitlines()[-1])
    known = table(read, {*writing, *encoders})
    rows = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in known.items()]
    head = f'{{"transformers": {json.dumps(version)},\n"encoders": {json.dumps(encoders)},\n'
    named = {one: name for one, name in sorted(architectures.items()) if name in known}
    head += f'"architectures": {json.dumps(named)},\n"classes": {{\n'
    DATA.write_text(head + ",\n".join(rows) + "}}\n")
    print(f"{DATA}: {len(rows)} classes of transformers {version}")


if __name__ == "__main__":
    main(*sys.argv[1:])
