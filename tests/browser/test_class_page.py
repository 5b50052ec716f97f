"""The trainer's page in a browser: it follows along by itself, in light and dark."""

import threading

import pytest
from playwright.sync_api import expect

from warmbook import texts
from warmbook.book.classroom import page as trainers
from warmbook.book.classroom import table

from ..seats import Occupied
from .accessibility import faults

pytestmark = pytest.mark.browser

LINES = """heads => heads.map(head => {
  const words = document.createRange()
  words.selectNodeContents(head)
  return new Set([...words.getClientRects()].map(line => line.top)).size
})"""
"""How many lines the words of each take."""


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "EVERY_S", 1.0)
    occupied = Occupied()
    for name in ("01", "02"):
        occupied.seat(tmp_path, name)
    with trainers.Server(tmp_path) as server:
        server.occupied = occupied
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)
    occupied.end()


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_table_fits_a_narrow_window(browser, served, language):
    served.occupied.seat(served.folder, "a-learner-with-a-long-name", state="starting")
    texts.speak(language)
    page = browser.new_page(viewport={"width": 760, "height": 500})
    page.goto(served.link)
    expect(page.locator("tbody tr")).to_have_count(3)
    hidden = page.locator(".wide").evaluate("box => box.scrollWidth - box.clientWidth")
    page.close()
    assert hidden == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_updates_itself_and_is_accessible(browser, served, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 700, "height": 500})
    page = context.new_page()
    page.goto(served.link)
    expect(page.locator("tbody tr")).to_have_count(2)
    assert faults(page, "html") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert set(page.locator("thead th").evaluate_all(LINES)) == {1}
    served.occupied.seat(served.folder, "03", state="starting")
    page.locator("tbody tr:nth-child(3)").wait_for(timeout=10_000)
    expect(page.locator("tbody th")).to_have_text(["01", "02", "03"])
    served.shutdown()
    served.socket.close()
    page.wait_for_function("() => document.getElementById('lost').textContent !== ''")
    context.close()
