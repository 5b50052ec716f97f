"""axe-core finds serious faults in a part of a page, and none in what a reader plays with."""

import pytest
from nbformat import v4, write

from .accessibility import faults

SLIDERS = """
from warmbook.settings import Settings
from warmbook.steps import explore
settings = Settings(project_id="my-project", model_uri="gs://my-bucket/my-model")
explore.cold_start(settings, weight_bytes=2**28, measured={})
"""
PROMPT_BOX = """
from warmbook.display.widgets.prompt_box import PromptBox
from warmbook.errors import SettingsError
from warmbook.steps.streaming import Reply
def send(asked, show):
    if asked["temperature"] == "1,5":
        raise SettingsError("refused", remedy="correct it")
    return Reply("model", asked["question"], "Paris.", "", 0.1, 0.2, 3)
PromptBox(send, "Capital?", "0", "64")
"""
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_grave_fault_inside_is_found_and_none_outside(browser):
    page = browser.new_page()
    page.set_content("<img src='x.png'><p class='ours'>words<img src='x.png'></p>")
    assert [fault.partition(":")[0] for fault in faults(page, ".ours")] == ["image-alt"]
    page.close()


def test_sliders_and_prompt_box_have_no_grave_fault_before_and_after_use(lab):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [v4.new_code_cell(code) for code in (SLIDERS, PROMPT_BOX)]
    write(v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "play.ipynb")
    lab.open("play.ipynb")
    lab.run_all()
    slider = lab.page.get_by_role("slider", name="network (Gbps)")
    send = lab.page.get_by_role("button", name="Send")
    assert in_both_themes(lab) == []

    slider.focus()
    slider.press("Home")
    lab.page.locator(".wb-said").filter(has_text="The limit is the network (1 Gbps)").wait_for()
    temperature = lab.page.get_by_label("temperature")
    for typed, shown in (("1,5", "refused"), ("0.5", "time to first token")):
        temperature.fill(typed)
        temperature.press("Tab")
        send.click()
        lab.page.get_by_role("status").filter(has_text=shown).wait_for()
        assert in_both_themes(lab) == []


def in_both_themes(lab):
    """Return the faults of the forms as they are now."""
    found = []
    for dark in (True, False):
        lab.theme(dark)
        lab.page.wait_for_timeout(500)
        found += faults(lab.page, ".warmbook-form")
    return found
