"""A run's report as a person opens it."""

import pytest

from warmbook import texts
from warmbook.book import shipped
from warmbook.measure.runs.html import page
from warmbook.measure.runs.record import parse
from warmbook.measure.runs.seats.page import page as class_page
from warmbook.measure.runs.seats.search import seats

from ..measure.runs.seats.test_seat_records import put
from ..measure.runs.test_html import ANSWER, AT, ROUND, made
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


@pytest.fixture(params=["en", "es"])
def class_report(request, tmp_path):
    """The report of a class in which somebody failed, with long names, in a language."""
    books = [
        {"name": name, "status": "failed" if number > "07" else "passed", "seconds": 618.0}
        for number, name in shipped.titles().items()
    ]
    for name in ("07", "maria-fernanda-rodriguez"):
        account = f"{name}.hernandez@university.example.edu"
        done = {"answers": [{**ANSWER, "right": True}], "gym": [{**ROUND, "done": True}]}
        put(tmp_path / name, id=name, account=account, began=AT, ended=AT, notebooks=books, **done)
    texts.speak(request.param)
    (file := tmp_path / "class.html").write_text(class_page(seats([tmp_path])))
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tables_of_a_class_need_no_scrolling_at_a_width_of_1280(browser, class_report, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.goto(class_report.as_uri())
    hidden = opened.evaluate(
        "[...document.querySelectorAll('.wide')].map(one => one.scrollWidth - one.clientWidth)"
    )
    assert len(hidden) >= 3
    assert max(hidden) == 0
    assert faults(opened, "html") == []
    context.close()
