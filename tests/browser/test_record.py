"""What is left of a person's work in JupyterLab."""

import time

import pytest

from warmbook.book import session
from warmbook.measure.runs.record import read

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_two_notebooks_in_two_kernels_leave_one_record(lab):
    for name in ("01_settings", "02_project"):
        lab.open(f"notebooks/en/{name}.ipynb")
        lab.run_all(timeout_s=240)
    record = written(lab, "02_project")
    assert record.interactive
    assert record.target == "rehearsal"
    assert record.account
    both = [one for one in record.notebooks if one.name in ("01_settings", "02_project")]
    assert len(both) == 2
    for notebook in both:
        assert (notebook.status, notebook.error) == ("passed", "")
        assert all(check.passed for check in notebook.checks)
        assert notebook.seconds > 0


def written(lab, name, limit_s=20):
    """Return the record, once the last cell of a notebook is in it."""
    end = time.monotonic() + limit_s
    while True:
        record = read(session.last([lab.folder / "notebooks"]))
        states = {notebook.name: notebook.status for notebook in record.notebooks}
        if states.get(name) == "passed" or time.monotonic() > end:
            return record
        time.sleep(0.1)
