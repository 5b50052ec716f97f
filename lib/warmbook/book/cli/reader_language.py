"""The language of a command's messages where no option names one.

Notebooks have their folder's language, and a headless run that of its notebooks: what it does is
the same on every machine.
"""

from __future__ import annotations

import os

from ...errors import SettingsError
from ...texts import of_locale


def by_locale() -> str:
    """Return the language of the reader's locale, the workbook's above it.

    It is "" where English holds anyway: the locale is none of ours, or WARMBOOK_LANGUAGE is set.
    """
    if os.environ.get("WARMBOOK_LANGUAGE") or (language := of_locale(os.environ)) in ("", "en"):
        return ""
    return _of_workbook() or language


def _of_workbook() -> str:
    """Return the language of the workbook; a broken one is refused by the verb that needs it."""
    from ...workbook import Workbook  # 0.3 s, which only a locale in another language costs
    from .. import shipped

    try:
        return str(Workbook.open(default=shipped.workbook_file()).saved().get("language", ""))
    except SettingsError:
        return ""
