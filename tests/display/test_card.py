from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from warmbook.display.card import Card, Row


@dataclass(frozen=True, repr=False)
class Example(Card):
    text: str

    def title(self):
        return self.text

    def rows(self):
        return (Row(self.text, self.text, "ok"), Row("b", "c", "error"))


def test_a_card_reads_as_text():
    assert repr(Example("a")) == "✗ a\n  ✔ a: a\n  ✗ b: c"


@given(st.text())
def test_no_text_becomes_markup(text):
    html = Example(f"<script>{text}", command=f"echo <b>{text}")._repr_html_()
    assert "<script>" not in html
    assert "<b>" + text not in html or not text


def test_the_command_is_folded_letter_by_letter():
    html = Example("a", command="gcloud x \\\n  --y='1 & 2'")._repr_html_()
    assert "gcloud x \\\n  --y=&#x27;1 &amp; 2&#x27;</pre>" in html


@dataclass(frozen=True, repr=False)
class More(Card):
    def title(self):
        return "more"

    def below(self):
        return super().below() + "<i>more</i>"


def test_what_is_below_is_inside_the_card():
    assert More()._repr_html_().endswith("<i>more</i></div>")


@dataclass(frozen=True, repr=False)
class Made(Card):
    severity: str

    def title(self):
        return "made"

    def rows(self):
        return (Row("now", "x", "ok", new=True), Row("other", "y", self.severity))


def test_what_was_made_just_now_has_a_mark_of_its_own_unless_something_is_wrong():
    assert repr(Made("ok")) == "+ made\n  + now: x\n  ✔ other: y"
    assert repr(Made("info")).startswith("+ made")
    assert repr(Made("warning")).startswith("… made")
    assert repr(Made("error")).startswith("✗ made")
