"""The same notebook in Notebook 7, and in JupyterLab 3.6 with new and with old widgets."""

from __future__ import annotations

import pytest

from .front_ends import LAB_3, NOTEBOOK_7
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
