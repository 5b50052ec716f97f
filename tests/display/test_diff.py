"""The difference of two texts as HTML."""

import re

from hypothesis import given
from hypothesis import strategies as st

from warmbook.display.diff import diff, diff_html

BEFORE = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6"
AFTER = "a: 1\nb: 2\nc: 30\nd: 4\ne: 5\nf: 6\n"


def test_changed_lines_stand_with_their_sign_between_two_unchanged_ones():
    assert diff(BEFORE, AFTER) == ["…", " a: 1", " b: 2", "-c: 3", "+c: 30", " d: 4", " e: 5"]


def test_equal_texts_give_no_lines():
    assert diff(BEFORE, BEFORE) == []


def test_changes_have_sign_and_colour_and_can_be_reached_by_the_keyboard():
    page = diff_html("Changes", BEFORE, AFTER)
    added = re.findall(r'background:(rgba[^"]+)">([+-][^<]+)', page)
    assert [(line, tint != added[0][0]) for tint, line in added] == [
        ("-c: 3", False),
        ("+c: 30", True),
    ]
    assert 'tabindex="0"' in page and 'aria-label="Changes"' in page


@given(st.text(), st.text())
def test_no_text_becomes_markup(before, after):
    page = diff_html("t", before, after)
    assert "<script" not in diff_html("t", "", "<script>") and page.count("<pre") == 1
