import json

import pytest

from warmbook.errors import AccessError, InterruptedWaitError, MissingError
from warmbook.model.upload import multipart, one_file
from warmbook.steps import upload, weights

from ..conftest import safetensors_file


@pytest.fixture
def ours(chosen, tmp_path):
    """A model on this machine, and the choices that name it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(safetensors_file(5000))
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "README.md").write_text("stays here")
    return chosen.model_copy(
        update={"model_uri": f"gs://{chosen.bucket_name}/new", "model_source": str(folder)}
    )


def test_only_files_that_differ_are_uploaded(ours, clients, quiet, tmp_path):
    first = upload.model(ours, clients, **quiet)
    assert sorted(first.sent) == ["new/config.json", "new/model.safetensors", "new/tokenizer.json"]
    assert first.sent_bytes == 5004 and first.throughput_gib_s > 0
    assert "files: 3" in repr(first) and "GiB/s" in repr(first)
    again = upload.model(ours, clients, **quiet)
    assert again.sent == () and len(again.there) == 3
    assert "already in the bucket, same checksum: 3" in repr(again)
    changed = json.dumps({"changed": True})
    (tmp_path / "model" / "config.json").write_text(changed)
    assert upload.model(ours, clients, **quiet).sent == ("new/config.json",)
    blob = clients.storage.bucket(ours.bucket_name).blob("new/config.json")
    assert blob.download_as_bytes() == changed.encode()


def test_the_uploaded_files_can_be_read_as_a_model(ours, clients, quiet):
    upload.model(ours, clients, **quiet)
    model = weights.inspect(ours, clients)
    assert model.shards == ("model.safetensors",) and model.config


def test_a_link_is_followed_as_the_cache_of_hugging_face_has_them(ours, clients, quiet, tmp_path):
    elsewhere = tmp_path / "blob"
    elsewhere.write_bytes(safetensors_file(7000))
    (tmp_path / "model" / "other.safetensors").symlink_to(elsewhere)
    assert "new/other.safetensors" in upload.model(ours, clients, **quiet).sent


def test_only_the_folders_own_level_is_sent(ours, clients, quiet, tmp_path):
    below = tmp_path / "model" / "original"
    below.mkdir()
    (below / "config.json").write_text("{}")
    assert not [name for name in upload.model(ours, clients, **quiet).sent if "original" in name]


def test_with_no_folder_named_nothing_is_uploaded(chosen, clients):
    brought = upload.model(chosen, clients)
    assert brought.sent == () and "already in the bucket" in repr(brought)


def test_a_folder_without_weights_is_refused(chosen, clients, tmp_path):
    with pytest.raises(MissingError, match="contains no safetensors"):
        upload.model(chosen.model_copy(update={"model_source": str(tmp_path)}), clients)


def test_a_stop_reports_what_is_kept(ours, clients):
    def stop(progress):
        if progress.fraction:
            raise KeyboardInterrupt

    with pytest.raises(
        InterruptedWaitError, match=r"(bytes|KiB) are already in the bucket"
    ) as stopped:
        upload.model(ours, clients, report=stop)
    assert "Run this again to resume" in stopped.value.remedy


def test_a_refusal_names_the_missing_permission(ours, clients, quiet, monkeypatch):
    from google.api_core.exceptions import Forbidden

    def refuse(*_, **__):
        raise Forbidden("you lack storage.multipartUploads.list")

    monkeypatch.setattr(multipart.Multipart, "unfinished", refuse)
    with pytest.raises(AccessError, match=r"storage\.multipartUploads\.list"):
        upload.model(ours, clients, **quiet)


def test_leftovers_are_shown_with_the_command_that_aborts_them(ours, clients, quiet):
    import threading

    wire = multipart.Multipart(clients, ours.bucket_name, threading.Event())
    upload_id = wire.begin("new/model old.safetensors", "x/y")
    body = multipart.Body(b"left", threading.Event())
    wire.put("new/model old.safetensors", upload_id, 1, body, one_file._crc32c(b"left"))
    told = repr(upload.model(ours, clients, **quiet))
    assert "unfinished upload, 4 bytes, not continued" in told
    assert f"new%2Fmodel%20old.safetensors?uploadId={upload_id}" in told
    assert "curl --request DELETE" in told and "billed" in told
