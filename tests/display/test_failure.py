import re

from warmbook.display.failure import Failure
from warmbook.errors import CheckError, MissingError, Remedy, SettingsError

SIGN_IN = "Run `gcloud auth application-default login` and this again."


def test_each_remedy_is_shown_separately_with_its_command():
    error = CheckError(
        "what",
        why="because",
        remedies=[Remedy("first", "gcloud a \\\n  --b='1 & 2'"), Remedy("second")],
    )
    html = Failure(error)._repr_html_()
    places = [html.index(text) for text in ("what", "because", "first", "gcloud a", "second")]
    assert places == sorted(places)
    assert "gcloud a \\\n  --b=&#x27;1 &amp; 2&#x27;</pre>" in html
    assert html.count('type="button"') == 1
    assert str(error).splitlines()[:2] == ["what. because", "  → first"]
    assert "      gcloud a" in str(error)


def test_a_command_that_the_sentence_quotes_can_be_copied_too():
    html = Failure(MissingError("x", remedy=SIGN_IN))._repr_html_()
    assert re.search(r"<pre [^>]*>gcloud auth application-default login</pre>", html)
    assert "<code>gcloud auth application-default login</code>" in html
    assert "<pre" not in Failure(MissingError("x", remedy="Set `gpu_count` to 2."))._repr_html_()


def test_the_headline_is_one_line_and_the_text_has_everything():
    card = Failure(SettingsError("a: wrong\nb: \x1b[2Jwrong", remedy="mend", pitfall="api-off"))
    assert card.headline == "✗ a: wrong"
    assert repr(card).splitlines()[:3] == ["✗ a: wrong", "b: ·[2Jwrong", "  → mend"]
    assert "#api-off" in repr(card)


def test_no_text_becomes_markup():
    html = Failure(CheckError("<b>x", why="<i>", remedies=[Remedy("<u>", "<s>")]))._repr_html_()
    assert not re.search(r"<[iusb]>(?!✗|&lt;b&gt;x)", html)


def test_the_pitfall_is_named_where_nothing_can_open_it(monkeypatch):
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    html = Failure(CheckError("x", remedy="y", pitfall="api-off"))._repr_html_()
    assert "troubleshooting.md#api-off" in html
    assert "<a " not in html
