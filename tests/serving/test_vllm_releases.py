from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from warmbook.serving import manifest, vllm_releases
from warmbook.settings import Settings
from warmbook_rehearsal.node import build_image

SCRIPT = Path(__file__).parents[2] / "tools" / "vllm_versions"
EVERYWHERE = (
    "--load-format",
    "--model",
    "--tensor-parallel-size",
    "--max-model-len",
    "--served-model-name",
    "--model-loader-extra-config",
)


def test_disable_log_requests_went_with_0_17_0():
    assert vllm_releases.accepts("0.16.0", "--disable-log-requests") is True
    assert vllm_releases.accepts("0.17.0", "--disable-log-requests") is False
    assert vllm_releases.accepts("0.33.0", "--no-enable-log-requests") is True


@pytest.mark.parametrize("flag", EVERYWHERE)
def test_what_every_release_accepts(flag: str):
    assert all(vllm_releases.accepts(version, flag) is True for version in vllm_releases.covered())


@pytest.mark.parametrize("version", ["0.11.0", "0.10.2", "0.34.0", "1.0", "latest", ""])
def test_releases_outside_the_range_are_unknown(version: str):
    assert vllm_releases.accepts(version, "--model") is None
    assert vllm_releases.accepts(version, "--no-such-flag") is None
    for ask in (
        vllm_releases.loader_keys,
        vllm_releases.refuses_unknown_keys,
        vllm_releases.streamer_requirement,
    ):
        with pytest.raises(LookupError):
            ask(version)
    with pytest.raises(LookupError):
        vllm_releases.corruption(version, distributed=True)


def test_a_release_between_two_known_ones_has_what_both_have():
    assert "0.15.0" not in vllm_releases.covered()
    assert vllm_releases.accepts("0.15.0", "--disable-log-requests") is True
    assert vllm_releases.accepts("0.15.0", "--no-such-flag") is False
    assert vllm_releases.accepts("0.17.0rc1", "--disable-log-requests") is None
    assert vllm_releases.accepts("0.17.0+cu129", "--disable-log-requests") is False
    assert vllm_releases.streamer_requirement("0.15.1") == "runai-model-streamer[gcs,s3]>=0.15.3"
    with pytest.raises(LookupError):
        vllm_releases.streamer_requirement("0.17.2")


def test_a_flag_as_it_stands_in_a_manifest():
    assert vllm_releases.accepts("0.32.0", "--max_model_len=4096") is True
    assert vllm_releases.accepts("0.32.0", '--model-loader-extra-config={"a.b":"c=d"}') is True
    assert vllm_releases.accepts("0.32.0", "--compilation-config.mode=3") is True
    assert vllm_releases.accepts("0.32.0", "-tp") is True
    assert vllm_releases.accepts("0.32.0", "--max-model") is False
    assert vllm_releases.accepts("0.32.0", "-O3") is None


def test_the_streamers_keys():
    for version in vllm_releases.covered():
        assert vllm_releases.loader_keys(version) == {"distributed", "concurrency", "memory_limit"}
    assert vllm_releases.refuses_unknown_keys("0.33.0")
    assert vllm_releases.refuses_unknown_keys("0.24.0")
    assert not vllm_releases.refuses_unknown_keys("0.23.0")
    assert not vllm_releases.refuses_unknown_keys("0.11.1")


def test_the_streamer_that_a_release_requires():
    assert vllm_releases.streamer_requirement("0.11.1") == "runai-model-streamer[gcs,s3]>=0.15.0"
    assert (
        vllm_releases.streamer_requirement("0.32.0") == "runai-model-streamer[azure,gcs,s3]>=0.15.7"
    )


def test_the_lines_of_a_start():
    always = {"Model loading took", "Graph capturing finished", "init engine"}
    assert all(always <= vllm_releases.log_lines(version) for version in vllm_releases.covered())
    assert "Starting vLLM API server" in vllm_releases.log_lines("0.17.1")
    assert "Starting vLLM API server" not in vllm_releases.log_lines("0.18.0")
    assert "Starting vLLM server" in vllm_releases.log_lines("0.18.0")


def test_loader_packages_of_releases_match_notebook_09():
    """requirements/cuda.txt of 0.32.0, read by hand; the others by tools/vllm_versions."""
    assert vllm_releases.loader_packages("0.19.1") == set()
    assert vllm_releases.loader_packages("0.20.0") == {"fastsafetensors"}
    assert vllm_releases.loader_packages("0.32.0") == {"fastsafetensors"}
    source = SCRIPT.parents[1] / "notebooks" / "source" / "09_compare.py"
    assert "with vLLM 0.20.0 or later" in source.read_text("utf-8")


def test_known_corruption():
    assert "#41749" in vllm_releases.corruption("0.20.1", distributed=True)
    assert "#43163" in vllm_releases.corruption("0.20.0", distributed=True)
    assert vllm_releases.corruption("0.20.1", distributed=False) == ""
    assert vllm_releases.corruption("0.22.0", distributed=True) == ""
    assert "#56583" in vllm_releases.corruption("0.32.0", distributed=True)
    assert "#56583" in vllm_releases.corruption("0.32.0", distributed=True, model="Glm5ForCausalLM")
    assert vllm_releases.corruption("0.32.0", distributed=True, model="LlamaForCausalLM") == ""
    assert "#41749" in vllm_releases.corruption(
        "0.20.1", distributed=True, model="LlamaForCausalLM"
    )


def test_every_release_accepts_what_the_workbook_sends(choices: dict[str, str]):
    for version in vllm_releases.covered():
        settings = Settings.parse({**choices, "vllm_version": version, "concurrency": 16})
        made = manifest.deployment(settings)["spec"]["template"]["spec"]["containers"][0]
        words = [word for word in made["args"] if word.startswith("--")]
        assert not [word for word in words if not vllm_releases.accepts(version, word)], version
        (config,) = [w.partition("=")[2] for w in words if w.startswith("--model-loader-extra")]
        assert set(json.loads(config)) <= vllm_releases.loader_keys(version)


def test_the_data_is_small_and_ordered():
    text = resources.files("warmbook").joinpath("data", "vllm_versions.json").read_text("utf-8")
    assert len(text.encode()) < 60_000
    data = json.loads(text)
    for fact, spans in data.items():
        if fact != "covered":
            assert all(words == sorted(words) for words in spans.values())
            ends = {end for span in spans for end in span.split("..")}
            assert ends <= set(data["covered"])


@pytest.mark.engine
def test_the_script_reproduces_the_data():
    command = [sys.executable, str(SCRIPT), "--only", "0.17.0", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


REAL_FLAGS = """
import json
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = make_arg_parser(FlexibleArgumentParser())
print("flags", json.dumps(sorted(parser._option_string_actions)))
"""


@pytest.mark.engine
def test_the_real_engine_has_exactly_these_flags():
    cache = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    python = build_image(cache, lambda what, share: None).python
    done = subprocess.run([str(python), "-c", REAL_FLAGS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    real = json.loads(done.stdout.rpartition("flags ")[2])
    text = resources.files("warmbook").joinpath("data", "vllm_versions.json").read_text("utf-8")
    known = {flag for words in json.loads(text)["flags"].values() for flag in words}
    assert set(real) == {flag for flag in known if vllm_releases.accepts("0.32.0", flag)}
