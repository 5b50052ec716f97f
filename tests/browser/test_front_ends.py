"""The same notebook in Notebook 7, and in JupyterLab 3.6 with new and with old widgets."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from warmbook.display.widgets.front_end import UPGRADE, VIEW

from .front_ends import LAB_3, LAB_3_OLD_WIDGETS, NOTEBOOK_7
from .lab import Lab, serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture
def opened(browser, tmp_path, request):
    """Notebook 01 in a front end, after all its cells."""
    front = request.param
    with serving(tmp_path, front=front) as (url, folder):
        context = browser.new_context(viewport={"width": 1280, "height": 1150})
        lab = Lab(context.new_page(), url, folder, front.place)
        lab.open("notebooks/en/01_settings.ipynb")
        lab.run_all()
        yield lab
        context.close()


@pytest.mark.parametrize("opened", [NOTEBOOK_7, LAB_3], ids=["notebook7", "lab3"], indirect=True)
def test_the_form_is_edited_and_refuses_in_other_front_ends(opened):
    assert '"output_type":"error"' not in opened.text(), opened.text()[-3000:]
    form = opened.page.locator(".warmbook-form")
    opened.scroll_to(form)
    place = form.get_by_label("location")
    place.fill("mars")
    place.press("Tab")
    form.get_by_role("alert").wait_for()
    opened.picture("front")
    place.fill("us-east4")
    place.press("Tab")
    form.get_by_role("status").wait_for()
    assert opened.outside == []


@pytest.mark.parametrize("opened", [LAB_3_OLD_WIDGETS], ids=["widgets7"], indirect=True)
def test_with_outdated_widgets_the_form_is_text_with_instructions(opened):
    text = opened.text()
    assert '"output_type":"error"' not in text, text[-3000:]
    assert VIEW not in text
    form = opened.page.locator(".jp-OutputArea-output", has_text=UPGRADE)
    opened.scroll_to(form)
    opened.picture("widgets7")
    expect(form).to_contain_text("us-central1")
    expect(opened.page.get_by_text("Error displaying widget")).to_have_count(0)
    assert opened.outside == []
