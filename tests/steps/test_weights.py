import pytest

from warmbook.__main__ import main
from warmbook.errors import MissingError
from warmbook.steps import weights

from .. import broken_models


def test_the_models_files_are_counted_as_the_streamer_will_read_them(chosen, clients):
    model = weights.inspect(chosen, clients)
    assert [name.rpartition("/")[2] for name in model.shards] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ]
    assert model.seen.folder.size_bytes == 15_000
    assert model.gib == model.seen.streamed_bytes / 2**30 > 0
    assert model.whole
    assert model.config
    assert model.near


def test_the_layers_are_a_picture_and_a_file(chosen, clients, tmp_path, capsys):
    picture = weights.inspect(chosen, clients).plot()
    assert repr(picture) == "2 layers of 4.7 KiB to 9.6 KiB"
    file = tmp_path / "layers.png"
    assert main(["weights", chosen.model_uri, "--picture", str(file)]) == 0
    assert file.read_bytes() == picture.png
    assert main(["weights", chosen.model_uri, "--picture", str(tmp_path / "no" / "x.png")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_without_a_picture_no_file_is_written(chosen, clients, tmp_path, capsys):
    file = tmp_path / "layers.png"
    assert main(["weights", f"{chosen.model_uri}-elsewhere", "--picture", str(file)]) == 1
    assert "nothing to draw: no safetensors files" in capsys.readouterr().err
    assert not file.exists()


def test_a_bucket_elsewhere_is_not_near(chosen, clients):
    other = chosen.model_copy(update={"location": "europe-west4"})
    assert not weights.inspect(other, clients).near


def test_a_missing_bucket_is_reported(chosen, clients):
    with pytest.raises(MissingError, match="bucket no-such-bucket does not exist") as missing:
        weights.inspect(chosen.model_copy(update={"model_uri": "gs://no-such-bucket/m"}), clients)
    assert "create the bucket" in missing.value.remedy


@pytest.fixture(scope="module")
def shelf(image_and_model):
    """A rehearsal whose bucket holds the corpus, and clients for it."""
    from warmbook.cloud.clients import Clients

    from ..conftest import RehearsalThread

    with RehearsalThread(*image_and_model) as running:
        clients = Clients("rehearsal-project", environ=running.environ)
        bucket = clients.storage.bucket("rehearsal-project-models")
        for fault, files in {**broken_models.BROKEN, "sound": broken_models.SOUND}.items():
            for name, data in files.items():
                bucket.blob(f"corpus/{fault}/{name}").upload_from_string(data)
        yield clients


@pytest.mark.parametrize("fault", broken_models.BROKEN)
def test_a_broken_model_is_diagnosed_by_name(shelf, fault):
    model = weights.model_at(shelf, f"gs://rehearsal-project-models/corpus/{fault}", "us-central1")
    assert [finding.name for finding in model.findings] == [fault]
    assert repr(model.plot())
    (finding,) = model.findings
    assert finding.what and finding.happens and finding.remedy
    assert finding.what in repr(model)


def test_a_sound_model_has_no_findings(shelf):
    model = weights.model_at(shelf, "gs://rehearsal-project-models/corpus/sound", "us-central1")
    assert model.findings == ()
    assert model.whole and model.config and model.near
    assert model.seen.parameters == 60
    assert model.seen.streamed_bytes == 240
    assert model.seen.largest.name == "c"
    assert model.seen.architecture == "LlamaForCausalLM"
    assert "LlamaForCausalLM" in repr(model)


def test_few_requests_and_few_bytes_are_enough(shelf, monkeypatch):
    import requests

    sent = []
    send = requests.Session.send
    monkeypatch.setattr(
        requests.Session,
        "send",
        lambda self, one, **more: sent.append(one) or send(self, one, **more),
    )
    model = weights.model_at(shelf, "gs://rehearsal-project-models/corpus/sound")
    assert len(sent) <= 2 * len(model.shards) + 5
    assert model.seen.read_bytes < 600
