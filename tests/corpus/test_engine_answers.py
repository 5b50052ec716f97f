"""The corpus' answers held against vLLM's and the streamer's own loaders, in the engine."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from warmbook.model.faults import findings
from warmbook.model.inspect import inspect_local
from warmbook_rehearsal.__main__ import _parser
from warmbook_rehearsal.node import build_image

from .folders import CASES, write

STREAM = {"unknown dtype", "cut short", "git-lfs pointer", "Xet pointer", "HTML page", "XML page"}
LOAD = {"adapter", "adapter beside", "mtp beside", "pre-sharded", "optimizer beside"}
CONFIG = {"no config", "config broken", "byte-order mark", "code missing", "HTML page"}
CONFIG |= {"no model type"}
"""Findings whose witness is the streamer, vLLM's loader, vLLM's reader of config.json."""
ASKED = (
    *("05-model-with-adapter-beside", "adapter-under-another-name", "adapter-in-a-folder-below"),
    *("04-lora-adapter", "adapter-config-alone-beside", "31-mtp-file", "mtp-in-glm"),
    *("split-by-gpu", "07-gguf-only", "gguf-beside", "08-bin-and-safetensors", "bin-only"),
    *("18-trainer-checkpoint", "27-llamafactory-1shard-with-index-name", "39-zero-byte-shard"),
    *("41-xet-pointer", "lfs-pointer", "html-instead", "xml-error-instead"),
    *("29-no-padding-no-metadata", "35-parent-of-two-models", "14-dtype-F8_E4M3FNUZ"),
    *("dtype-F8_E5M2", "dtype-F8_E8M0", "dtype-I64", "dtype-BOOL", "dtype-F8_E5M2FNUZ"),
    *("dtype-F6_E2M3", "config-with-a-byte-order-mark", "config-in-utf-16", "config-is-html"),
    *("21-auto-map-without-its-py", "26-fp16-variant-beside"),
    *("adapter-with-its-base's-config", "a-file-without-tensors", "one-shard-without-tensors"),
    *("a-number-and-an-empty-tensor", "optimizer-beside", "shards-numbered-from-0"),
    "config-of-timm",
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return the folders, and what the engine said of each."""
    image = build_image(Path(_parser().parse_args([]).cache), lambda *_: None)
    place = tmp_path_factory.mktemp("corpus")
    folders = {name: write(CASES[name], place / name) for name in ASKED}
    script = Path(__file__).with_name("ask_engine.py")
    done = subprocess.run(
        [image.python, script, *folders.values()],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        timeout=560,  # half a minute of processor time
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folders, json.loads(done.stdout.rpartition("ENDED ")[2])


def names_of(folder):
    return {finding.name for finding in findings(inspect_local(folder))}


@pytest.mark.streamer
@pytest.mark.timeout(600)
def test_the_streamer_lists_and_reads_the_predicted_files(asked):
    folders, told = asked
    for name, folder in folders.items():
        seen = inspect_local(folder)
        assert told[name]["listed"] == seen.folder.shards, name
        refused = isinstance(told[name]["streamed"], str)
        of_shards = any(shard.fault for shard in seen.shards)
        assert refused == of_shards == bool(of_shards and names_of(folder) & STREAM), told[name]


@pytest.mark.streamer
@pytest.mark.timeout(600)
def test_vllms_loader_refuses_the_predicted_tensors(asked):
    folders, told = asked
    for name, folder in folders.items():
        if not name.startswith("dtype-") and isinstance(told[name]["streamed"], int):
            refused = "There is no module or parameter named" in str(told[name]["loaded"])
            assert refused == bool(names_of(folder) & LOAD), (name, told[name]["loaded"])


@pytest.mark.streamer
@pytest.mark.timeout(600)
def test_vllms_config_reader_refuses_the_predicted_configs(asked):
    folders, told = asked
    for name, folder in folders.items():
        if (folder / "config.json").exists():
            of_config = [
                found.name
                for found in findings(inspect_local(folder))
                if found.name in CONFIG and found.what.startswith("config.json")
            ]
            refused = "Error: " in told[name]["config"]
            assert refused == bool(of_config), (name, told[name]["config"])
