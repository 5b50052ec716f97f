"""Bring lib/warmbook/locale up to date with the messages of the code.

python tools/translations.py           write it, and name what a translator has to do
python tools/translations.py --check   write nothing; fail, and name each message that is not done

A reworded message keeps its old translation: it is marked `fuzzy`, with the previous English after
`#|`, and is not used until somebody has removed the mark.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import denormalize, normalize, read_po, write_po
from extraction import ROOT, template

from warmbook.texts import LANGUAGES, LOCALE

HEADER = """\
# Translations of warmbook's messages; `make translations` adds, sorts and removes entries.
msgid ""
msgstr ""
"Project-Id-Version: warmbook\\n"
"POT-Creation-Date: 2026-11-29 14:00+0000\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
"""Of a fixed date and no version: a run that changes no message changes no line, and Babel puts the
time of a build into a compiled file where the source has no date."""


def source(language: str) -> Path:
    """Return the file that people edit."""
    return LOCALE / language / "LC_MESSAGES" / "warmbook.po"


def read(path: Path) -> Catalog:
    """Return the translations in a file.

    Raises:
        PoFileError: The file's syntax is broken; the error names the line.
    """
    with path.open("rb") as file:
        catalogue = read_po(file, ignore_obsolete=True, abort_invalid=True)
    for message in messages(catalogue):
        _take_previous(message)
    return catalogue


def messages(catalogue: Catalog) -> list[Message]:
    """Return what is translated, without the header, sorted by the English."""
    return sorted(message for message in catalogue if message.id)


def _take_previous(message: Message) -> None:
    """Make a fuzzy message's `#|` lines its previous English; Babel reads them as comments."""
    lines = [line[1:].strip() for line in message.user_comments if line.startswith("|")]
    message.user_comments = [line for line in message.user_comments if line[:1] != "|"]
    if lines and message.fuzzy:
        message.previous_id = [denormalize("\n".join(lines).removeprefix("msgid "))]


def merge(catalogue: Catalog, wanted: Catalog) -> None:
    """Give a catalogue the messages of the code: new ones fuzzy where an old one is like them."""
    previous = {message.id: message.previous_id for message in messages(catalogue)}
    catalogue.update(wanted)
    for message in messages(catalogue):
        message.previous_id = message.previous_id or previous.get(message.id, [])


def written(catalogue: Catalog, language: str) -> str:
    """Return the file: sorted, one line a message, so that a sentence is found by grep."""
    body = BytesIO()
    write_po(
        *(body, catalogue),
        width=0,
        no_location=True,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
    )
    text = HEADER.format(language=language) + body.getvalue().decode()
    for message in messages(catalogue):
        if message.previous_id:
            text = _with_previous(text, message)
    return text.rstrip("\n") + "\n"


def _with_previous(text: str, message: Message) -> str:
    """Return a file with a message's previous English; Babel's own lines break in mid-string."""
    entry = f"\nmsgid {normalize(message.id, width=0)}\nmsgstr "
    previous = f"msgid {normalize(message.previous_id[0], width=0)}"
    comment = "".join(f"\n#| {line}" for line in previous.splitlines())
    return text.replace(entry, comment + entry)


def unfinished(catalogue: Catalog) -> Iterator[str]:
    """Yield a line for each message that needs a translator."""
    for message in messages(catalogue):
        if fault := _fault(message):
            yield f"{fault}: {message.id}"


def _fault(message: Message) -> str:
    if message.fuzzy:
        return "fuzzy, its English has changed"
    if not message.string:
        return "no translation"
    try:
        lacking, unknown = _differences(placeholders(message.id), placeholders(message.string))
    except ValueError as broken:
        return f"broken placeholder ({broken})"
    return f"other placeholders ({lacking} / {unknown})" if lacking or unknown else ""


def _differences(one: set[str], other: set[str]) -> tuple[str, str]:
    return ", ".join(sorted(one - other)), ", ".join(sorted(other - one))


def placeholders(text: str) -> set[str]:
    """Return the names in braces.

    Raises:
        ValueError: A brace has no partner.
    """
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def stale(catalogue: Catalog, wanted: Catalog) -> Iterator[str]:
    """Yield a line for each message that either the file or the code lacks."""
    here, there = ({message.id for message in messages(one)} for one in (catalogue, wanted))
    yield from (f"not in the file: {text}" for text in sorted(there - here))
    yield from (f"no longer in the code: {text}" for text in sorted(here - there))


def check(language: str, wanted: Catalog) -> list[str]:
    """Return what is wrong with a language's file, a line for each message."""
    path = source(language)
    catalogue = read(path)
    found = [*stale(catalogue, wanted), *unfinished(catalogue)]
    if not found and written(catalogue, language) != path.read_text(encoding="utf-8"):
        found = ["not sorted and spelled as the tool writes it"]
    return found


def write(language: str, wanted: Catalog) -> list[str]:
    """Bring a language's file up to date; return what its translator has to do."""
    path = source(language)
    catalogue = read(path)
    merge(catalogue, wanted)
    path.write_text(written(catalogue, language), encoding="utf-8")
    return list(unfinished(catalogue))


def main(arguments: Sequence[str]) -> int:
    """Write or check the translations; return the exit status."""
    checking, wanted = "--check" in arguments, template()
    status = 0
    for language in LANGUAGES[1:]:  # English stands in the code
        found = check(language, wanted) if checking else write(language, wanted)
        for line in found:
            print(f"{source(language).relative_to(ROOT)}: {line}", file=sys.stderr)
        if found and checking:
            print("run `make translations`, then translate what it names", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
