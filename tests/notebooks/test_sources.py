import json
import re

import nbformat
import pytest

from .conftest import NOTEBOOKS, ROOT

GUIDE = {f"G{number:02}" for number in range(1, 35)}


def test_the_notebooks_are_up_to_date_with_their_sources(generator):
    assert [str(path) for path in generator.stale(generator.wanted())] == []


def test_every_item_of_the_guide_has_a_cell(sources):
    named = {
        item
        for source in sources
        for marked in re.findall(r'^# %%.* guide="([^"]+)"', source.read_text(), re.MULTILINE)
        for item in marked.split()
    }
    assert named == GUIDE


def prose_of(sources, item):
    """Return the prose cells of an item, by language."""
    found = {}
    for source in sources:
        for cell in re.split(r"^# %% ?", source.read_text(), flags=re.MULTILINE):
            head = cell.partition("\n")[0]
            if item in head and (language := re.search(r'lang="(\w+)"', head)):
                found[language[1]] = cell
    return found


@pytest.mark.guide("G01")
def test_the_overview_shows_the_architecture(sources):
    for language, cell in prose_of(sources, "G01").items():
        assert "![" in cell and "images/architecture.svg" in cell
        assert (NOTEBOOKS / language / "images" / "architecture.svg").exists()
        for part in ("safetensors", "vLLM", "Anywhere Cache", "IAM"):
            assert part in cell


@pytest.mark.guide("G05 G34")
@pytest.mark.parametrize(
    ("item", "named"),
    [
        ("G05", ("Cloud Shell", "Workbench", "gcloud auth login", "application-default login")),
        ("G34", ("Hugging Face", "GPU", "GKE", "Cloud Storage FUSE", "05|5")),
    ],
)
def test_what_is_only_to_be_read_stands_in_both_languages(sources, item, named):
    cells = prose_of(sources, item)
    assert cells.keys() == {"en", "es"}
    for cell in cells.values():
        assert all(re.search(words, cell) for words in named)


@pytest.mark.guide("G23")
def test_the_manifest_points_to_the_quickstart_and_the_other_server(sources):
    text = next(source for source in sources if source.stem == "06_server").read_text()
    for name in ("GKE Inference Quickstart", "Inicio rápido de GKE Inference", "SGLang"):
        assert name in text


def test_both_languages_are_written_from_one_source(generator, small):
    assert generator.main([]) == 0
    english = nbformat.read(small.parents[1] / "en" / "01_small.ipynb", as_version=4)
    spanish = nbformat.read(small.parents[1] / "es" / "01_small.ipynb", as_version=4)
    assert [cell.source for cell in english.cells] == [
        "# Good morning",
        'language: str = "en"  # which',
        "print(language)",
    ]
    assert [cell.source for cell in spanish.cells] == [
        "# Buenos días",
        'language: str = "es"  # which',
        "print(language)",
    ]
    assert english.cells[2].metadata == {"tags": ["check"], "guide": "G01"}


def test_an_edit_of_a_cell_keeps_every_id(generator, small):
    before = json.loads(generator.notebook(small, "en"))["cells"]
    small.write_text(small.read_text().replace("print(language)", "print(language, language)"))
    after = json.loads(generator.notebook(small, "en"))["cells"]
    assert [cell["id"] for cell in before] == [cell["id"] for cell in after]
    assert before[2]["source"] != after[2]["source"]


@pytest.mark.parametrize(
    ("cut", "named"),
    [
        ('# %% [markdown] lang="es"\n# # Buenos días\n\n', "lacks its es"),
        ('# %% [markdown] lang="en"\n# # Good morning\n\n', '"# Buenos días"'),
        (' lang="es"', '"# Buenos días"'),
    ],
    ids=["no Spanish", "no English", "no language"],
)
def test_prose_in_one_language_only_is_refused(generator, small, capsys, cut, named):
    small.write_text(small.read_text().replace(cut, ""))
    assert generator.main([]) == 1
    assert named in capsys.readouterr().err
    assert not (small.parents[1] / "en").exists()


def test_check_fails_and_names_a_stale_notebook_and_writes_nothing(generator, small, capsys):
    generator.main([])
    assert generator.main(["--check"]) == 0
    book = small.parents[1] / "es" / "01_small.ipynb"
    book.write_text(book.read_text().replace("Buenos", "Malos"))
    assert generator.main(["--check"]) == 1
    assert "es/01_small.ipynb" in capsys.readouterr().err
    assert "Malos" in book.read_text()


def test_check_fails_for_a_notebook_without_a_source(generator, small, capsys):
    generator.main([])
    (small.parents[1] / "en" / "02_gone.ipynb").write_text("{}")
    assert generator.main(["--check"]) == 1
    assert "en/02_gone.ipynb" in capsys.readouterr().err


def test_a_picture_goes_beside_the_notebooks_of_its_language(generator, small):
    images = small.parent / "images"
    images.mkdir()
    for language in ("en", "es"):
        (images / f"plan.{language}.svg").write_text(f"<svg>{language}</svg>")
    generator.main([])
    assert (small.parents[1] / "es" / "images" / "plan.svg").read_text() == "<svg>es</svg>"


@pytest.mark.slow
def test_the_generator_runs_from_the_command_line():
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "notebooks.py", "--check"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_parameters_are_explained_in_the_language_of_the_notebook(generator, sources):
    names = {"gs://BUCKET_NAME/PATH_TO_MODEL"}
    explained = 0
    for source in (*sources, *(NOTEBOOKS / "source" / "gym").glob("*.py")):
        told = {}
        for language in ("en", "es"):
            cells = json.loads(generator.notebook(source, language))["cells"]
            (cell,) = (c for c in cells if "parameters" in c["metadata"].get("tags", ()))
            told[language] = re.findall(r"  # (.+)", "".join(cell["source"]))
        assert len(told["en"]) == len(told["es"])
        same = {one for one, other in zip(told["en"], told["es"], strict=True) if one == other}
        assert same <= names, source.name
        explained += len(told["es"])
    assert explained > 50
