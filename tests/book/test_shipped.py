"""Where the notebooks are, and the reader's workbook.yaml: in a clone, and installed."""

from pathlib import Path

import pytest

from warmbook.book import runner, shipped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("package") / "notebooks"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "01_a.ipynb").touch()
    monkeypatch.setattr(shipped, "INSTALLED", folder)
    return folder


def test_a_clone_has_them_beside_its_library_with_the_readers_choices(here):
    assert shipped.folder() == ROOT / "notebooks"
    assert shipped.workbook_file() == ROOT / "notebooks" / "workbook.yaml"
    book = runner.books("en")[0]
    assert shipped.directory_for(book) == book.parent == ROOT / "notebooks" / "en"


def test_every_notebook_and_picture_is_shipped_and_no_source_of_theirs():
    found = (path for path in (ROOT / "notebooks").rglob("*") if path.suffix in (".ipynb", ".svg"))
    there = {path.relative_to(ROOT / "notebooks") for path in found}
    wanted = {p for p in there if p.parts[0] != "source" and ".ipynb_checkpoints" not in p.parts}
    assert set(map(Path, shipped.files())) == wanted
    assert len(wanted) >= 24


def test_installed_ones_are_found_and_no_kernel_runs_among_them(here, installed):
    assert runner.books("en") == [installed / "en" / "01_a.ipynb"]
    assert shipped.directory_for(installed / "en" / "01_a.ipynb") == here


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ((), "workbook.yaml"),
        (("notebooks/workbook.yaml",), "notebooks/workbook.yaml"),
        (("notebooks/workbook.yaml", "workbook.yaml"), "workbook.yaml"),
    ],
)
def test_an_installed_workbook_finds_the_readers_choices_near(here, installed, there, found):
    (here / "notebooks").mkdir()
    for name in there:
        (here / name).touch()
    assert shipped.workbook_file() == here / found


def test_among_the_copies_of_a_language_the_choices_are_one_folder_up(here, installed, monkeypatch):
    (here / "es").mkdir()
    (here / "workbook.yaml").touch()
    monkeypatch.chdir(here / "es")
    assert shipped.workbook_file() == here / "workbook.yaml"
    (here / "else").mkdir()
    monkeypatch.chdir(here / "else")
    assert shipped.workbook_file() == here / "else" / "workbook.yaml"
