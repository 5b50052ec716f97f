"""A picture as a page and a file show it."""

import re
from xml.etree import ElementTree

import pytest

from warmbook.display.picture import DARK, NAMES, Picture
from warmbook.display.plots import Bar, waterfall

PHASES = [
    Bar("image pulled", 0.0, 61.5, "container"),
    Bar("unexplained", 61.5, 8.5, "unexplained"),
    Bar("weights streamed", 70.0, 13.4, "weights"),
]


@pytest.fixture(scope="module")
def picture():
    return waterfall(PHASES, "Cold start: <83 s>")


def test_it_is_well_formed_and_has_a_title_and_a_text_alternative(picture):
    figure = ElementTree.fromstring(picture.page[picture.page.index("<figure") :])
    (drawing,) = figure.findall("div")
    assert drawing.attrib == {"role": "img", "aria-label": "Cold start: <83 s>"}
    assert figure.findtext("figcaption") == "Cold start: <83 s>"
    assert "seconds" in "".join(figure.itertext())


@pytest.mark.parametrize(
    ("title", "shown"),
    [("memory: fits", "Memory: fits"), ("vLLM: 3 s", "vLLM: 3 s"), ("30 layers", "30 layers")],
)
def test_a_title_begins_with_a_capital_unless_it_begins_with_a_name(title, shown):
    assert f"<figcaption>{shown}</figcaption>" in waterfall(PHASES, "x", title).page


def test_every_colour_is_the_pages(picture):
    assert not re.search(r"(fill|stroke): ?#", picture.svg)
    named = set(re.findall(r"var\(--wb-([a-z]+)\)", picture.svg)) - {"font"}
    assert named <= set(NAMES.values()) and {"blue", "amber", "red", "ink"} <= named
    assert set(DARK) < set(NAMES.values())


def test_the_same_figure_is_the_same_picture_and_two_share_no_id(picture):
    ids = re.findall(r'id="([^"]+)"', picture.svg)
    assert waterfall(PHASES, "x").svg == picture.svg
    other = re.findall(r'id="([^"]+)"', waterfall(PHASES[:2], "x").svg)
    assert ids and not set(ids) & set(other)
    for target in re.findall(r'(?:url\(#|href="#)([^)"]+)', picture.svg):
        assert target in ids


def test_a_file_is_an_svg_or_a_png_by_its_suffix(picture):
    assert picture.file(".svg").startswith(b"<svg ")
    ElementTree.fromstring(picture.file(".SVG"))
    assert picture.file(".png").startswith(b"\x89PNG") and picture.file("") == picture.png


def test_without_a_figure_only_the_caption_is_shown():
    nothing = Picture(None, "no weights")
    assert (nothing.svg, nothing.png, nothing._repr_html_()) == ("", b"", None)
    assert nothing.file(".svg") == b"" and repr(nothing) == "no weights"


def test_a_long_caption_becomes_the_text_alternative():
    page = waterfall(PHASES, "Cold start: 83 s: image pulled 60 s", "Cold start: 83 s").page
    assert "<figcaption>Cold start: 83 s</figcaption>" in page
    assert 'aria-label="Cold start: 83 s: image pulled 60 s"' in page
