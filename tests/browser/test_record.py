"""What is left of a person's work in JupyterLab."""

import time

import pytest
from playwright.sync_api import expect

from warmbook.book import session
from warmbook.measure.runs.record import read

from .accessibility import faults

PANELS = ".wb-questions"
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


def test_predictions_are_committed_once_and_restored_in_another_kernel(lab):
    lab.open("notebooks/en/01_settings.ipynb")
    lab.run_all()
    number, choice = asked(lab)
    lab.scroll_to(number)
    number.get_by_role("textbox").fill("1,5")
    number.get_by_role("button").click()
    number.get_by_role("alert").wait_for()
    assert faults(lab.page, PANELS) == []
    number.get_by_role("textbox").fill("15")
    number.get_by_role("button").click()
    choice.get_by_role("radio").first.check()
    choice.get_by_role("button").click()
    the_answers_are_locked(lab)

    lab.open("notebooks/es/01_settings.ipynb")
    lab.run_all()
    the_answers_are_locked(lab)
    result = questions(lab).last
    result.get_by_role("cell", name="tu predicción: 15;").wait_for()
    for dark in (False, True):
        lab.theme(dark)
        lab.scroll_to(result)
        lab.picture(f"exercise-{'dark' if dark else 'light'}")
        assert faults(lab.page, PANELS) == []
    assert compared(lab) == {
        "01-own-settings": ("15", False),
        "01-longest-part": ("machine", False),
    }


def the_answers_are_locked(lab):
    number, choice = asked(lab)
    for one in (number, choice):
        one.get_by_role("status").wait_for()
        expect(one.get_by_role("button")).to_have_count(0)
    expect(number.get_by_role("textbox")).to_have_value("15")
    expect(choice.get_by_role("radio").first).to_be_checked()


def asked(lab):
    """Give the notebook's first two questions, which may be drawn after the kernel is idle."""
    both = questions(lab).first.locator(".wb-question")
    return both.nth(0), both.nth(1)


def compared(lab, limit_s=20):
    """Return the recorded answers and whether they are right, once each has its result."""
    end = time.monotonic() + limit_s
    while True:
        answers = read(last(lab)).answers
        if all(one.measured for one in answers) or time.monotonic() > end:
            return {one.exercise: (one.answer, one.right) for one in answers}
        time.sleep(0.1)


def questions(lab):
    return lab.page.locator(PANELS)


def last(lab):
    return session.last([lab.folder / "notebooks"])


def written(lab, name, limit_s=20):
    """Return the record, once the last cell of a notebook is in it."""
    end = time.monotonic() + limit_s
    while True:
        record = read(last(lab))
        states = {notebook.name: notebook.status for notebook in record.notebooks}
        if states.get(name) == "passed" or time.monotonic() > end:
            return record
        time.sleep(0.1)
