"""A comparison as GitHub's Markdown, for a comment on a pull request.

Source: GitHub Flavored Markdown Spec, 4.10 (tables: a pipe in a cell is escaped) and 2.4
(backslash escapes); GitHub Docs, "Organizing information with collapsed sections".
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from ....terminal import one_line
from ....texts import say
from .compare import FEW, Comparison
from .conditions import grouped
from .figures import Figure
from .many import outlier_lines, spreads
from .verdicts import Judged

_MARKUP = re.compile(r"([\\`*_{}\[\]|~$])")
_REFERENCE = re.compile(r"([@#])(?=\w)")
"""GitHub makes links of these after rendering, so that an escape does not help."""


def comment(comparison: Comparison, judged: Judged) -> str:
    """Return the comment: the verdict, what changed beyond the noise, then the rest folded."""
    parts = [f"### {_escaped(_headline(comparison, judged))}"]
    if judged.verdicts:
        parts.append(_table(list(_judged(judged))))
    if len(comparison.runs) > 1:
        parts += _compared(comparison)
    if judged.left_out:
        lines = [f"{name}: {reason}" for name, reason in judged.left_out.items()]
        parts.append(_folded(say("Runs left out: {count}", count=len(lines)), _list(lines)))
    return "\n\n".join(parts) + "\n"


def _headline(comparison: Comparison, judged: Judged) -> str:
    if len(comparison.runs) < 2:
        return "✗ " + say("Fewer than two runs could be compared.")
    if judged.outcome:
        return judged.summary
    count = sum(figure.changed for figure in comparison.figures())
    return say("Figures that changed beyond the noise: {count}", count=count)


def _judged(judged: Judged) -> Iterator[list[str]]:
    yield ["", say("threshold"), say("run"), say("measured")]
    for one in judged.verdicts:
        told = ", ".join(filter(None, (one.word, one.told, one.reason)))
        yield ["✔" if one.passed else "✗", one.threshold.text, one.run, told]


def _compared(comparison: Comparison) -> Iterator[str]:
    """Yield the figures that changed as a table, and the rest folded."""
    figures = comparison.figures()
    changed = [figure for figure in figures if figure.changed]
    if len(comparison.runs) > FEW:
        runs = [name for name, _ in comparison.runs]
        spread = say("Median and spread of {count} runs", count=len(runs))
        yield _folded(spread, _table(list(spreads(figures))))
        yield _list(list(outlier_lines(figures, runs)))
        lines = list(grouped(comparison.changed()))
    else:
        if changed:
            yield _table(_columns(comparison, changed))
        others = [figure for figure in figures if not figure.changed]
        head = say("Figures within the noise: {count}", count=len(others))
        yield _folded(head, _table(_columns(comparison, others)))
        lines = [
            f"{run}: {'; '.join(map(str, differing)) or say('nothing')}"
            for run, differing in comparison.changed()
        ]
    name = one_line(comparison.runs[0][0])
    yield _folded(say("What changed since {base}:", base=name), _list(lines))
    yield _folded(say("Read before you believe a difference"), _list(list(comparison.warnings())))


def _columns(comparison: Comparison, figures: Sequence[Figure]) -> list[list[str]]:
    head = ["", comparison.base, *(name for name, _ in comparison.runs[1:])]
    return [head, *([figure.name.strip(), *figure.cells()] for figure in figures)]


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *others = (f"| {' | '.join(map(_escaped, row))} |" for row in rows)
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others])


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_escaped(line.strip())}" for line in lines)


def _folded(head: str, content: str) -> str:
    # without the blank line, GitHub shows the content as plain HTML
    return f"<details><summary>{_plain(head)}</summary>\n\n{content}\n\n</details>"


def _escaped(text: str) -> str:
    """Return a text that GitHub shows as it is, in Markdown."""
    return _MARKUP.sub(r"\\\1", _plain(text))


def _plain(text: str) -> str:
    """Return a text that GitHub shows as it is, in HTML: no element, nobody mentioned."""
    return html.escape(_REFERENCE.sub("\\1\u200b", one_line(text)), quote=False)
