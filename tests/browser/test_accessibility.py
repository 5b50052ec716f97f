"""The form, the cards and the pictures have no grave fault of accessibility, by axe-core."""

import pytest

from .accessibility import faults

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

UNFOLDED = """() => document.querySelectorAll('.jp-OutputArea details')
  .forEach(folded => { folded.open = true })"""
WHOLE = {"width": 1280, "height": 8000}
"""A window in which JupyterLab draws every cell; it draws none that is outside."""


def test_a_grave_fault_inside_is_found_and_none_outside(browser):
    page = browser.new_page()
    page.set_content("<img src='x.png'><p class='ours'>words<img src='x.png'></p>")
    assert [fault.partition(":")[0] for fault in faults(page, ".ours")] == ["image-alt"]
    page.close()


@pytest.mark.parametrize(
    ("language", "notebook", "results"),
    [("es", "01_settings", 5), ("en", "02_project", 14)],
)
def test_results_in_both_themes(lab, language, notebook, results):
    lab.page.set_viewport_size(WHOLE)
    lab.open(f"notebooks/{language}/{notebook}.ipynb")
    lab.run_all()
    lab.page.locator(".warmbook-form input").first.wait_for()
    assert lab.page.locator(".jp-OutputArea-output").count() >= results
    lab.page.evaluate(UNFOLDED)
    found = {}
    for dark in (False, True):
        lab.theme(dark)
        lab.page.wait_for_timeout(500)
        found[dark] = faults(lab.page, ".jp-Cell-outputWrapper")
    lab.theme(dark=False)
    assert found == {False: [], True: []}
