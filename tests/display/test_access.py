"""Who may do what, as a diagram."""

import re

from warmbook.display.access import AccessDiagram, Grant

HELD = Grant("roles/storage.bucketViewer", "storage.buckets.get", True)
LACKING = Grant("roles/storage.objectUser", "storage.objects.get", False)


def test_a_missing_role_is_marked_by_sign_line_and_colour():
    page = AccessDiagram(("Pod", "account"), (HELD, LACKING), "gs://b")._repr_html_()
    assert re.findall(r"<b[^>]*>(.)</b>", page) == ["✔", "✗"]
    assert page.count("dashed") == 1
    held, lacking = re.findall(r"<b style=\"color:(#\w+)", page)
    assert held != lacking


def test_the_text_has_every_name_and_every_role():
    text = repr(AccessDiagram(("Pod", "account"), (HELD, LACKING), "gs://b"))
    assert text.splitlines()[0] == "Pod → account"
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [
        ["✔", HELD.role],
        ["✗", LACKING.role],
    ]


def test_names_are_no_markup():
    page = AccessDiagram(("<i>",), (Grant("<u>", "<s>", True),), "<b>x")._repr_html_()
    assert not re.search(r"<(i|u|s)>|<b>x", page)
