import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.display.unbroken import unbroken


def kept(text):
    """Return the names that keep their line."""
    return re.findall(r"<span [^>]*>(.*?)</span>", unbroken(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("4.3 GiB/s (g4-standard-48), at best", ["(g4-standard-48),"]),
        ("price: 1 x e2-standard-4", ["1 x e2-standard-4"]),
        ("result: --disable-log-requests; wrong", ["--disable-log-requests;"]),
        ("kubectl logs --previous -n vllm", ["--previous", "-n"]),
        ("cloud.google.com/gke-gpu-driver-version: latest", []),
        (f"gs://{'a-b/' * 20}c", []),
        ("a - b, c -", []),
    ],
)
def test_a_name_with_hyphens_keeps_its_line_unless_it_is_a_key_or_very_long(text, names):
    assert kept(text) == names


def test_a_figure_keeps_its_unit_and_other_words_may_part():
    assert unbroken("15.0 GiB in 5 min 03 s") == "15.0\u00a0GiB in 5\u00a0min 03\u00a0s"
    assert unbroken("2 servers and 3 hours") == "2 servers and 3 hours"


@given(st.text())
def test_no_text_becomes_markup_or_is_lost(text):
    html = unbroken(f"<b>{text}")
    assert "<b>" not in html
    bare = unescape(re.sub(r'<span style="[^"]*">|</span>', "", html))
    assert bare.replace("\u00a0", " ") == f"<b>{text}".replace("\u00a0", " ")
