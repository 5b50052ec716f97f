import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from warmbook.__main__ import main
from warmbook.cloud.gke import ACCELERATOR, DRIVER
from warmbook.errors import SettingsError
from warmbook.model.inspect import inspect_model
from warmbook.serving.guide_manifest import as_in_the_guide, to_yaml
from warmbook.serving.lint import examine, lint
from warmbook.serving.manifest import deployment
from warmbook.settings import Settings

GUIDE = Path(__file__).parents[1] / "agreement" / "guide" / "vllm-deployment.yaml"


@pytest.fixture
def manifest(choices):
    """The guide's manifest for a release of today."""
    made = as_in_the_guide(Settings.parse(choices))
    inside = container(made)
    inside["image"] = "vllm/vllm-openai:v0.32.0"
    inside["args"] = [word for word in inside["args"] if word != "--disable-log-requests"]
    inside["args"].append("--max-model-len=4096")
    made["spec"]["template"]["spec"]["nodeSelector"][DRIVER] = "latest"
    return made


def container(manifest):
    return manifest["spec"]["template"]["spec"]["containers"][0]


def names(manifest):
    return [finding.name for finding in lint(yaml.safe_dump(manifest))]


@pytest.mark.parametrize("version", ["0.11.1", "0.16.0", "0.17.0", "0.24.0", "0.32.0", "0.33.0"])
def test_the_workbooks_own_manifest_has_nothing_that_stops_it(choices, version):
    given_ = {**choices, "vllm_version": version}
    found = lint(to_yaml(deployment(Settings.parse(given_))))
    assert [finding.name for finding in found] == ["rolling update"]


def test_the_guides_manifest_is_fine_on_its_release_and_refused_on_todays():
    text = GUIDE.read_text()
    assert "flag refused" not in [finding.name for finding in lint(text)]
    today = [f for f in lint(text.replace("v0.11.1", "v0.32.0")) if f.severity == "error"]
    assert [(f.name, f.what) for f in today if f.name != "address"] == [
        ("flag refused", "--disable-log-requests")
    ]


def changed(manifest, fault):
    """Break the manifest in one way."""
    inside, pod = container(manifest), manifest["spec"]["template"]["spec"]
    args = inside["args"]
    match fault:
        case "version unknown":
            inside["image"] = "vllm/vllm-openai:latest"
        case "too old":
            inside["image"] = "vllm/vllm-openai:v0.10.2"
        case "no text":
            args.append({"--model-loader-extra-config=": 1})
        case "flag refused":
            args.append("--disable-log-requests")
        case "address":
            args[0] = "--model=GS://my-bucket/m"
        case "load format":
            args[1] = "--load-format=runai_streamer_sharded"
        case "no service account":
            del pod["serviceAccountName"]
        case "loader config":
            args[2] = "--model-loader-extra-config=distributed"
        case "loader key":
            args[2] = '--model-loader-extra-config={"streams":8}'
        case "corruption":
            inside["image"] = "vllm/vllm-openai:v0.20.0"
            args[-2] = "--tensor-parallel-size=2"
            inside["resources"] = {"limits": {"nvidia.com/gpu": 2}}
        case "no gpu":
            del inside["resources"]
        case "gpu requests":
            inside["resources"] = {
                "limits": {"nvidia.com/gpu": 1},
                "requests": {"nvidia.com/gpu": 2},
            }
        case "tensor parallel":
            args[2] = '--model-loader-extra-config={"concurrency":8}'
            args[-2] = "--tensor-parallel-size=2"
        case "no accelerator":
            del pod["nodeSelector"][ACCELERATOR]
        case "driver":
            del pod["nodeSelector"][DRIVER]
        case "no shm":
            args[2] = '--model-loader-extra-config={"concurrency":8}'
            args[-2] = "--tensor-parallel-size=2"
            inside["resources"] = {"limits": {"nvidia.com/gpu": 2}}
            del inside["volumeMounts"]
        case "no startup probe":
            inside["livenessProbe"] = {**inside.pop("startupProbe"), "failureThreshold": 2}
    return manifest


@pytest.mark.parametrize(
    "fault",
    [
        *("version unknown", "too old", "no text", "flag refused", "address", "load format"),
        *("no service account", "loader config", "loader key", "corruption", "no gpu"),
        *("gpu requests", "tensor parallel", "no accelerator", "driver", "no shm"),
        "no startup probe",
    ],
)
def test_each_fault_is_named_and_nothing_else(manifest, fault):
    assert container(manifest)["args"][-2].startswith("--tensor-parallel-size")
    found = lint(yaml.safe_dump(changed(manifest, fault)))
    assert fault in [finding.name for finding in found]
    assert {finding.name for finding in found if finding.severity != "info"} <= {fault}


def test_a_key_is_refused_or_ignored_as_the_release_does(manifest):
    container(manifest)["args"][2] = '--model-loader-extra-config={"streams":8}'
    for version, severity in (("0.32.0", "error"), ("0.16.0", "warning")):
        container(manifest)["image"] = f"vllm/vllm-openai:v{version}"
        found = next(f for f in lint(yaml.safe_dump(manifest)) if f.name == "loader key")
        assert (found.what, found.severity) == ("streams", severity)


@pytest.mark.parametrize(
    ("tag", "told"),
    [("v0.11.1", False), ("v0.32.0", True), ("v0.32.0-cu129", False), ("v0.99.0", False)],
)
def test_a_driver_is_missed_where_the_images_cuda_needs_it(manifest, tag, told):
    """vLLM's release pipeline builds the variant cu129 (.buildkite/release-pipeline.yaml)."""
    made = changed(manifest, "driver")
    container(made)["image"] = f"vllm/vllm-openai:{tag}"
    assert ("driver" in names(made)) is told


def test_recreate_has_no_finding(manifest, tmp_path, capsys):
    manifest["spec"]["strategy"] = {"type": "Recreate"}
    file = tmp_path / "vllm.yaml"
    file.write_text(to_yaml(manifest))
    assert main(["lint", str(file)]) == 0
    assert "no findings" in capsys.readouterr().out
    file.write_text(to_yaml(changed(manifest, "flag refused")))
    assert main(["lint", str(file)]) == 1
    assert "--disable-log-requests: vLLM 0.32.0 stops immediately" in capsys.readouterr().out
    assert main(["lint", str(tmp_path / "none.yaml")]) == 2


@pytest.mark.parametrize("by", ["key", "variable"])
def test_a_memory_limit_below_the_largest_tensor_is_found_with_look(
    manifest, by, chosen, clients, tmp_path, capsys
):
    largest = inspect_model(clients, chosen.model_uri).largest
    manifest["spec"]["strategy"] = {"type": "Recreate"}
    file, inside = tmp_path / "vllm.yaml", container(manifest)
    plain = [word for word in inside["args"] if "extra-config" not in word and "gs://" not in word]

    def write(limit):
        key = f'--model-loader-extra-config={{"memory_limit":{limit}}}'
        variable = [{"name": "RUNAI_STREAMER_MEMORY_LIMIT", "value": str(limit)}]
        inside["args"] = [*plain, f"--model={chosen.model_uri}", *([key] if by == "key" else ())]
        inside["env"] = variable if by == "variable" else []
        file.write_text(to_yaml(manifest))

    write(largest.size_bytes - 1)
    assert main(["lint", str(file)]) == 0
    assert main(["lint", str(file), "--look"]) == 1
    words = f"{largest.size_bytes - 1} cannot be smaller than: {largest.size_bytes}"
    assert words in capsys.readouterr().out
    for enough in (largest.size_bytes, 0, -1):
        write(enough)
        assert main(["lint", str(file), "--look"]) == 0


def test_where_gpus_share_the_reading_only_an_older_streamer_stops_at_a_low_limit(
    manifest, chosen, clients
):
    seen = inspect_model(clients, chosen.model_uri)

    def found(limit):
        config = json.dumps({"distributed": True, "memory_limit": limit})
        inside["args"] = [*plain, "-tp=2", f"--model-loader-extra-config={config}"]
        text = yaml.safe_dump(manifest)
        return [f for f in lint(text, lambda uri: seen) if f.name == "memory limit"]

    inside = container(manifest)
    plain = [w for w in inside["args"] if "extra-config" not in w and "parallel-size" not in w]
    (below,) = found(seen.largest.size_bytes - 1)
    assert below.severity == "warning"
    assert below.happens.startswith("Before 0.17 the streamer stops")
    (tiny,) = found(1)
    assert tiny.severity == "error"
    assert "Memory limit supplied: 1 cannot be smaller than: 8" in tiny.happens
    assert found(seen.largest.size_bytes) == []


@pytest.mark.parametrize("text", ["", "kind: Service", "a: [", "- 1\n- 2", "\0", "&a [*a]"])
def test_what_is_no_server_is_refused_with_a_remedy(text):
    with pytest.raises(SettingsError) as refused:
        lint(text)
    assert refused.value.remedy


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings_of_hypothesis(deadline=None)  # other work may keep the machine busy
@given(
    spec=values,
    inside=st.fixed_dictionaries(
        {"image": st.just("vllm/vllm-openai:v0.32.0")},
        optional=dict.fromkeys(
            ("command", "args", "resources", "volumeMounts", "startupProbe"), values
        ),
    ),
    more=st.dictionaries(st.sampled_from(["nodeSelector", "serviceAccountName"]), values),
)
def test_any_shape_of_a_manifest_is_judged(spec, inside, more):
    pod = {**more, "containers": [inside, spec]}
    for document in ({"kind": "Pod", "spec": pod}, {"spec": {"template": {"spec": pod}}}):
        report = examine(json.dumps(document), "pod.json")
        assert report.servers or report.skipped


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [x, x]\n" + "b: [" + "*a, " * 200_000 + "]", "values"),
        ("- " * 5000, "deep"),
        ("--- a\n" * 6000, "documents"),
        ("a: [1", "not YAML"),
    ],
)
def test_what_would_take_minutes_to_read_is_refused_with_a_remedy(text, reason, tmp_path, capsys):
    (tmp_path / "hostile.yaml").write_text(text)
    assert main(["lint", str(tmp_path / "hostile.yaml")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert reason in told[0] and told[1].startswith("  → ")
    assert len(told) == 2


def test_a_manifest_may_come_through_a_pipe(manifest, tmp_path, capsys):
    reading, writing = os.pipe()
    os.write(writing, to_yaml(manifest).encode())
    os.close(writing)
    assert main(["lint", f"/dev/fd/{reading}"]) == 0
    os.close(reading)
    assert "strategy: RollingUpdate" in capsys.readouterr().out


def test_a_tab_at_the_end_and_a_time_are_read_as_kubectl_reads_them(manifest):
    text = to_yaml(manifest).replace("replicas: 1\n", "replicas: 1\t\n")
    dated = text.replace("metadata:\n", "metadata:\n  annotations: {day: 2024-13-45}\n", 1)
    assert "\t" in dated and "2024-13-45" in dated
    assert [one.name for one in lint(dated)] == names(manifest)


@pytest.mark.parametrize("config", ["[" * 100_000, '{"memory_limit": ' + "9" * 5000 + "}"])
def test_a_loader_config_that_cannot_be_read_is_a_finding(manifest, config):
    container(manifest)["args"].append(f"--model-loader-extra-config={config}")
    container(manifest)["args"] = [
        word for word in container(manifest)["args"] if "distributed" not in word
    ]
    assert "loader config" in names(manifest)
