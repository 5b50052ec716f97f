import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from warmbook.errors import SettingsError
from warmbook.settings import Settings, merge, model_uri


def parse(**changes):
    return Settings.parse({"project_id": "my-project", "model_uri": "gs://bucket/model", **changes})


def test_every_default_is_as_documented():
    assert parse().model_dump() == {
        "project_id": "my-project",
        "location": "us-central1",
        "model_uri": "gs://bucket/model",
        "mode": "autopilot",
        "cluster_name": "run-ai-test",
        "namespace": "vllm",
        "service_account": "vllm-streamer",
        "object_role": "objectUser",
        "gpu": "nvidia-l4",
        "gpu_count": 1,
        "tensor_parallel_size": 1,
        "machine_type": "g2-standard-16",
        "gpu_driver": "auto",
        "spot": False,
        "inference_server": "vllm",
        "vllm_version": "0.32.0",
        "sglang_version": "0.5.23",
        "max_model_len": 4096,
        "concurrency": 0,
        "replicas": 1,
        "compare_runs": 5,
        "compare_tunable": "concurrency",
        "compare_minutes": 15,
        "compare_usd": 0.0,
        "temperature": 0.0,
        "max_tokens": 64,
        "zone": "",
        "max_replicas": 0,
        "cache_scope": "zone",
        "model_source": "",
        "account": "",
        "language": "en",
    }


WRONG = [
    ("spot", "perhaps"),
    ("sglang_version", "0.5.11"),
    ("sglang_version", "latest"),
    ("inference_server", "tgi"),
    ("model_source", "hf://"),
    ("model_source", "HF://a/b"),
    ("model_source", "hf:a/b"),
    ("model_source", "hf://gpt2"),
    ("model_source", "hf://a/b/c"),
    ("model_source", "hf://datasets/a/b"),
    ("model_source", "hf://a/b c"),
    ("model_source", "hf://a/$(rm)"),
    ("model_source", "hf://a/.."),
    ("model_source", "hf://a/b--c"),
    ("model_source", "hf://a/b@"),
    ("model_source", "hf://a/b@v 1"),
    ("model_source", "hf://a/b@../x"),
    ("model_source", "https://huggingface.co/a/b"),
    ("project_id", "My Project"),
    ("project_id", "123456789012"),
    ("location", "mars"),
    ("model_uri", "s3://bucket/model"),
    ("model_uri", "/home/me/model"),
    ("model_uri", "GS://bucket/model"),
    ("model_uri", "gs://bucket"),
    ("model_uri", "gs://bucket//model"),
    ("model_uri", "gs://b/model"),
    ("vllm_version", "0.11.0"),
    ("vllm_version", "0.9.2"),
    ("vllm_version", "latest"),
    ("namespace", "My_Space"),
    ("namespace", "-x"),
    ("service_account", "a" * 64),
    ("cluster_name", "1st"),
    ("gpu_count", 0),
    ("gpu_count", "two"),
    ("max_model_len", "4k"),
    ("gpu_count", "1.5"),
    ("gpu_count", "1,5"),
    ("compare_usd", "1,5"),
    ("gpu_count", True),
    ("replicas", 65),
    ("mode", "serverless"),
    ("gpu", "L4"),
    ("account", "somebody"),
    ("zone", "somewhere"),
    ("colour", "red"),
]
"""Fields, each with a value that is no such thing; tests/golden/texts has the reasons."""


@pytest.mark.guide("G21")
@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_is_refused_with_its_field_and_a_remedy(field, value):
    with pytest.raises(SettingsError) as refused:
        parse(**{field: value})
    assert list(refused.value.fields) == [field]
    assert refused.value.remedy


CONTRADICTIONS = [
    ({"tensor_parallel_size": 2}, "tensor_parallel_size"),
    ({"mode": "autopilot", "location": "us-central1-a"}, "location"),
    ({"mode": "standard", "location": "us-central1"}, "location"),
    ({"zone": "europe-west4-a"}, "zone"),
]


@pytest.mark.parametrize(("changes", "field"), CONTRADICTIONS)
def test_choices_that_contradict_each_other_are_refused_at_the_field_to_change(changes, field):
    with pytest.raises(SettingsError) as refused:
        parse(**changes)
    assert list(refused.value.fields) == [field]


STANDARD = {"mode": "standard", "location": "us-central1-a"}


@pytest.mark.parametrize(
    ("changes", "field", "fitting"),
    [
        ({**STANDARD, "gpu_count": 2}, "machine_type", "g2-standard-24"),
        ({**STANDARD, "gpu": "nvidia-h100-80gb"}, "machine_type", "a3-highgpu-1g"),
        ({**STANDARD, "machine_type": "g2-standard-24"}, "machine_type", "g2-standard-8"),
        ({**STANDARD, "gpu_count": 3}, "gpu_count", "1, 2, 4, 8"),
        ({"gpu_count": 3}, "gpu_count", "1, 2, 4, 8"),
    ],
)
def test_a_machine_without_these_gpus_is_refused_with_those_that_fit(changes, field, fitting):
    """Compute Engine, "GPU machine types": GPUs of these families are built in."""
    with pytest.raises(SettingsError) as refused:
        parse(**changes)
    assert list(refused.value.fields) == [field]
    assert fitting in refused.value.fields[field]


@pytest.mark.parametrize(
    "changes",
    [
        {**STANDARD, "gpu_count": 2, "machine_type": "g2-standard-24"},
        {**STANDARD, "gpu": "nvidia-tesla-t4", "machine_type": "n1-standard-8"},
        {**STANDARD, "machine_type": "g2-custom-8-65536"},
        {"gpu_count": 2},
        {"gpu": "nvidia-h100-80gb"},
    ],
)
def test_what_fits_or_is_not_known_here_is_left_to_the_doctor(changes):
    assert parse(**changes)


@pytest.mark.parametrize(
    ("region", "zone"), [("europe-west1", "europe-west10-a"), ("europe-west10", "europe-west1-a")]
)
def test_a_region_whose_name_begins_like_anothers_has_none_of_its_zones(region, zone):
    with pytest.raises(SettingsError) as refused:
        parse(location=region, zone=zone)
    assert list(refused.value.fields) == ["zone"]
    assert parse(location=region, zone=f"{region}-b").region == region
    assert parse(mode="standard", location=zone).region == zone.removesuffix("-a")


SIXTEEN = {"gpu": "nvidia-tesla-a100", "gpu_count": 16}

LIMITS = {
    "gpu_count": (1, 16),
    "tensor_parallel_size": (1, 16),
    "max_model_len": (0, 10_000_000),
    "concurrency": (0, 1024),
    "replicas": (1, 64),
    "max_replicas": (0, 64),
    "compare_runs": (2, 50),
    "compare_minutes": (1, 600),
    "compare_usd": (0, 10_000),
    "temperature": (0, 2),
    "max_tokens": (1, 32_768),
}


@pytest.mark.parametrize("field", LIMITS)
def test_a_number_is_taken_up_to_its_limits_and_not_beyond(field):
    least, most = LIMITS[field]
    for value in (least, most):
        chosen = parse(**{**SIXTEEN, field: value})
        assert getattr(chosen, field) == value
    for value, limit in ((least - 1, f"{least}"), (most + 1, f"{most}")):
        with pytest.raises(SettingsError) as refused:
            parse(**{**SIXTEEN, field: value})
        assert limit in refused.value.fields[field]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_budget_is_a_number(value):
    with pytest.raises(SettingsError) as refused:
        parse(compare_usd=value)
    assert set(refused.value.fields) == {"compare_usd"}


def test_every_number_has_its_limits_tested():
    numbers = {
        name for name, one in Settings.model_fields.items() if one.annotation in (int, float)
    }
    assert numbers == set(LIMITS)


@pytest.mark.parametrize(
    ("field", "versions"),
    [
        ("vllm_version", ["0.11.1", "0.11.2", "0.12.0", "0.11.1rc1", "1.0.0"]),
        ("sglang_version", ["0.5.12", "0.5.13", "0.6.0", "0.5.12.post1", "1.0.0"]),
    ],
)
def test_the_first_release_that_streams_and_later_ones_are_taken(field, versions):
    for version in versions:
        assert getattr(parse(**{field: version}), field) == version
        assert getattr(parse(**{field: f"v{version}"}), field) == version


def test_blanks_around_a_choice_are_no_part_of_it():
    assert parse(project_id=" my-project\n").project_id == "my-project"


def test_a_choice_can_not_be_changed_afterwards():
    with pytest.raises(ValidationError, match="frozen"):
        parse().location = "us-east4"


def test_the_served_name_is_the_folders_own_without_colons():
    assert parse(model_uri="gs://bucket/org:a/My:Model").served_name == "My-Model"


def test_a_number_from_papermill_is_taken_as_text():
    with pytest.raises(SettingsError) as refused:
        parse(project_id=123456)
    assert list(refused.value.fields) == ["project_id"]
    assert parse(gpu_count="2", tensor_parallel_size="2").gpu_count == 2


def test_a_trailing_slash_does_not_make_another_model():
    assert parse(model_uri="gs://bucket/model/").model_uri == "gs://bucket/model"


def test_a_model_address_by_itself_is_refused_like_the_setting():
    assert model_uri("gs://bucket/models/gemma/") == "gs://bucket/models/gemma"
    with pytest.raises(SettingsError) as refused:
        model_uri("s3://bucket/model")
    assert refused.value.remedy


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "model.safetensors.index.json", "config.json", "a/M.SafeTensors"],
)
def test_the_address_of_a_file_is_refused_and_its_folder_is_offered(name):
    folder = f"gs://bucket/models/{name}".rpartition("/")[0]
    with pytest.raises(SettingsError) as refused:
        parse(model_uri=f"gs://bucket/models/{name}")
    assert refused.value.offered == {"model_uri": folder}
    assert folder in refused.value.remedy
    with pytest.raises(SettingsError) as refused:
        model_uri(f"gs://bucket/models/{name}/")
    assert folder in refused.value.remedy
    assert parse(model_uri=folder).model_uri == folder


def test_a_file_at_the_top_of_a_bucket_has_no_folder_to_offer():
    with pytest.raises(SettingsError) as refused:
        parse(model_uri="gs://bucket/model.safetensors")
    assert list(refused.value.fields) == ["model_uri"]
    assert refused.value.offered == {}
    assert parse(model_uri="gs://bucket/model.safetensors-of-mine")


def test_a_tilde_of_an_unknown_user_is_kept_in_a_folder_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse(model_source="~/models").source_folder == tmp_path / "models"
    assert str(parse(model_source="~nobody-here/models").source_folder) == "~nobody-here/models"


@pytest.mark.guide("G08")
def test_parts_of_the_choices_have_the_guides_names():
    chosen = parse(mode="standard", location="europe-west4-b", model_uri="gs://bucket/models/x")
    assert (chosen.bucket_name, chosen.model_path) == ("bucket", "models/x")
    assert (chosen.region, chosen.workload_pool) == ("europe-west4", "my-project.svc.id.goog")


def test_later_layers_win_and_empty_means_not_given():
    environ = {"WARMBOOK_LOCATION": "us-east4", "WARMBOOK_GPU": "nvidia-l4", "HOME": "/root"}
    merged = merge({"location": "us-west1"}, {"location": "", "gpu": None}, environ=environ)
    assert merged == {"location": "us-west1", "gpu": "nvidia-l4"}


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), st.text() | st.integers()))
def test_whatever_is_typed_gives_settings_or_a_reason(values):
    try:
        parse(**values)
    except SettingsError as error:
        assert error.fields
        assert all(error.fields.values())


@given(st.text())
def test_an_accepted_model_address_has_no_unsafe_characters(text):
    try:
        chosen = parse(model_uri=text)
    except SettingsError:
        return
    assert chosen.model_uri == f"gs://{chosen.bucket_name}/{chosen.model_path}"
    assert not any(character in chosen.model_uri for character in "\n\r\0")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("hf://google/gemma-2-9b-it", ("google/gemma-2-9b-it", "")),
        ("hf://a/B_c.d@refs/pr/1", ("a/B_c.d", "refs/pr/1")),
        ("hf://a/b@v1.0", ("a/b", "v1.0")),
        ("~/models/hf", ("", "")),
        ("./hf:/odd", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_source_is_a_model_on_hugging_face_or_a_folder(source, named):
    assert parse(model_source=source).hub_model == named


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x9b", "\x7f", "\u202e", "\u2028", "a\nb"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model_uri", "gs://my-bucket/a{}b"),
        ("model_source", "/weights/a{}b"),
        ("account", "some{}one@example.com"),
    ],
)
def test_settings_refuse_control_characters(choices, name, value, steering):
    with pytest.raises(SettingsError) as refused:
        Settings.parse({**choices, name: value.format(steering)})
    assert set(refused.value.fields) == {name}
    Settings.parse({**choices, name: value.format("ñ")})
