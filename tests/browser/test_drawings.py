"""The drawings in the notebooks' prose, as a browser lays them out with this machine's fonts."""

import pytest

from ..notebooks.test_drawings import DRAWINGS

pytestmark = pytest.mark.browser

OUTSIDE = """() => {
  const coloured = shape => !['none', 'rgb(255, 255, 255)'].includes(getComputedStyle(shape).fill)
  const shapes = Array.from(document.querySelectorAll('svg :is(rect, path)'))
    .filter(shape => !shape.closest('marker') && coloured(shape)).map(shape => shape.getBBox())
  const holds = (shape, text) => shape.x <= text.x && shape.y <= text.y
    && text.x + text.width <= shape.x + shape.width
    && text.y + text.height <= shape.y + shape.height
  const texts = Array.from(document.querySelectorAll('svg text'))
  if (!texts.length) throw new Error('there is no text')
  return texts.filter(text => !shapes.some(shape => holds(shape, text.getBBox())))
    .map(text => text.textContent)
}"""
"""The texts that no coloured shape holds: white on white paper, or cut off at its edge."""


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.name)
def test_each_text_is_within_a_coloured_shape(browser, drawing):
    page = browser.new_page()
    page.set_content(drawing.read_text())
    assert page.evaluate(OUTSIDE) == []
    page.close()
