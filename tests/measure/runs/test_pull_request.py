import re

import pytest
from markdown_it import MarkdownIt

from warmbook.measure.runs.compare import Comparison
from warmbook.measure.runs.pull_request import comment
from warmbook.measure.runs.record import parse
from warmbook.measure.runs.threshold import parsed
from warmbook.measure.runs.verdicts import Judged, judge

from .test_compare import SLOWER
from .test_record import WHOLE, data

NASTY = "a|b`c`<img src=x>*d*_e_[f](http://g)@octocat #12 $h$ \\| ~~i~~"
RENDER = MarkdownIt("commonmark", {"html": True}).enable("table")
"""GitHub's tables come on top of CommonMark, as in its own specification."""


def made(*records, outcome="exceeded", fail_if="cold_start > +20%", names=None, left_out=()):
    runs = [(f"r{n}", parse(data(id=str(n), **one))) for n, one in enumerate(records)]
    if names:
        runs = [(name, record) for name, (_, record) in zip(names, runs, strict=True)]
    comparison = Comparison(tuple(runs))
    verdicts = judge(comparison, [parsed(fail_if)]) if outcome else ()
    return comment(comparison, Judged(verdicts, outcome, dict(left_out)))


def tables(text):
    """Return the cells of each table that a renderer finds."""
    html = RENDER.render(text)
    rows = [re.findall(r"<tr>(.*?)</tr>", one, re.DOTALL) for one in html.split("<table>")[1:]]
    return [[re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table] for table in rows]


def test_the_verdict_is_first_then_what_changed_and_the_rest_is_folded():
    text = made({}, SLOWER)
    judged, changed, rest = tables(text)
    assert text.startswith("### ✗")
    assert judged[1][0] == "✗"
    assert [row[0] for row in changed[1:]] == ["cold start, until ready", "weights streamed"]
    assert "scheduled on a node" in [row[0] for row in rest]
    before, *details = text.split("<details>")
    assert before.count("\n|---") == 2
    assert len(details) == text.count("</details>") == 3


def test_without_a_threshold_the_first_line_counts_what_changed():
    assert made({}, SLOWER, outcome=None).startswith("### Figures that changed beyond the noise: 2")
    assert len(tables(made({}, {}, outcome=None))) == 1


@pytest.mark.parametrize("count", [2, 8])
def test_no_value_breaks_a_table_or_becomes_markup(count):
    odd = {"versions": {NASTY: NASTY}, "phases": [{"name": NASTY, "seconds": 9}]}
    text = made(
        *([WHOLE] * (count - 1)),
        odd,
        names=[NASTY, *(f"{NASTY}{n}" for n in range(1, count))],
        left_out={NASTY: NASTY}.items(),
    )
    for table in tables(text):
        assert {len(row) for row in table} == {len(table[0])}
    html = RENDER.render(text)
    assert not re.findall(r"<(?:img|em|code|a|s|del)\b", html)
    assert "@octocat" not in html
    assert "#12" not in html


def test_many_runs_have_their_spread_instead_of_a_column_each():
    (judged, spread) = tables(made(*[{}] * 29, SLOWER))
    assert len(judged) == 30
    assert len(spread[0]) == 4
