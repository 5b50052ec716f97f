"""Parameters as papermill takes them: from files, from YAML, typed; refused before anything."""

import pytest

from warmbook.book import runner
from warmbook.book.parameters import gathered, refuse_early
from warmbook.errors import SettingsError

BOOK = runner.books("en", ["01", "07"])
CHOSEN = {"project_id": "my-project", "model_uri": "gs://my-bucket/m"}


@pytest.fixture
def file(tmp_path):
    def written(text, name="params.yaml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return written


def test_later_files_go_over_earlier_ones_then_yaml_then_what_is_typed(file):
    one = file("replicas: 2\nlocation: us-east4\nspot: true\nzone:\n")
    two = file("replicas: 3\ngpu_count: 2\n", "more.yaml")
    given = gathered([one, two], ["{gpu_count: 4, spot: false}"], [("location", "europe-west4")])
    assert given == {
        **{"replicas": 3, "location": "europe-west4", "spot": False, "zone": "", "gpu_count": 4}
    }


def test_an_empty_file_has_no_parameters(file):
    assert gathered([file("# nothing yet\n")], [], []) == {}


def test_the_notebooks_get_text_and_the_settings_their_types(file):
    given = gathered([file("replicas: 2\nspot: true\ntemperature: 0.5\n")], [], [])
    settings, texts = refuse_early(BOOK, given, CHOSEN)
    assert (settings.replicas, settings.spot) == (2, True)
    assert texts == {"replicas": "2", "spot": "true", "temperature": "0.5"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("replicas: [1, 2]", "replicas is not a single value"),
        ("replicas: {a: 1}", "replicas is not a single value"),
        ("- replicas", "does not map names to values"),
        ("just text", "does not map names to values"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: [", "not YAML"),
        ("a: &a [*a]", "contains itself"),
        ("a: \x00", "not YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_with_its_name(file, text, words):
    with pytest.raises(SettingsError, match=words) as refused:
        gathered([file(text)], [], [])
    assert "params.yaml" in refused.value.what
    assert refused.value.remedy


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, name):
    with pytest.raises(SettingsError, match="can't be read") as refused:
        gathered([tmp_path / name], [], [])
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour: red", "Unknown parameter: colour"),
        ("replicas: many", "replicas: enter a whole number"),
        ("replicas: true", "replicas: write a number"),
        ("spot: perhaps", "spot: "),
        ("vllm_version: 0.32", "vllm_version: write a text"),
        ("location: 2026-01-01", "location: enter a region"),
    ],
)
def test_a_wrong_name_or_type_is_refused(file, text, words):
    with pytest.raises(SettingsError, match=words):
        refuse_early(BOOK, gathered([file(text)], [], []), CHOSEN)


def test_a_file_of_another_encoding_is_to_be_saved_as_utf_8(tmp_path):
    (saved := tmp_path / "params.yaml").write_bytes("replicas: 2\n".encode("utf-16"))
    with pytest.raises(SettingsError, match="UTF-8") as refused:
        gathered([saved], [], [])
    assert "UTF-8" in refused.value.remedy
