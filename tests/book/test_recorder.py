import time
from statistics import median
from types import SimpleNamespace

import pytest

from warmbook import workbook
from warmbook.book import interactive, kernel_notebook, origin, recorder, session
from warmbook.errors import CheckError
from warmbook.measure.runs.record import read
from warmbook.settings import Settings
from warmbook.workbook import Workbook

STREAM = {"pod": "p", "bytes": 2**30, "seconds": 2.0, "gib_s": 0.5, "source": "streamer"}


class Kernel:
    """The shell of a kernel, as IPython's: it calls what was registered around each cell."""

    kernel = None

    def __init__(self):
        self.user_ns, self._called = {}, {"pre_run_cell": [], "post_run_cell": []}
        self.events = self

    def register(self, event, function):
        self._called[event].append(function)

    def run(self, cell):
        """Run a cell and return how long its end took, in seconds."""
        result = SimpleNamespace(error_before_exec=None, error_in_exec=None)
        for function in self._called["pre_run_cell"]:
            function(None)
        try:
            cell()
        except BaseException as error:
            result.error_in_exec = error
        begun = time.monotonic()
        for function in self._called["post_run_cell"]:
            function(result)
        return time.monotonic() - begun


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    shell = Kernel()
    monkeypatch.setattr(interactive, "_shell", lambda: shell)
    monkeypatch.setattr(interactive, "_of_kernel", [])
    monkeypatch.setattr(workbook, "WATCHERS", watchers := [])
    monkeypatch.setattr(recorder, "WATCHERS", watchers)
    monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "workbook.yaml"))
    monkeypatch.setenv(kernel_notebook.SESSION, "/x/en/07_streaming.ipynb")
    monkeypatch.delenv(origin.RECORDING, raising=False)
    return shell


@pytest.fixture
def settings(choices):
    return Settings.parse({**choices, "account": "me@example.com"})


@pytest.fixture
def begun(kernel, settings):
    kernel.run(lambda: interactive.connect(settings))
    return kernel


def record(tmp_path):
    """Return what was written, once the thread that writes has done so."""
    for one in interactive._of_kernel:
        one._writer.submit(int).result(30)
    return read(session.last([tmp_path]))


def fails():
    interactive.check(False, "it holds", remedy="mend it")


def test_a_round_of_the_gym_is_in_the_record(begun, tmp_path):
    one = {"level": "two", "attempts": 1, "at": "2026-11-29T14:11:05Z"}
    begun.run(lambda: interactive.note_gym_round(one))
    begun.run(lambda: interactive.note_gym_round({**one, "attempts": 2}))
    (kept,) = record(tmp_path).gym
    assert (kept.level, kept.attempts, kept.done) == ("two", 2, False)


def test_a_kernels_cells_checks_and_measurements_are_in_the_record(begun, tmp_path):
    begun.run(lambda: interactive.check(True, "it holds", remedy="mend it"))
    begun.run(lambda: Workbook.open().record("stream", {"loads": [STREAM]}))
    begun.run(lambda: time.sleep(0.05))
    found = record(tmp_path)
    (notebook,) = found.notebooks
    assert (notebook.name, notebook.status) == ("07_streaming", "begun")
    assert notebook.seconds >= 0.05
    assert [(one.claim, one.passed) for one in notebook.checks] == [("it holds", True)]
    assert notebook.checks[0].at >= found.began > "2026"
    assert found.slowest_stream.bytes == 2**30
    assert (found.interactive, found.account) == (True, "me@example.com")
    assert (found.where.project, found.where.location) == ("my-project", "us-central1")
    assert found.choices["namespace"] == "vllm"
    assert found.versions["warmbook"]


def test_a_check_that_fails_still_stops_the_cell_and_is_in_the_record(begun, tmp_path):
    with pytest.raises(CheckError):
        fails()
    begun.run(fails)
    (notebook,) = record(tmp_path).notebooks
    assert (notebook.status, notebook.checks[0].failures) == ("failed", 2)
    assert "it holds" in notebook.error


def test_without_jupyters_name_the_number_given_to_the_doctor_identifies_the_notebook(
    kernel, settings, monkeypatch, tmp_path
):
    monkeypatch.delenv(kernel_notebook.SESSION)
    kernel.run(lambda: interactive.connect(settings))
    assert record(tmp_path).notebooks == ()
    kernel.run(lambda: time.sleep(0.05))
    examination = SimpleNamespace(before="04")
    kernel.run(lambda: interactive.check(examination, "nothing is in the way", remedy="x"))
    (notebook,) = record(tmp_path).notebooks
    assert notebook.name == "04_cluster"
    assert notebook.seconds >= 0.05


def test_a_slow_disk_delays_no_cell_and_loses_no_entry(begun, tmp_path, monkeypatch):
    record(tmp_path)
    save = session.save
    monkeypatch.setattr(session, "save", lambda *told: time.sleep(0.3) or save(*told))
    ends = [begun.run(lambda: interactive.check(1, "it holds", remedy="x")) for _ in range(3)]
    assert median(ends) < 0.1
    assert record(tmp_path).notebooks[0].checks[0].claim == "it holds"


def test_a_write_failure_is_reported_once_and_retried_after_the_next_cell(
    begun, tmp_path, monkeypatch, capsys
):
    record(tmp_path)
    full = monkeypatch.context()
    with full as patch:
        patch.setattr(session, "save", no_space)
        for _ in range(3):
            begun.run(lambda: interactive.check(1, "it holds", remedy="x"))
            record(tmp_path)
    begun.run(lambda: None)
    assert capsys.readouterr().err.count("No space left on device") == 1
    assert record(tmp_path).notebooks[0].checks[0].claim == "it holds"


def no_space(*_):
    raise OSError(28, "No space left on device")


def test_a_record_that_was_deleted_begins_anew(begun, tmp_path, capsys):
    record(tmp_path)
    (session.last([tmp_path]) / "run.json").unlink()
    begun.run(lambda: interactive.check(1, "it holds", remedy="x"))
    assert record(tmp_path).notebooks[0].checks[0].claim == "it holds"
    assert capsys.readouterr().err == ""


def test_a_run_without_a_reader_and_a_program_leave_no_record(
    kernel, settings, monkeypatch, tmp_path
):
    monkeypatch.setenv(origin.RECORDING, "no")
    kernel.run(lambda: interactive.connect(settings))
    monkeypatch.delenv(origin.RECORDING)
    monkeypatch.setattr(interactive, "_shell", lambda: None)
    interactive.connect(settings)
    interactive.check(1, "it holds", remedy="x")
    assert interactive._of_kernel == []
    assert session.last([tmp_path]) is None


def test_no_secret_of_the_environment_or_of_an_error_is_in_the_record(
    begun, settings, monkeypatch, tmp_path
):
    planted = "hf_planted-secret"
    for name in ("HF_TOKEN", "WARMBOOK_REHEARSAL_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"):
        monkeypatch.setenv(name, planted)

    def leaks():
        raise RuntimeError(f"401 for Authorization: Bearer {planted}")

    monkeypatch.delenv("WARMBOOK_REHEARSAL_TOKEN")
    clients = interactive.connect(settings)
    vars(clients)["credentials"] = SimpleNamespace(token=planted, account="you@example.com")
    begun.run(leaks)
    found = record(tmp_path)
    assert found.notebooks[0].error == "RuntimeError"
    assert found.account == "you@example.com"
    assert planted not in (session.last([tmp_path]) / "run.json").read_text()


def test_a_rehearsals_record_is_above_the_notebooks_and_stays_when_it_ends(
    rehearsal, chosen, kernel, monkeypatch, tmp_path
):
    monkeypatch.setenv("WARMBOOK_FILE", str(tmp_path / "state" / "workbook.yaml"))
    (tmp_path / "en").mkdir()
    monkeypatch.chdir(tmp_path / "en")
    kernel.run(lambda: interactive.connect(chosen))
    found = record(tmp_path)
    assert (found.target, found.where.rehearsal) == (
        "rehearsal",
        rehearsal.environ["WARMBOOK_REHEARSAL_URL"],
    )
    text = (session.last([tmp_path]) / "run.json").read_text()
    assert rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"] not in text
