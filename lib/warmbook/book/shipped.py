"""The notebooks that come with warmbook: the clone's, or those inside an installed wheel.

Nothing is ever written beside installed notebooks: a reader works on copies of them
(`copies.py`), and a run of them starts in the reader's current directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..texts import LANGUAGES

INSTALLED = Path(__file__).resolve().parents[1] / "notebooks"
"""Where a wheel has them: see `tool.hatch.build.targets.wheel` in pyproject.toml."""

CLONE = Path(__file__).resolve().parents[3] / "notebooks"
WORKBOOK = "workbook.yaml"
PATTERNS = ("{language}/*.ipynb", "{language}/images/*.*", "gym/{language}/*.ipynb")


def installed() -> bool:
    """Return whether warmbook was installed from a wheel; otherwise it runs from a clone."""
    return INSTALLED.is_dir()


def folder() -> Path:
    """Return the folder that has the notebooks of each language, and the gym."""
    return INSTALLED if installed() else CLONE


def files(languages: Iterable[str] = LANGUAGES) -> list[str]:
    """Return the names, relative to the folder, of all notebooks and pictures."""
    patterns = [one.format(language=language) for language in languages for one in PATTERNS]
    found = {path for pattern in patterns for path in folder().glob(pattern) if path.is_file()}
    return sorted(path.relative_to(folder()).as_posix() for path in found)


def workbook_file() -> Path:
    """Return where the reader's workbook.yaml is, or will be.

    In a clone: beside its notebooks. Installed: in the current directory, beside the copies in
    its `notebooks`, or one folder up from copies of one language, whichever is there first.
    """
    files = [place / WORKBOOK for place in workplaces()]
    return next((file for file in files if file.exists()), files[0])


def workplaces() -> list[Path]:
    """Return the folders in which a reader's workbook.yaml may be, the likeliest first."""
    if not installed():
        return [CLONE]
    here = Path.cwd()
    return [here, here / "notebooks", *([here.parent] if here.name in LANGUAGES else ())]


def titles() -> dict[str, str]:
    """Return the names of the notebooks, which are those of every language, by number."""
    found = (folder() / LANGUAGES[0]).glob("[0-9][0-9]_*.ipynb")
    return {path.name[:2]: path.stem for path in sorted(found)}


def directory_for(notebook: Path) -> Path:
    """Return where a kernel should run this notebook: never inside an installed package."""
    return Path.cwd() if INSTALLED in notebook.resolve().parents else notebook.parent
