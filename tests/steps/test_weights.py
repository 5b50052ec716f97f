import pytest

from warmbook.errors import MissingError
from warmbook.steps import weights


def test_the_models_files_are_counted_as_the_streamer_will_read_them(chosen, clients):
    model = weights.inspect(chosen, clients)
    assert [name.rpartition("/")[2] for name in model.shards] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    assert model.weights.size_bytes == 15_000
    assert model.config
    assert model.near


def test_a_bucket_elsewhere_is_not_near(chosen, clients):
    other = chosen.model_copy(update={"location": "europe-west4"})
    assert not weights.inspect(other, clients).near


@pytest.mark.parametrize(
    ("uri", "words", "remedy"),
    [
        ("gs://no-such-bucket/model", "no bucket no-such-bucket", "create the bucket"),
        ("gs://rehearsal-project-models/nothing", "no safetensors", "Check the folder"),
    ],
)
def test_what_is_missing_is_said(chosen, clients, uri, words, remedy):
    with pytest.raises(MissingError, match=words) as missing:
        weights.inspect(chosen.model_copy(update={"model_uri": uri}), clients)
    assert remedy in missing.value.remedy


def test_weights_one_level_deeper_are_pointed_out(chosen, clients):
    bucket = clients.storage.bucket(chosen.bucket_name)
    bucket.blob("outer/inner/model.safetensors").upload_from_string(b"x")
    deeper = chosen.model_copy(update={"model_uri": f"gs://{chosen.bucket_name}/outer"})
    with pytest.raises(MissingError) as missing:
        weights.inspect(deeper, clients)
    assert f"gs://{chosen.bucket_name}/outer/inner" in missing.value.remedy


def test_a_model_without_config_is_refused(chosen, clients):
    bucket = clients.storage.bucket(chosen.bucket_name)
    bucket.blob("bare/model.safetensors").upload_from_string(b"x")
    bare = chosen.model_copy(update={"model_uri": f"gs://{chosen.bucket_name}/bare"})
    with pytest.raises(MissingError, match=r"no config\.json"):
        weights.inspect(bare, clients)


def test_an_upload_sends_what_differs_and_only_that(chosen, clients, quiet, tmp_path):
    for name in ("model.safetensors", "config.json", "tokenizer.json", "README.md"):
        (tmp_path / name).write_text(name)
    ours = chosen.model_copy(
        update={
            "model_uri": f"gs://{chosen.bucket_name}/new",
            "model_source": str(tmp_path),
        }
    )
    first = weights.upload(ours, clients, **quiet)
    assert sorted(first.sent) == ["new/config.json", "new/model.safetensors", "new/tokenizer.json"]
    assert weights.upload(ours, clients, **quiet).sent == ()
    (tmp_path / "config.json").write_text("changed")
    assert weights.upload(ours, clients, **quiet).sent == ("new/config.json",)
    assert (
        clients.storage.bucket(chosen.bucket_name).blob("new/config.json").download_as_bytes()
        == b"changed"
    )


def test_with_no_folder_named_nothing_is_uploaded(chosen, clients):
    assert weights.upload(chosen, clients).sent == ()


def test_a_folder_without_weights_is_refused(chosen, clients, tmp_path):
    with pytest.raises(MissingError, match="holds no safetensors"):
        weights.upload(chosen.model_copy(update={"model_source": str(tmp_path)}), clients)
