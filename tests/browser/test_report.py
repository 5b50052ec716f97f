"""A run's report as a person opens it."""

import pytest

from warmbook.measure.runs.html import page
from warmbook.measure.runs.record import parse

from ..measure.runs.test_html import made
from ..measure.runs.test_record import data
from .accessibility import faults

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("html", [page(parse(data()), "a"), made("long" * 500)])
def test_the_report_makes_no_requests_and_fits_a_narrow_window(browser, tmp_path, scheme, html):
    file = tmp_path / "report.html"
    file.write_text(html)
    context = browser.new_context(color_scheme=scheme, viewport={"width": 400, "height": 800})
    opened, asked = context.new_page(), []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert opened.evaluate("document.documentElement.scrollWidth") <= 400
    paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert faults(opened, "html") == []
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    context.close()
