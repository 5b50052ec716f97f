"""The library's messages in the reader's language; English stands in the code itself."""

from __future__ import annotations

import json
import os
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "es")

_language = ""


def speak(language: str) -> None:
    """Let every later message of this process be in `language`, "en" or "es"."""
    global _language  # one reader per process, as with gettext's install()
    _language = language


def spoken() -> str:
    """Return the language in use: the one set last, else WARMBOOK_LANGUAGE, else English."""
    language = _language or os.environ.get("WARMBOOK_LANGUAGE", "")
    return language if language in LANGUAGES else "en"


def say(english: str, **values: Any) -> str:
    """Return the message in the reader's language with `values` put in for its {names}.

    A message without a translation stays English: a reader is better served by that than
    by an error. The tests see to it that none is missing.
    """
    text = english if spoken() == "en" else catalogue(spoken()).get(english, english)
    return text.format(**values) if values else text


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the translations into `language`, keyed by the English message."""
    text = resources.files(__package__).joinpath("texts", f"{language}.json").read_text("utf-8")
    return dict(json.loads(text))
