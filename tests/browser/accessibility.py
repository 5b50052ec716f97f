"""What axe-core finds wrong in a part of a page: faults that keep some people from using it."""

from __future__ import annotations

GRAVE = ("serious", "critical")
UNFOLD = """() => document.querySelectorAll('.jp-OutputArea details')
  .forEach(folded => { folded.open = true })"""
WHOLE = {"width": 1280, "height": 8000}
"""A window in which JupyterLab draws every cell; it draws none that is outside."""


def faults(page, within):
    """Return axe-core's grave violations inside a selector: rule, place and what would mend it.

    What is wrong with a front end's own pages is no matter of ours.
    """
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=within).response
    assert found["passes"], f"axe-core has seen nothing of {within}"
    return [
        f"{violation['id']}: {node['target'][-1]}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def faults_of_results(lab):
    """Return the faults of a notebook's every result, unfolded, in the light and the dark theme."""
    before = lab.page.viewport_size
    lab.page.set_viewport_size(WHOLE)
    lab.page.wait_for_timeout(1000)
    lab.page.evaluate(UNFOLD)
    found = {}
    for dark in (False, True):
        lab.theme(dark)
        lab.page.wait_for_timeout(500)
        found["dark" if dark else "light"] = faults(lab.page, ".jp-Cell-outputWrapper")
    lab.theme(dark=False)
    lab.page.set_viewport_size(before)
    return [f"{theme}: {fault}" for theme, listed in found.items() for fault in listed]
