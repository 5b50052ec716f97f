"""How a run ended, by the statuses of its notebooks."""

import pytest

from warmbook.book.execution import Done
from warmbook.book.run import Run


def run_of(**statuses):
    notebooks = [
        Done(name=name[1:], status=status.replace("_", "-"), seconds=0.0, error="", checks=())
        for name, status in statuses.items()
    ]
    return Run("rehearsal", {}, notebooks=notebooks)


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ({"_04_cluster": "passed", "_10_cleanup": "passed"}, "passed"),
        ({"_04_cluster": "failed", "_05_identity": "not_run"}, "failed"),
        ({"_04_cluster": "failed", "_10_cleanup": "passed"}, "failed"),
        ({"_04_cluster": "failed", "_10_cleanup": "failed"}, "failed"),
        ({"_04_cluster": "timed_out", "_10_cleanup": "passed"}, "timed-out"),
        ({"_04_cluster": "passed", "_10_cleanup": "failed"}, "cleanup-failed"),
        ({"_04_cluster": "passed", "_10_cleanup": "timed_out"}, "cleanup-failed"),
        ({"_04_cluster": "interrupted", "_10_cleanup": "passed"}, "interrupted"),
        ({"_04_cluster": "failed", "_10_cleanup": "interrupted"}, "interrupted"),
        ({"_04_cluster": "passed", "_10_cleanup": "not_run"}, "failed"),
        ({"_04_cluster": "not_run", "_10_cleanup": "failed"}, "failed"),
    ],
)
def test_the_first_notebook_that_did_not_pass_decides_and_ctrl_c_always(statuses, outcome):
    run = run_of(**statuses)
    assert run.outcome == outcome
    assert run.passed == (outcome == "passed")
    assert run.cleaned_up == (statuses.get("_10_cleanup") == "passed")


def test_ctrl_c_between_two_notebooks_interrupts_the_run():
    run = run_of(_04_cluster="passed", _05_identity="not_run")
    run.interrupted = True
    assert run.outcome == "interrupted"
