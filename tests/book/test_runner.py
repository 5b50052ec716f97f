import errno
import json
import shutil

import pytest

from warmbook.__main__ import main
from warmbook.book import execution_order, origin, runner, shipped
from warmbook.book.follower import Follower
from warmbook.book.kernel_notebook import claims
from warmbook.book.run import Run
from warmbook.errors import SettingsError
from warmbook.measure.runs.record import read
from warmbook.measure.runs.schema import Record
from warmbook.workbook import Workbook


def test_both_books_have_the_same_notebooks_in_order():
    english, spanish = ([b.name for b in runner.books(lang)] for lang in ("en", "es"))
    assert english == spanish == sorted(english)
    assert english[0] == "01_settings.ipynb"
    assert english[-1] == "10_cleanup.ipynb"


def test_a_part_of_the_book_can_be_run_and_an_unknown_number_is_refused():
    assert [b.stem for b in runner.books("en", ["04", "05"])] == ["04_cluster", "05_identity"]
    with pytest.raises(SettingsError, match="no notebook 77"):
        runner.books("en", ["77"])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"colour": "red"}, "Unknown parameter: colour"),
        ({"location": "mars"}, "location: enter a region"),
        ({"temperature": "1,5"}, "temperature: write a number"),
        ({"max_tokens": "0"}, "max_tokens: enter 1 or more"),
        ({"model_uri": "s3://b/m"}, "model_uri: the streamer reads from Cloud Storage"),
        ({"vllm_version": "0.10.0"}, r"vllm_version: vLLM 0\.11\.1 is the first"),
        ({"mode": "standard"}, "location: the guide's Standard cluster is zonal"),
        ({"tensor_parallel_size": "4"}, "raise gpu_count"),
        ({"namespace": "No Good"}, "namespace: use lowercase"),
    ],
)
def test_a_wrong_parameter_stops_the_run_before_anything_is_created(
    chosen, clients, tmp_path, parameters, words
):
    with pytest.raises(SettingsError, match=words):
        runner.run(runner.books("en"), parameters, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.ipynb"))
    services = clients.services.list_services(
        request={"parent": "projects/rehearsal-project", "filter": "state:ENABLED"}
    )
    assert not [s for s in services if "container" in s.name]


def test_a_run_starts_from_the_readers_saved_choices_and_leaves_them_alone(
    rehearsal, chosen, tmp_path
):
    mine = Workbook.open()
    mine.choose({"cluster_name": "mine", "replicas": 3})
    before = mine.path.read_text()
    result = runner.run(runner.books("en", ["01"]), {"replicas": "2"}, tmp_path / "out")
    assert (result.settings["cluster_name"], result.settings["replicas"]) == ("mine", 2)
    assert mine.path.read_text() == before
    theirs = Workbook(tmp_path / "out" / "workbook.yaml").saved()
    assert theirs == {"cluster_name": "mine", "replicas": 2}


def test_a_second_run_into_a_folder_begins_with_no_choice_of_the_first(rehearsal, tmp_path):
    runner.run(runner.books("en", ["01"]), {"replicas": "2"}, tmp_path / "out")
    runner.run(runner.books("en", ["02"]), {"location": "us-east4"}, tmp_path / "out")
    assert Workbook(tmp_path / "out" / "workbook.yaml").saved() == {"location": "us-east4"}


def test_an_unwritable_run_folder_is_an_error_with_a_remedy(rehearsal, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="Not a directory") as refused:
        runner.run(runner.books("en", ["01"]), {}, tmp_path / "file" / "out")
    assert refused.value.remedy

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(execution_order, "execute", full)
    with pytest.raises(SettingsError, match="No space left") as refused:
        runner.run(runner.books("en", ["01"]), {}, tmp_path / "out")
    assert "01_settings.ipynb" in refused.value.what
    assert "space" in refused.value.remedy


def test_a_run_writes_its_notebooks_and_its_record(rehearsal, tmp_path):
    result = runner.run(runner.books("en", ["01", "02"]), {}, tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    assert result.passed
    assert record == json.loads(json.dumps(result.record().dumped()))
    of_people = {"answers", "gym"}
    keys = [name for name in Record.model_json_schema()["properties"] if name not in of_people]
    assert list(record) == keys
    assert read(tmp_path) == result.record()
    assert record["schema"] == 1
    assert record["target"] == "rehearsal"
    assert [n["status"] for n in record["notebooks"]] == ["passed", "passed"]
    for notebook in record["notebooks"]:
        checks = [(one["claim"], one["passed"], one["failures"]) for one in notebook["checks"]]
        assert checks == [(claim, True, 0) for claim in claims(notebook["name"])]
        assert checks
    assert record["left"] is None
    for name in ("01_settings", "02_project"):
        notebook = json.loads((tmp_path / f"{name}.ipynb").read_text())
        assert "widgets" not in notebook["metadata"]


STREAM = {"pod": "p", "bytes": 2**30, "seconds": 2.0, "gib_s": 0.5, "source": "streamer"}


def test_an_invalid_measurement_is_named_and_the_others_are_written():
    cleanup = {"created": ["cluster c"], "left": [], "perhaps": ["cache zone-a"]}
    measured = {"stream": {"loads": [STREAM, {**STREAM, "seconds": "?"}]}, "cleanup": cleanup}
    changed = Run("rehearsal", {}, measured=measured)
    assert changed.unfit == ["streams"]
    assert changed.record().streams == ()
    assert changed.record().created == ("cluster c",)
    assert changed.record().perhaps == ("cache zone-a",)
    measured["stream"] = {"loads": [STREAM]}
    assert changed.unfit == []
    assert changed.record().dumped()["streams"] == [STREAM]


def test_the_record_has_the_shape_of_the_network(rehearsal, tmp_path, monkeypatch):
    runner.run(runner.books("en", ["01"]), {}, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["shaped"] is None
    figures = {"latency_ms": 30, "stream_mib_s": 135, "nic_gbps": 0, "region_gbps": 0, "jitter": 0}
    monkeypatch.setenv("WARMBOOK_SHAPED", json.dumps(figures))
    assert runner.run(runner.books("en", ["01"]), {}, tmp_path).passed
    assert json.loads((tmp_path / "run.json").read_text())["shaped"] == figures
    assert read(tmp_path).shaped == figures
    told = (tmp_path / "01_settings.ipynb").read_text()
    assert "its network is shaped: 30 ms to the first byte, 135 MiB/s per stream" in told


def test_a_failure_is_reported_in_the_readers_language_and_ends_the_run(
    rehearsal, tmp_path, capsys
):
    other = ["--only", "02,03", "--out", str(tmp_path), "-p", "project_id", "somebody-elses"]
    assert main(["run", *other]) == 1
    told = capsys.readouterr().out
    assert "The project somebody-elses" in told
    assert "gcloud projects create somebody-elses" in told
    assert "Traceback" not in told
    record = json.loads((tmp_path / "run.json").read_text())
    assert [n["status"] for n in record["notebooks"]] == ["failed", "not-run"]


def test_each_run_has_an_id_and_is_not_recorded_as_interactive(rehearsal, tmp_path, monkeypatch):
    monkeypatch.delenv(origin.RECORDING, raising=False)
    clone = tmp_path / "notebooks"
    shutil.copytree(shipped.folder() / "en", clone / "en")
    monkeypatch.setattr(shipped, "CLONE", clone)
    book = runner.books("en", ["02"])
    one, two = (runner.run(book, {}, tmp_path / name).record() for name in ("one", "two"))
    assert one.id != two.id
    assert one.interactive is False
    assert "2026" < one.began <= one.ended <= two.began
    assert one.account == rehearsal.environ["WARMBOOK_ACCOUNT"]
    assert one.where.rehearsal == rehearsal.environ["WARMBOOK_REHEARSAL_URL"]
    assert not list(tmp_path.rglob("interactive"))


def test_no_secret_is_in_what_a_run_leaves(rehearsal, tmp_path):
    runner.run(runner.books("en", ["01", "02"]), {}, tmp_path)
    token = rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"]
    for file in tmp_path.iterdir():
        assert token not in file.read_text()


def test_missing_credentials_are_reported_with_a_remedy(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("WARMBOOK_REHEARSAL_URL", raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    wanted = ["-p", "project_id", "my-project", "-p", "model_uri", "gs://bucket/model"]
    assert main(["run", "--only", "02", "--out", str(tmp_path / "out"), *wanted]) == 1
    told = capsys.readouterr().out
    assert "No Google Cloud credentials were found" in told
    assert "gcloud auth application-default login" in told


def test_a_rehearsal_that_has_stopped_ends_a_run_before_its_first_notebook(
    rehearsal, tmp_path, capsys
):
    rehearsal.stop()
    assert main(["run", "--only", "02", "--out", str(tmp_path / "out")]) == 2
    assert "The rehearsal has stopped" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_rehearsal_that_stops_during_a_notebook_is_reported(rehearsal, tmp_path):
    class Stops(Follower):
        def notebook_started(self, notebook):
            rehearsal.stop()

    result = runner.run(runner.books("en", ["02"]), {}, tmp_path / "out", follower=Stops())
    assert [done.status for done in result.notebooks] == ["failed"]
    assert "The rehearsal has stopped" in result.notebooks[0].error


def test_help_and_list_need_no_cloud(capsys):
    assert main(["list"]) == 0
    assert "04_cluster: location, mode" in capsys.readouterr().out
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
