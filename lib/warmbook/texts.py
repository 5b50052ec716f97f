"""The library's messages in the reader's language; English stands in the code itself.

Translations are gettext's: `locale/LANGUAGE/LC_MESSAGES/warmbook.po` is what people edit. A wheel
has `warmbook.mo` in its place, compiled from it by `hatch_build.py`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from gettext import GNUTranslations
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "es")
LOCALE = Path(__file__).parent / "locale"

_language = ""


def speak(language: str) -> None:
    """Let every later message of this process be in `language`, "en" or "es"."""
    global _language  # one reader per process, as with gettext's install()
    _language = language


def spoken() -> str:
    """Return the language in use: the one set last, else WARMBOOK_LANGUAGE, else English."""
    language = _language or os.environ.get("WARMBOOK_LANGUAGE", "")
    return language if language in LANGUAGES else "en"


def of_locale(environ: Mapping[str, str]) -> str:
    """Return the language of the reader's locale, "" where it is none of ours.

    Source: GNU gettext, "Locale Environment Variables", "The LANGUAGE variable".
    """
    given = map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, given), "C")
    wanted = "" if locale in ("C", "POSIX") else environ.get("LANGUAGE") or locale
    languages = (re.split("[_.@]", name)[0] for name in wanted.split(":"))
    return next((one for one in languages if one in LANGUAGES), "")


def say(english: str, **values: Any) -> str:
    """Return the message in the reader's language with `values` put in for its {names}.

    A message without a translation stays English: a reader is better served by that than
    by an error. `make check` sees to it that none is missing.
    """
    text = english if spoken() == "en" or not english else _translated(spoken())(english)
    return text.format(**values) if values else text


def marked(english: str) -> str:
    """Return a message of a table as it is: `make translations` finds it, say() translates it."""
    return english


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """Return the question whether a similar name was meant, "" where none of `known` is similar.

    It names the `most` similar ones.
    """
    from difflib import get_close_matches  # only a wrong name needs it

    near = get_close_matches(name, known, most)
    return say("Did you mean {key}?", key=", ".join(near)) if near else ""


@cache
def _translated(language: str) -> Callable[[str], str]:
    """Return what translates a message, or returns it as it is; "" would give a file's header."""
    folder = LOCALE / language / "LC_MESSAGES"
    source = folder / "warmbook.po"
    compiled = _compiled(source) if source.exists() else (folder / "warmbook.mo").read_bytes()
    return GNUTranslations(BytesIO(compiled)).gettext


def _compiled(source: Path) -> bytes:
    """Return a clone's translations, compiled when they are read for the first time.

    The result is kept in __pycache__ after the digest of what it was compiled from, so that it
    is never older than the source; a folder that nobody may write to keeps nothing.
    """
    content = source.read_bytes()
    digest = sha256(content).digest()
    kept = source.parent / "__pycache__" / f"{source.stem}.mo"
    with suppress(OSError):
        found = kept.read_bytes()
        if found.startswith(digest):
            return found[len(digest) :]
    compiled = _compile(content)
    with suppress(OSError):
        _replace(kept, digest + compiled)
    return compiled


def _compile(content: bytes) -> bytes:
    """Return a .po as a .mo; fuzzy and empty translations are left out."""
    from babel.messages.mofile import write_mo  # 0.1 s, which only a changed file costs
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(content)))
    return compiled.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write a file that other processes may read meanwhile."""
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
