"""A kernel in which warmbook is not installed."""

import subprocess
import sys

import nbformat
import pytest

from .conftest import NOTEBOOKS

BOOKS = sorted([*NOTEBOOKS.glob("e[ns]/*.ipynb"), *NOTEBOOKS.glob("gym/e[ns]/*.ipynb")])
WITHOUT = """
import sys
from IPython.core.interactiveshell import InteractiveShell
sys.modules["warmbook"] = None  # what import makes of it is a ModuleNotFoundError
shell = InteractiveShell.instance(colors="NoColor", history_manager=None)
done = shell.run_cell(sys.stdin.read())
assert type(done.error_in_exec) is ModuleNotFoundError, done
"""
REMEDY = ("Kernel > Change Kernel > warmbook", "-m ipykernel install --user --name warmbook")


@pytest.fixture(params=BOOKS, ids=lambda path: "/".join(path.with_suffix("").parts[-2:]))
def imports(request):
    code = [c for c in nbformat.read(request.param, 4).cells if c.cell_type == "code"]
    return next(cell.source for cell in code if "\nfrom warmbook import" in f"\n{cell.source}")


def test_the_lines_above_the_imports_name_the_kernel_to_choose(imports):
    told, failing = imports.splitlines()[:2], imports.splitlines()[2]
    assert failing.startswith("from warmbook import")
    assert all(line.startswith("# ") for line in told)
    assert [words in line for words, line in zip(REMEDY, told, strict=True)] == [True, True]


def test_the_traceback_of_the_imports_shows_which_kernel_to_choose():
    book = nbformat.read(NOTEBOOKS / "en" / "01_settings.ipynb", 4)
    imports = next(c.source for c in book.cells if "from warmbook import" in c.source)
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=imports, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert all(words in ran.stdout for words in REMEDY)
