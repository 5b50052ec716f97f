"""The English messages of the library and of the notebooks, by Babel's extraction.

A message is a string that stands in a call: `say("…")`, `marked("…")` in a table that is said
later, and the other calls of the two tables below. Of settings it is what the form shows, of a
notebook's parameters the comments.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from parameters import comments

from warmbook.display.widgets.form import label
from warmbook_rehearsal.faults import FAULTS

ROOT = Path(__file__).resolve().parents[1]
Calls = Mapping[str, tuple[int | str, ...]]
"""The arguments that are messages, by place or by name, of each function that takes some."""
OF_THE_LIBRARY: Calls = {
    "say": (0,),
    "marked": (0,),
    "refusal": (0,),
    "must_match": (1,),
    "Pitfall": ("symptom", "cause", "remedy"),
}
OF_NOTEBOOKS: Calls = {"check": (1, "remedy")}
FOLDERS = (("lib/warmbook", OF_THE_LIBRARY), ("notebooks/source", OF_NOTEBOOKS))
Extracted = tuple[int, None, str, list[str]]
"""What Babel takes: a line, no function, the message, no comments."""


def template() -> Catalog:
    """Return every message, without translations."""
    found = Catalog()
    for folder, calls in FOLDERS:
        method = partial(messages, calls)
        for _, _, message, _, _ in extract_from_dir(str(ROOT / folder), [("**.py", method)]):
            found.add(message)
    for fault in FAULTS.values():  # the gym says what was hidden; the rehearsal has no languages
        found.add(fault.what)
        if fault.beyond:
            found.add(fault.beyond)
    return found


def messages(
    calls: Calls, file: IO[bytes], keywords: object, comment_tags: object, options: Any
) -> Iterator[Extracted]:
    """Yield the messages of a module: an extraction method of Babel's, once it has its calls."""
    text = file.read().decode()
    if calls is OF_NOTEBOOKS:
        yield from ((1, None, comment, []) for comment in comments(text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, calls)
        elif isinstance(node, ast.ClassDef) and node.name == "Settings":
            yield from _of_settings(node)


def _of_call(call: ast.Call, calls: Calls) -> Iterator[Extracted]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    given: dict[int | str | None, ast.expr] = {k.arg: k.value for k in call.keywords}
    given |= enumerate(call.args)
    for place in calls.get(name, ()):
        match given.get(place):
            case ast.Constant(value=str(text)) as found if text:
                yield found.lineno, None, text, []


def _of_settings(settings: ast.ClassDef) -> Iterator[Extracted]:
    """Yield what the form shows of each setting: its name in words, its docstring without `."""
    for field, after in zip(settings.body, settings.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(value=str(text))):
                if name != "language":  # the form has no control for it; `list` explains it
                    yield field.lineno, None, label(name), []
                yield after.lineno, None, inspect.cleandoc(text).replace("`", ""), []
