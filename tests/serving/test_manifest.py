"""The workbook's Deployment: what it changes, and whole manifests as golden files.

`make golden` writes the golden files again; read the difference.
"""

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import event, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook.cloud import gke
from warmbook.model.fit import limit_refusal, machines_for
from warmbook.model.safetensors import LARGEST_HEADER_BYTES
from warmbook.serving import guide_manifest, vllm_releases
from warmbook.serving.draft import Needs
from warmbook.serving.guide_manifest import to_yaml
from warmbook.serving.lint import lint
from warmbook.serving.manifest import deployment, improvements
from warmbook.settings import Settings, machines

GOLDEN = Path(__file__).parents[1] / "golden"
CHOICES = {"project_id": "my-project", "model_uri": "gs://my-bucket/models/my-llama"}
GEMMA = Needs(18_482_824_000, 1_835_008_000, "Gemma2ForCausalLM")
LLAMA_70B = Needs(141_107_412_992, 2_101_346_304, "LlamaForCausalLM")
GLM = Needs(61_000_000_000, 1_200_000_000, "Glm5MoeForCausalLM")
HUGE = Needs(810_000_000_000, 4_200_000_000, "LlamaForCausalLM")
STANDARD = {"mode": "standard", "location": "us-central1-a"}
FOUR = {"gpu_count": 4, "tensor_parallel_size": 4}
EIGHT = {"gpu_count": 8, "tensor_parallel_size": 8, "gpu": "nvidia-h100-80gb"}
SGLANG = {"inference_server": "sglang"}

COMBINATIONS = {
    "defaults": ({}, GEMMA),
    "not-looked-at": ({}, None),
    "vllm-0.11.1": ({"vllm_version": "0.11.1", "max_model_len": 0}, GEMMA),
    "vllm-0.16.0-concurrency": ({"vllm_version": "0.16.0", "concurrency": 16}, GEMMA),
    "four-gpus": (FOUR, LLAMA_70B),
    "four-gpus-vllm-0.20.1": ({**FOUR, "vllm_version": "0.20.1"}, LLAMA_70B),
    "four-gpus-glm": (FOUR, GLM),
    "eight-gpus-huge": (EIGHT, HUGE),
    "standard": (STANDARD, GEMMA),
    "standard-small-machine": ({**STANDARD, "machine_type": "g2-standard-8"}, GEMMA),
    "standard-four-gpus-spot": (
        {**STANDARD, **FOUR, "machine_type": "g2-standard-48", "spot": True},
        LLAMA_70B,
    ),
    "spot-replicas": ({"spot": True, "replicas": 3}, GEMMA),
    "cache-zone": ({"zone": "us-central1-b", "replicas": 6}, GEMMA),
    "sglang": (SGLANG, GEMMA),
    "sglang-four-gpus-spot": ({**SGLANG, **FOUR, "spot": True, "concurrency": 16}, LLAMA_70B),
    "sglang-standard-zone": ({**SGLANG, **STANDARD}, GEMMA),
}
"""Name of the golden file -> choices, and what a look at the model told."""


def chosen(more):
    return Settings.parse({**CHOICES, **more})


def made(more, needs=GEMMA):
    return deployment(chosen(more), needs)


def pod_of(manifest):
    return manifest["spec"]["template"]["spec"]


def container_of(manifest):
    return pod_of(manifest)["containers"][0]


def names(more, needs=GEMMA):
    return [one.name for one in improvements(chosen(more), needs)]


@pytest.mark.parametrize("name", COMBINATIONS)
def test_the_manifest_is_the_golden_one(name):
    assert to_yaml(made(*COMBINATIONS[name])) == (GOLDEN / f"{name}.yaml").read_text()


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(COMBINATIONS)


@pytest.mark.parametrize("name", [name for name in COMBINATIONS if "sglang" not in name])
def test_lint_finds_nothing_that_would_stop_it(name):
    assert not [f for f in lint((GOLDEN / f"{name}.yaml").read_text()) if f.severity == "error"]


UNDONE = {
    "labels": lambda made: made["metadata"].pop("labels"),
    '"distributed":true': lambda made: container_of(made)["args"].insert(
        2, '--model-loader-extra-config={"distributed":true}'
    ),
    "--served-model-name my-llama": lambda made: container_of(made)["args"].__delitem__(
        slice(-3, None)
    ),
    "RUNAI_STREAMER_LOG_TO_STDERR=1": lambda made: container_of(made).pop("env"),
    "memory: 27Gi": lambda made: container_of(made)["resources"]["requests"].pop("memory"),
    "ephemeral-storage: 5Gi": lambda made: container_of(made)["resources"]["requests"].pop(
        "ephemeral-storage"
    ),
    "sizeLimit: 2Gi": lambda made: pod_of(made)["volumes"][0]["emptyDir"].pop("sizeLimit"),
}
"""Each improvement for the guide's own inputs, and how to take it back."""


@pytest.mark.guide("G18")
def test_for_the_guides_inputs_the_named_improvements_are_the_whole_difference():
    guides = {"vllm_version": guide_manifest.GUIDE_VLLM, "max_model_len": 0}
    assert set(names(guides)) == UNDONE.keys()
    manifest = copy.deepcopy(made(guides))
    for undo in UNDONE.values():
        undo(manifest)
    assert manifest == guide_manifest.as_in_the_guide(chosen(guides))


def test_each_improvement_has_a_reason():
    for more, needs in COMBINATIONS.values():
        told = improvements(chosen(more), needs)
        assert all(one.name and one.reason for one in told)
        assert len({one.name for one in told}) == len(told)


@pytest.mark.parametrize(
    ("version", "takes"), [("0.11.1", True), ("0.16.0", True), ("0.17.0", False), ("0.32.0", False)]
)
def test_an_argument_that_a_release_refuses_is_left_out(version, takes):
    words = container_of(made({"vllm_version": version}))["args"]
    assert ("--disable-log-requests" in words) is takes
    assert ("--disable-log-requests" in names({"vllm_version": version})) is not takes


def loader(manifest):
    words = container_of(manifest)["args"]
    return next((w.partition("=")[2] for w in words if w.startswith("--model-loader")), "")


@pytest.mark.parametrize(
    ("more", "needs", "config"),
    [
        ({}, GEMMA, ""),
        ({"concurrency": 32}, GEMMA, '{"concurrency":32}'),
        (FOUR, LLAMA_70B, '{"distributed":true}'),
        ({**FOUR, "vllm_version": "0.20.1"}, LLAMA_70B, '{"distributed":false}'),
        (FOUR, GLM, '{"distributed":false}'),
        ({**FOUR, "vllm_version": "0.22.0"}, GLM, '{"distributed":true}'),
        (FOUR, None, '{"distributed":true}'),
        ({**FOUR, **SGLANG}, GLM, '{"distributed":true}'),
    ],
)
def test_reading_is_shared_by_several_gpus_where_that_is_safe(more, needs, config):
    assert loader(made(more, needs)) == config


def test_a_large_model_gets_more_time_to_start():
    few, many = (container_of(made(EIGHT, needs))["startupProbe"] for needs in (GEMMA, HUGE))
    assert few["failureThreshold"] == 60
    # 810 GB at a third of 1.1 GiB/s: 2,057 s, with 90 s before and 160 s after, less 30 s
    assert many["failureThreshold"] == 228


def test_a_small_machine_limits_the_buffer_to_what_it_has():
    small = made({**STANDARD, "machine_type": "g2-standard-8"})
    variables = {one["name"]: one["value"] for one in container_of(small)["env"]}
    # GKE leaves 28.3 of the 32 GiB to Pods, here 28; less 9 for the server and /dev/shm
    assert container_of(small)["resources"]["requests"]["memory"] == "27Gi"
    assert "RUNAI_STREAMER_MEMORY_LIMIT" not in variables
    tiny = made({**STANDARD, "machine_type": "g2-standard-4"})
    variables = {one["name"]: one["value"] for one in container_of(tiny)["env"]}
    assert container_of(tiny)["resources"]["requests"]["memory"] == "13Gi"
    assert int(variables["RUNAI_STREAMER_MEMORY_LIMIT"]) == 4 * 2**30


def test_the_buffer_never_gets_smaller_than_the_largest_tensor():
    needs = Needs(60_000_000_000, 6_000_000_000)
    tiny = made({**STANDARD, "machine_type": "g2-standard-4"}, needs)
    variables = {one["name"]: one["value"] for one in container_of(tiny)["env"]}
    assert variables["RUNAI_STREAMER_MEMORY_LIMIT"] == "6000000000"


def test_the_buffer_never_gets_smaller_than_a_header_may_be():
    needs = Needs(60_000_000_000, LARGEST_HEADER_BYTES - 1)
    # four processes on the smallest machine: nothing is left for the buffer
    fits = chosen({**STANDARD, **FOUR, "machine_type": "g2-standard-48"})
    crowded = deployment(fits.model_copy(update={"machine_type": "g2-standard-4"}), needs)
    variables = {one["name"]: one["value"] for one in container_of(crowded)["env"]}
    assert int(variables["RUNAI_STREAMER_MEMORY_LIMIT"]) == LARGEST_HEADER_BYTES


@given(
    machine=st.sampled_from([*machines_for("nvidia-l4"), *machines_for("nvidia-h100-80gb")]),
    share=st.sampled_from([1, 2, 4, 8]),
    largest=st.builds(lambda gib, more: gib * 2**30 + more, st.integers(0, 60), st.integers(1, 99)),
    times=st.integers(1, 100),
    header=st.integers(2, LARGEST_HEADER_BYTES),
    seen_by=st.sampled_from([("0.16", False), ("0.16", True), ("0.17", False), ("0.17", True)]),
)
def test_the_streamer_never_refuses_the_buffer_that_is_chosen(
    machine, share, largest, times, header, seen_by
):
    size = min(share, machine.gpus)
    gpus = {"gpu_count": machine.gpus, "tensor_parallel_size": size, "gpu": machine.gpu}
    more = {**STANDARD, **gpus, "machine_type": machine.name}
    container = container_of(made(more, Needs(largest * times, largest)))
    variables = {one["name"]: one["value"] for one in container["env"]}
    limit = int(variables.get("RUNAI_STREAMER_MEMORY_LIMIT", -1))
    event("limited" if limit > 0 else "unlimited")
    streamer, shared = seen_by
    assert not limit_refusal(limit, largest, header_bytes=header, shared=shared, streamer=streamer)


@pytest.mark.parametrize(
    ("more", "recreates"),
    [({}, False), (STANDARD, True), ({"spot": True}, True), (FOUR, True), ({"replicas": 3}, False)],
)
def test_where_gpus_are_scarce_the_old_pod_ends_first(more, recreates):
    assert made(more)["spec"].get("strategy") == ({"type": "Recreate"} if recreates else None)


def test_spot_and_zone_reach_the_node_selector():
    pod = pod_of(made({"spot": True, "zone": "us-central1-b"}))
    assert pod["nodeSelector"][gke.SPOT] == "true"
    assert pod["nodeSelector"][gke.ZONE] == "us-central1-b"
    assert pod["terminationGracePeriodSeconds"] == 25


def test_sglang_gets_its_own_names_for_the_same_options():
    container = container_of(made({**SGLANG, "max_model_len": 8192}))
    assert container["image"] == "lmsysorg/sglang:v0.5.23"
    assert container["args"][0] == "--model-path=gs://my-bucket/models/my-llama"
    assert {"--context-length=8192", "--served-model-name=my-llama"} <= set(container["args"])
    assert not [w for w in container["args"] if w.startswith(("--model=", "--max-model-len"))]
    assert container["command"][:2] == ["bash", "-c"]
    assert '"$@"' in container["command"][2]


@settings_of_hypothesis(max_examples=60, deadline=None)
@given(
    version=st.sampled_from(vllm_releases.covered()),
    size_pair=st.tuples(st.sampled_from((1, 2, 4, 8)), st.sampled_from((1, 2, 4, 8))),
    weights=st.integers(1, 2_000_000_000_000),
    spot=st.booleans(),
    size=st.integers(0, 9),
    place=st.sampled_from(({}, STANDARD)),
    server=st.sampled_from(("vllm", "sglang")),
)
def test_whatever_is_chosen_the_manifest_is_sound(
    version, size_pair, weights, spot, size, place, server
):
    sizes = (*machines.fitting("nvidia-l4", max(size_pair)), "unheard-of-1")
    machine = sizes[size % len(sizes)]
    more = {
        **{"vllm_version": version, "spot": spot, "machine_type": machine, **place},
        **{"tensor_parallel_size": min(size_pair), "gpu_count": max(size_pair)},
        **{"inference_server": server},
    }
    manifest = made(more, Needs(weights, max(1, weights // 50)))
    text = to_yaml(manifest)
    assert yaml.safe_load(text) == manifest
    container = container_of(manifest)
    assert all(isinstance(word, str) for word in [*container["command"], *container["args"]])
    assert int(container["resources"]["requests"]["memory"].removesuffix("Gi")) > 0
    assert container["startupProbe"]["failureThreshold"] >= 60
    if server == "vllm":
        assert not [found for found in lint(text) if found.severity == "error"]


if __name__ == "__main__":
    for name, (more, needs) in COMBINATIONS.items():
        (GOLDEN / f"{name}.yaml").write_text(to_yaml(made(more, needs)))
