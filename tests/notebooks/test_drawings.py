"""The drawings in the notebooks' prose: an <img> gets no colours from the page around it.

JupyterLab's dark theme tells an image nothing, as `prefers-color-scheme` follows the system. So a
drawing has no background, its shapes are seen on light and on dark paper, and its text is white on
shapes.
"""

import re
import xml.etree.ElementTree as ET

import pytest

from .conftest import NOTEBOOKS

DRAWINGS = sorted((NOTEBOOKS / "source" / "images").glob("*.svg"))
PAPERS = {
    "JupyterLab": "#ffffff",
    "JupyterLab Dark": "#111111",
    "GitHub dark": "#0d1117",
    "GitHub dark dimmed": "#22272e",
    "VS Code Dark Modern": "#1f1f1f",
}
WHITE = "#ffffff"
GRAPHICS, TEXT = 3.0, 4.5
"""The least contrast of graphics and of text. Source: WCAG 2.2, 1.4.11 and 1.4.3."""
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b")
SVG = "{http://www.w3.org/2000/svg}"


def luminance(colour):
    """Return the relative luminance of #rrggbb, 0 to 1. Source: WCAG 2.2, relative luminance."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_the_ratio_of_wcag():
    assert contrast("#000000", WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)


@pytest.fixture(params=DRAWINGS, ids=lambda path: path.name)
def drawing(request):
    return request.param.read_text()


def test_there_is_a_drawing_in_each_language_with_the_same_shapes():
    for english in (path for path in DRAWINGS if path.name.endswith(".en.svg")):
        spanish = english.with_name(english.name.replace(".en.", ".es."))
        same = (
            re.sub(">[^<]+</(text|title|desc)>", ">", path.read_text())
            for path in (english, spanish)
        )
        assert len(set(same)) == 1
    assert len(DRAWINGS) == 4


def test_it_needs_no_network(drawing):
    assert set(re.findall(r"https?://[^\"]+", drawing)) == {"http://www.w3.org/2000/svg"}


def test_it_has_no_background_and_none_that_hangs_on_the_system(drawing):
    assert "prefers-color-scheme" not in drawing
    root = ET.fromstring(drawing)
    _, _, width, height = map(float, root.get("viewBox").split())
    for shape in root.iter(f"{SVG}rect"):
        if float(shape.get("width")) * float(shape.get("height")) > width * height / 4:
            assert shape.get("class") == "frame"


def test_its_shapes_are_seen_on_each_paper_and_its_text_on_its_shapes(drawing):
    tones = set(COLOUR.findall(drawing)) - {"#fff"}
    assert tones
    for tone in tones:
        assert contrast(WHITE, tone) >= TEXT
        assert {
            name: round(contrast(tone, paper), 2)
            for name, paper in PAPERS.items()
            if contrast(tone, paper) < GRAPHICS
        } == {}
    rule = re.search(r"\btext\{([^}]*)\}", drawing)
    assert rule and "fill:#fff" in rule[1]
