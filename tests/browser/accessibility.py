"""What axe-core finds wrong in a part of a page: faults that keep some people from using it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")


def faults(page, within):
    """Return axe-core's grave violations inside a selector: rule, place and what would mend it.

    What is wrong with a front end's own pages is no matter of ours.
    """
    found = Axe().run(page, context=within).response
    assert found["passes"], f"axe-core has seen nothing of {within}"
    return [
        f"{violation['id']}: {node['target'][-1]}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
