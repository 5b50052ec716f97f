"""One notebook in a real kernel: its checks as they are made, and the end of its time."""

import errno
import json
import os
import signal
import threading
import time

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import NotebookExecutionManager, papermill_engines

from warmbook.book import execution, headless_checks
from warmbook.book.cpu_load import cpu_load
from warmbook.book.deadline import Deadline
from warmbook.book.execution import Done, execute
from warmbook.book.follower import Follower
from warmbook.book.kernels import Kernels

KERNEL = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}


class Checks(Follower):
    def __init__(self):
        self.seen = []

    def checked(self, notebook, check):
        self.seen.append((notebook, check.claim, check.passed))


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Return a function that runs cells as a notebook: how it ended, what was told, the copy."""
    monkeypatch.setenv(headless_checks.ASKED, headless_checks.PUBLISH)

    def run(*cells, limit_s=None, starts=lambda kernel: None):
        book = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        book.metadata.update(KERNEL)
        nbformat.write(book, tmp_path / "mine.ipynb")
        done = Done(name="mine", status="not-run", seconds=0.0, error="", checks=())
        follower, copy = Checks(), tmp_path / "copy.ipynb"
        with Kernels(1, tmp_path) as kernels:
            take, deadline = kernels.take, Deadline(limit_s)
            kernels.take = lambda: (kernel := take(), starts(kernel))[0]
            execute(tmp_path / "mine.ipynb", copy, {}, kernels, follower, done, deadline)
        return done, follower.seen, nbformat.read(copy, 4)

    return run


@pytest.mark.slow
def test_checks_are_noted_while_they_are_made_and_add_nothing_to_the_copy(ran):
    done, seen, copy = ran(
        "from warmbook import check",
        "check(True, 'it holds', remedy='x')",
        "check(False, 'it is whole', remedy='x')",
    )
    assert done.status == "failed"
    assert "Check failed: it is whole" in done.error
    assert seen == [("mine", "it holds", True), ("mine", "it is whole", False)]
    assert done.cpu_load == pytest.approx(cpu_load(), abs=0.5)
    assert [(one.claim, one.passed, one.failures) for one in done.checks] == [
        *(("it holds", True, 0), ("it is whole", False, 1))
    ]
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    outputs = [[output.output_type for output in cell.outputs] for cell in code]
    assert outputs[-2:] == [["execute_result"], ["display_data", "error"]]  # the error as a card
    assert headless_checks.MIME not in json.dumps(copy)


@pytest.mark.slow
def test_a_cell_that_runs_when_the_time_is_over_is_interrupted(ran):
    began = time.monotonic()
    done, _, _ = ran("import time; time.sleep(120)", limit_s=6)
    assert done.status == "timed-out"
    assert "6.0 s" in done.error
    assert time.monotonic() - began < 60


@pytest.mark.slow
def test_no_cell_begins_after_ctrl_c_between_two_cells(ran, tmp_path, monkeypatch):
    complete = NotebookExecutionManager.cell_complete

    def press_after_the_first_cell(manager, cell, cell_index=None, **kwargs):
        complete(manager, cell, cell_index, **kwargs)
        if cell_index == 0:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(NotebookExecutionManager, "cell_complete", press_after_the_first_cell)
    done, _, copy = ran("1", f"open({str(tmp_path / 'created')!r}, 'w')")
    assert done.status == "interrupted"
    assert [cell.execution_count for cell in copy.cells] == [1, None]
    assert not (tmp_path / "created").exists()


def test_a_notebook_for_which_no_time_is_left_does_not_begin(ran):
    done = Done(name="mine", status="not-run", seconds=0.0, error="", checks=())
    over = Deadline(1, clock=iter([0.0, 2.0]).__next__)
    execute(None, None, {}, None, Follower(), done, over)
    assert (done.status, done.seconds) == ("timed-out", 0)


def test_notebook_with_a_failed_check_is_failed_although_its_copy_cannot_be_written(
    tmp_path, monkeypatch
):
    def full(*_, done, **__):
        done.note("it is whole", False, "")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(papermill, "execute_notebook", full)
    done = Done(name="mine", status="not-run", seconds=0.0, error="", checks=())
    nbformat.write(new_notebook(), tmp_path / "mine.ipynb")
    with pytest.raises(OSError, match="No space"):
        execute(
            *(tmp_path / "mine.ipynb", tmp_path / "copy.ipynb", {}),
            *(None, Follower(), done, Deadline()),
        )
    assert done.status == "failed"


@pytest.fixture
def warned(tmp_path, monkeypatch, caplog):
    """Return a function that runs an empty notebook: what papermill warns of its parameters."""
    monkeypatch.setattr(execution, "taken_by", lambda _: {"replicas", "no_setting"})
    monkeypatch.setattr(papermill_engines, "execute_notebook_with_engine", lambda _, nb, **__: nb)
    cell = new_code_cell("a = ''", metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell], metadata=KERNEL), tmp_path / "mine.ipynb")
    done = Done(name="mine", status="not-run", seconds=0.0, error="", checks=())

    def warned(run, parameters):
        caplog.clear()
        book, copy = tmp_path / "mine.ipynb", tmp_path / "copy.ipynb"
        if run == "papermill":
            papermill.execute_notebook(str(book), str(copy), parameters)
        else:
            execute(book, copy, parameters, None, Follower(), done, Deadline())
        return [
            one.getMessage().split()[-1] for one in caplog.records if one.levelname == "WARNING"
        ]

    return warned


def test_a_run_warns_of_unknown_parameters_and_not_of_settings(warned):
    parameters = {"replicas": "2", "no_setting": "x"}
    assert warned("warmbook run", parameters) == ["no_setting"]
    assert warned("papermill", parameters) == ["replicas", "no_setting"]


@pytest.mark.parametrize(("said", "lines"), [("", 1), ("CellExecutionError: ", 1), ("x: y", 2)])
def test_the_error_after_a_time_limit_has_no_line_without_a_message(said, lines):
    done = Done(name="02_project", status="failed", seconds=1.0, error=said)
    done.time_out(8.0)
    assert done.status == "timed-out"
    assert len(done.error.splitlines()) == lines


@pytest.mark.slow
def test_a_kernel_that_ends_before_its_first_cell_fails_with_the_reason(ran):
    done, *_ = ran("1", starts=lambda kernel: kernel.provisioner.process.kill())
    assert done.status == "failed"
    assert "did not start" in done.error


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1])
def test_ctrl_c_while_the_kernel_starts_is_an_interruption(ran, after_s):
    def press(_):
        threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT)).start()

    done, *_ = ran("import time; time.sleep(20)", starts=press)
    assert done.status == "interrupted"
