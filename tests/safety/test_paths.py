"""Uploads and downloads stay in their folder."""

import pytest

from warmbook.errors import WarmbookError
from warmbook.settings import Settings
from warmbook.steps import upload, weights

from .. import broken_models


def test_an_upload_takes_the_folders_own_files_and_keeps_their_names_below_the_address(
    chosen, clients, quiet, tmp_path
):
    model = tmp_path / "model"
    (model / "deeper").mkdir(parents=True)
    for name, data in broken_models.SOUND.items():
        (model / name).write_bytes(data)
    (model / "deeper" / "generation_config.json").write_text("{}")
    (model / "..name.json").write_text("{}")
    (tmp_path / "beside.json").write_text("{}")
    given = {"model_source": str(model), "model_uri": f"gs://{chosen.bucket_name}/mine"}
    settings = Settings.parse({**chosen.model_dump(), **given})
    before = {blob.name for blob in clients.storage.list_blobs(chosen.bucket_name)}
    upload.model(settings, clients, **quiet)
    after = {blob.name for blob in clients.storage.list_blobs(chosen.bucket_name)} - before
    assert after == {f"mine/{name}" for name in (*broken_models.SOUND, "..name.json")}


@pytest.mark.parametrize("path", ["../up", "a/../../b", "/absolute", "a//b", ".", ".."])
def test_a_path_in_a_bucket_that_climbs_is_refused_or_taken_as_a_name(path, chosen, clients):
    try:
        uri = Settings.parse({**chosen.model_dump(), "model_uri": f"gs://bucket/{path}"}).model_uri
    except WarmbookError as refused:
        assert refused.remedy
        return
    assert uri.startswith("gs://bucket/")
    with pytest.raises(WarmbookError):
        weights.model_at(clients, uri)
