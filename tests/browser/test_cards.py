"""A card in a narrow column, as a browser lays it out."""

from dataclasses import dataclass

import pytest

from warmbook.display.card import Card, Row

pytestmark = pytest.mark.browser

BROKEN = """words => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const broken = []
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const word of words) {
      const start = node.data.indexOf(word)
      if (start < 0) continue
      const range = document.createRange()
      range.setStart(node, start)
      range.setEnd(node, start + word.length)
      const lines = new Set(Array.from(range.getClientRects(), box => box.top))
      broken.push([word, lines.size])
    }
  }
  return broken
}"""
"""On how many lines each of the words stands, as often as it is there."""
NAME, FIGURE, LONG = "g4-standard-48", "4.3\u00a0GiB/s", f"pod-{'0123456789' * 20}"


@dataclass(frozen=True, repr=False)
class Narrow(Card):
    def title(self):
        return "Measured"

    def rows(self):
        told = ", ".join(f"{'x' * shift} 4.3 GiB/s ({NAME})" for shift in range(1, 40))
        return (Row("machine", told), Row("Pod", LONG))


@pytest.mark.parametrize("width", [400, 760])
def test_a_name_and_a_figure_keep_their_line_and_what_is_too_long_stays_inside(browser, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(Narrow()._repr_html_())
    lines = page.evaluate(BROKEN, [NAME, FIGURE, LONG])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert sorted(lines[:-1]) == [[FIGURE, 1]] * 39 + [[NAME, 1]] * 39
    word, most = lines[-1]
    assert word == LONG and most > 1
