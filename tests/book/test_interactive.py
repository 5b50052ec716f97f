"""The record of a person's work in a real kernel; `test_recorder.py` has its cases."""

import inspect

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import warmbook
from warmbook.book import interactive, kernel_notebook, origin, session
from warmbook.display.check import check
from warmbook.measure.runs.record import read

CELLS = (
    "from warmbook import SettingsForm, check, connect",
    "form = SettingsForm.choose(project_id='my-project', model_uri='gs://my-bucket/m')",
    "clients = connect(form.settings)",
    "check(True, 'it holds', remedy='x')",
    "form.book.record('cleanup', {'created': ['cluster c'], 'left': ['cluster c']})",
    "import time; time.sleep(2)",
    "check(False, 'it is whole', remedy='x')",
)


def test_a_notebook_has_the_check_that_everything_else_has():
    assert warmbook.check.__doc__ == check.__doc__
    assert inspect.signature(warmbook.check) == inspect.signature(check)


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Return a function that runs the cells as a person does, in a kernel of their own."""
    monkeypatch.delenv("WARMBOOK_FILE")
    monkeypatch.delenv(origin.RECORDING, raising=False)
    folder = tmp_path / "en"
    folder.mkdir()

    def worked(name):
        monkeypatch.setenv(kernel_notebook.SESSION, str(folder / name))
        book = new_notebook(cells=list(map(new_code_cell, CELLS)))
        place = {"metadata": {"path": str(folder)}}
        NotebookClient(book, allow_errors=True, timeout=60, resources=place).execute()
        return [output for cell in book.cells for output in cell.outputs]

    return worked


@pytest.mark.slow
def test_two_kernels_leave_one_record_of_what_was_done_in_both(work, tmp_path):
    outputs = [*work("02_project.ipynb"), *work("10_cleanup.ipynb")]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    (file,) = (tmp_path / session.FOLDER).glob("*/run.json")
    record = read(file)
    assert [one.name for one in record.notebooks] == ["02_project", "10_cleanup"]
    for notebook in record.notebooks:
        assert notebook.status == "failed"
        assert [one.passed for one in notebook.checks] == [True, False]
        assert notebook.error == "CheckError: Check failed: it is whole"
    assert record.left == ("cluster c",)


@pytest.mark.slow
def test_an_unwritable_record_is_reported_once_and_no_cell_fails(work, tmp_path):
    (tmp_path / "runs").touch()
    told = [output for output in work("02_project.ipynb") if output.get("name") == "stderr"]
    assert len(told) == 1
    assert "can't be written" in told[0]["text"]


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False])
def test_a_reader_is_present_if_the_front_end_takes_input(tmp_path, allowed):
    source = "from warmbook.book.interactive import attended\nattended()"
    book = new_notebook(cells=[new_code_cell(source)])
    client = NotebookClient(book, timeout=60, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel():
        client.kc.allow_stdin = allowed  # as a front end does that has a box for input
        client.execute_cell(book.cells[0], 0)
    (output,) = book.cells[0].outputs
    assert output["data"]["text/plain"] == str(allowed)


def test_without_a_kernel_there_is_no_reader():
    assert not interactive.attended()
