"""Write notebooks/en, notebooks/es and notebooks/gym from notebooks/source; runs no notebook.

python tools/notebooks.py           write what is missing or stale
python tools/notebooks.py --check   write nothing; fail and name what would be written

A source is py:percent. Prose stands twice, `lang="en"` and then `lang="es"`; code stands once. The
comments of the parameters are translated as the library's messages are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
import doors  # beside this file
import parameters

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
LANGUAGES = ("en", "es")
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALLS = {
    "en": "Outside of a clone, remove the # below: it installs warmbook into this kernel.",
    "es": "Fuera de un clon, quita el # de abajo: instala warmbook en este kernel.",
}
OTHER_KERNEL = {
    "en": (
        "No module named 'warmbook'? Choose the kernel that has it: "
        "Kernel > Change Kernel > warmbook.",
        "To create it, run in the clone: make setup && "
        ".venv/bin/python -m ipykernel install --user --name warmbook",
    ),
    "es": (
        "¿Aparece No module named 'warmbook'? Elige el kernel que lo tiene: "
        "Kernel > Change Kernel > warmbook.",
        "Para crearlo, ejecuta en el clon: make setup && "
        ".venv/bin/python -m ipykernel install --user --name warmbook",
    ),
}
"""Lines above the imports: a traceback of IPython shows the two lines above the one that failed."""
IMPORTS = "from warmbook import "
LANGUAGE_PARAMETER = re.compile(r'^language: str = "[a-z]*"', re.MULTILINE)


class SourceError(Exception):
    """A source that does not give both languages the same cells."""


def notebook(source: Path, language: str) -> str:
    """Return the notebook that the source holds for `language`, as JSON text.

    Raises:
        SourceError: A prose cell lacks its twin in the other language.
    """
    cells = jupytext.read(source).cells
    _refuse_lone_prose(source, cells)
    book = nbformat.v4.new_notebook(metadata=KERNEL)
    for name, cell in named(cells):
        if cell.metadata.get("lang", language) == language:
            book.cells.append(_cell(name, cell, language))
    _add_doors(book, f"notebooks/{language}/{source.stem}.ipynb", language)
    nbformat.validate(book)
    return nbformat.writes(book) + "\n"


def _refuse_lone_prose(source: Path, cells: Sequence[NotebookNode]) -> None:
    prose = [cell for cell in cells if cell.cell_type == "markdown"]
    for cell, wanted in zip(prose, LANGUAGES * len(prose), strict=False):
        if cell.metadata.get("lang") != wanted:
            first = cell.source.partition("\n")[0]
            raise SourceError(f'{source.name}: expected lang="{wanted}" at "{first}"')
    if len(prose) % len(LANGUAGES):
        raise SourceError(f"{source.name}: the last prose lacks its {LANGUAGES[-1]}")


def named(cells: Iterable[NotebookNode]) -> Iterator[tuple[str, NotebookNode]]:
    """Yield each cell with its id: the English heading above it and a number.

    So an id outlives an edit of its cell, and is the same in both languages.
    """
    section, number = "start", count(1)
    name = ""
    for cell in cells:
        if cell.metadata.get("lang") == "en" and (heading := _heading(cell.source)):
            section, number = heading, count(1)
        if cell.metadata.get("lang") != "es":  # a translation has its twin's id
            name = f"{section}-{next(number)}"
        yield name, cell


def _heading(text: str) -> str:
    found = re.match(r"#+ (.+)", text)
    words = re.findall(r"[a-z0-9]+", found[1].lower()) if found else []
    return "-".join(words)[:48].strip("-")


def _cell(name: str, cell: NotebookNode, language: str) -> NotebookNode:
    kept = {k: cell.metadata[k] for k in ("tags", "guide", "jupyter") if k in cell.metadata}
    if cell.cell_type == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source, id=name, metadata=kept)
    text = cell.source
    if "parameters" in kept.get("tags", ()):
        text = LANGUAGE_PARAMETER.sub(f'language: str = "{language}"', text)
        text = parameters.translated(text, language)
    if text.startswith(IMPORTS):
        text = "\n".join([*(f"# {line}" for line in OTHER_KERNEL[language]), text])
    return nbformat.v4.new_code_cell(text, id=name, metadata=kept)


def _add_doors(book: NotebookNode, path: str, language: str) -> None:
    """Put the buttons under the title, and a cell that installs warmbook after the parameters."""
    address = doors.repository()
    if not address:
        return
    title, _, rest = book.cells[0].source.partition("\n")
    book.cells[0].source = f"{title}\n\n{doors.line(address, path, language)}\n{rest}"
    after = [
        n for n, cell in enumerate(book.cells) if "parameters" in cell.metadata.get("tags", ())
    ]
    if after:
        text = f"# {INSTALLS[language]}\n# {doors.installation(address)}"
        book.cells.insert(after[0] + 1, nbformat.v4.new_code_cell(text, id="install"))


def wanted() -> dict[Path, str]:
    """Return every file that should stand beside the sources, with its text.

    Raises:
        SourceError: A source or a picture lacks one of the languages.
    """
    files = {}
    for language in LANGUAGES:
        for source in sorted((FOLDER / "source").glob("[0-9][0-9]_*.py")):
            files[FOLDER / language / f"{source.stem}.ipynb"] = notebook(source, language)
        for source in sorted((FOLDER / "source" / "gym").glob("*.py")):
            files[FOLDER / "gym" / language / f"{source.stem}.ipynb"] = notebook(source, language)
        for picture in sorted((FOLDER / "source" / "images").glob(f"*.{language}.svg")):
            name = picture.name.replace(f".{language}.", ".")
            files[FOLDER / language / "images" / name] = picture.read_text(encoding="utf-8")
    return files


def stale(files: dict[Path, str]) -> list[Path]:
    """Return the files that are missing, differ, or stand there without a source."""
    different = [
        path
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    folders = {path.parent for path in files}
    there = {path for folder in folders for path in folder.glob("*.*") if path.is_file()}
    return different + sorted(there - files.keys())


def main(arguments: Sequence[str]) -> int:
    """Write or check the notebooks; return the exit status."""
    try:
        files = wanted()
    except SourceError as error:
        print(f"notebooks: {error}", file=sys.stderr)
        return 1
    differing = stale(files)
    names = ", ".join(str(path.relative_to(FOLDER.parent)) for path in differing)
    if "--check" in arguments:
        if differing:
            print(f"Not what the sources say: {names}\nRun `make notebooks`.", file=sys.stderr)
        return 1 if differing else 0
    for path in differing:
        if path not in files:
            print(f"Has no source, delete it: {path.relative_to(FOLDER.parent)}", file=sys.stderr)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    print(f"Written: {names}" if differing else "Nothing to write")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
