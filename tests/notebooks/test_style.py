import ast
import importlib
import re
import statistics
from itertools import groupby, pairwise
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import papermill
import pytest

from warmbook.book.exercises.questions import EXERCISES
from warmbook.settings import Settings

from .conftest import NOTEBOOKS

TABLE = {
    "en": "| Does | Needs | Leaves | Time and cost |",
    "es": "| Qué hace | Qué necesita | Qué deja | Tiempo y costo |",
}
NEXT = {"en": "Next: ", "es": "Siguiente: "}
TAGS = {"parameters", "check", "creates-resource", "deletes-resource", "optional", "exercise"}
OWN = {"question"}
"""Parameters of one notebook that are no setting."""
IMPORTS = 1
"""Place among the code cells of the one that imports."""
MOST_LINES, MOST_CELLS, LEAST_WORDS = 12, 30, 10
TALKING_DOWN = r"\b(simply|just|easily|please|simplemente|fácilmente|por favor)\b"
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With, ast.Lambda)

BOOKS = sorted(NOTEBOOKS.glob("e[ns]/*.ipynb"))


@pytest.fixture(params=BOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def path(request) -> Path:
    return request.param


@pytest.fixture
def language(path):
    return path.parent.name


@pytest.fixture
def book(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


@pytest.fixture
def prose(book):
    return [cell for cell in book.cells if cell.cell_type == "markdown"]


def tags(cell):
    return cell.metadata.get("tags", [])


def hidden(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def calls(cell):
    return [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]


def called(node):
    return ast.unparse(node.func)


def test_there_are_as_many_notebooks_in_both_languages():
    english = [path.name for path in BOOKS if path.parent.name == "en"]
    assert len(english) >= 9
    assert english == [path.name for path in BOOKS if path.parent.name == "es"]


def test_opens_with_its_number_a_verb_and_the_table(path, language, book):
    first = book.cells[0].source
    assert re.match(rf"# {int(path.stem[:2])} · [A-ZÁÉÍÓÚ][a-záéíóú]+ \w+", first)
    assert TABLE[language] in first
    (row,) = re.findall(r"^\|[^-\n]+\|$", first, re.MULTILINE)[1:]
    assert all(len(column.split()) >= 3 for column in row.strip("|").split("|"))


def test_the_second_cell_alone_holds_the_parameters(book):
    assert [i for i, cell in enumerate(book.cells) if "parameters" in tags(cell)] == [1]


def test_every_parameter_is_a_setting_with_a_comment(path, language):
    declared = papermill.inspect_notebook(str(path))
    assert "language" in declared
    assert declared.keys() - OWN <= Settings.model_fields.keys()
    for name, parameter in declared.items():
        assert parameter["inferred_type_name"] == "str", name
        assert name in OWN or parameter["default"] == (
            f'"{language}"' if name == "language" else '""'
        )
        assert len(parameter["help"]) > 10, name


def test_the_parameters_cell_has_the_few_settings_that_people_change(path):
    assert len(papermill.inspect_notebook(str(path))) <= 8


def test_every_setting_can_be_given_to_every_notebook(path, code):
    (form,) = [cell for cell in code if hidden(cell) and "check" not in tags(cell)]
    (choose,) = [node for node in calls(form) if called(node) == "SettingsForm.choose"]
    assert [ast.unparse(given) for given in choose.args] == ["globals()"]
    assert ("every" in {k.arg for k in choose.keywords}) == (path.stem == "01_settings")


def names_bound(cell):
    """Return the names that a cell assigns or imports."""
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def test_no_cell_but_the_parameters_binds_the_name_of_a_setting(code):
    # the form takes the settings among the notebook's globals
    for cell in code[1:]:
        assert not Settings.model_fields.keys() & set(names_bound(cell)), cell.source


def test_checks_are_folded(code):
    for cell in code:
        assert hidden(cell) or "check" not in tags(cell)


def test_the_bar_stands_before_anything_is_done(path, code):
    (banner,) = [i for i, cell in enumerate(code) if "connect(settings)" in cell.source]
    last = code[banner].source.splitlines()[-1]
    assert last == f'overview.here(settings, clients, "{path.stem[:2]}")'
    first_action = [i for i, cell in enumerate(code) if "(settings, clients" in cell.source]
    assert banner == first_action[0]


def test_cells_are_short(book, code):
    assert len(book.cells) <= MOST_CELLS
    for cell in code:
        assert len(cell.source.splitlines()) <= MOST_LINES


def test_prose_is_short(language, prose):
    words = [len(cell.source.split()) for cell in prose]
    assert max(words) <= (150 if language == "en" else 180)


@pytest.mark.parametrize("language", ["en", "es"])
def test_half_of_the_prose_cells_have_at_most_sixty_words(language):
    cells = [
        cell
        for path in BOOKS
        if path.parent.name == language
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    ]
    median = statistics.median(len(cell.source.split()) for cell in cells)
    assert median <= (60 if language == "en" else 72)


def test_there_is_more_text_than_code(code, prose):
    seen = [cell for cell in code if not hidden(cell)]
    lines = sum(bool(line.strip()) for cell in seen for line in cell.source.splitlines())
    words = sum(len(re.findall(r"\w[\w'-]*", cell.source)) for cell in prose)
    assert words >= LEAST_WORDS * lines


def test_never_more_than_two_code_cells_without_text(book):
    runs = [(kind, len(list(cells))) for kind, cells in groupby(book.cells, lambda c: c.cell_type)]
    assert max(length for kind, length in runs if kind == "code") <= 2


def test_cells_hold_names_and_calls_only(code):
    for cell in code:
        assert not re.search(r"^\s*[%!]", cell.source, re.MULTILINE)
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, FORBIDDEN), cell.source
        assert "print" not in {called(node) for node in calls(cell)}


def test_every_cell_ends_with_what_it_shows(code):
    for cell in code[2:]:
        assert isinstance(ast.parse(cell.source).body[-1], ast.Expr), cell.source


def test_every_call_exists_in_the_library(code):
    steps = re.findall(r"^from warmbook\.steps import (\w+)$", code[1].source, re.MULTILINE)
    modules = {name: importlib.import_module(f"warmbook.steps.{name}") for name in steps}
    used = {
        tuple(called(node).split("."))
        for cell in code
        for node in calls(cell)
        if called(node).partition(".")[0] in modules
    }
    assert {module for module, _ in used} == set(modules)
    assert not [".".join(name) for name in used if not hasattr(modules[name[0]], name[1])]


def test_tags_come_from_the_closed_set(book):
    assert {tag for cell in book.cells for tag in tags(cell)} <= TAGS


def test_what_creates_in_the_cloud_is_marked(code):
    names = r"create\w*|grant\w*|enable\w*|deploy|scale|by_\w+"
    verbs = rf"(\.({names})|\bupload\.model)\(settings, clients"
    for cell in code:
        assert bool(re.search(verbs, cell.source)) == ("creates-resource" in tags(cell))
        assert bool(re.search(r"\.delete\(", cell.source)) == ("deletes-resource" in tags(cell))


def test_each_check_has_claim_and_remedy_in_plain_text(code):
    for cell in code:
        checks = [node for node in calls(cell) if called(node) == "check"]
        assert bool(checks) == ("check" in tags(cell))
        for node in checks:
            texts = [node.args[1], *(k.value for k in node.keywords if k.arg == "remedy")]
            assert [type(text) for text in texts] == [ast.Constant, ast.Constant]
            assert all(not text.value.endswith(".") for text in texts)


def test_ends_with_a_check_the_exercises_and_a_way_on(language, code, prose):
    *_, last = (cell for cell in code if "exercise" not in tags(cell))
    assert "check" in tags(last)
    assert "exercise" in tags(code[-1])
    assert NEXT[language] in prose[-1].source.splitlines()[-1]


@pytest.fixture
def exercised(code):
    """The calls of exercises in order."""
    found = [call for cell in code for call in calls(cell)]
    return [call for call in found if called(call).startswith("exercises.")]


def test_each_notebook_asks_for_predictions_first_and_compares_them_at_the_end(path, exercised):
    asked, *seen, compared = exercised
    assert (called(asked), called(compared)) == ("exercises.predict", "exercises.compare")
    assert {called(call) for call in seen} == {"exercises.see"}
    numbers = [asked.args[0], *(call.args[1] for call in seen), compared.args[0]]
    assert {ast.literal_eval(number) for number in numbers} == {path.stem[:2]}
    names = [keyword.arg for call in seen for keyword in call.keywords]
    assert sorted(names) == sorted(one.name for one in EXERCISES[path.stem[:2]].questions)


def test_a_result_is_seen_beside_its_prediction_where_it_is_measured(code):
    (at,) = (n for n, cell in enumerate(code) if "exercises.predict" in cell.source)
    before = {name for cell in code[IMPORTS + 1 : at] for name in names_bound(cell)}
    for cell in code:
        for call in calls(cell):
            if called(call) == "exercises.see":
                assert ast.unparse(call.args[0]) in set(names_bound(cell))
                needed = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
                assert not needed & before


def test_the_solution_is_folded_below_the_explanation(book, language):
    at = max(n for n, cell in enumerate(book.cells) if "exercise" in tags(cell))
    after = book.cells[at + 1].source
    word = {"en": "Solution", "es": "Solución"}[language]
    assert after.startswith(f"<details><summary>{word}</summary>\n\n")
    assert "\n\n</details>" in after


def test_links_and_pictures_lead_somewhere(path, prose):
    for cell in prose:
        for target in re.findall(r"\]\(([^)]+)\)", cell.source):
            if not urlsplit(target).scheme:
                assert (path.parent / target).is_file(), target


def test_a_picture_is_described_for_who_cannot_see_it(prose):
    for cell in prose:
        for words in re.findall(r"!\[([^\]]*)\]", cell.source):
            assert len(words.split()) >= 10


def test_headings_go_down_one_level_at_a_time(prose):
    levels = [len(mark) for c in prose for mark in re.findall(r"^(#+) ", c.source, re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_prose_has_no_condescending_words(prose):
    for cell in prose:
        assert not re.search(TALKING_DOWN, cell.source, re.IGNORECASE)


def test_no_outputs_no_counts_no_widget_state(book, code):
    assert not [cell for cell in code if cell.outputs or cell.execution_count is not None]
    assert book.metadata.keys() == {"kernelspec", "language_info"}
    assert book.metadata.kernelspec.name == "python3"


@pytest.fixture
def twins(path):
    """The cells of a notebook in both languages, side by side."""
    spanish = nbformat.read(NOTEBOOKS / "es" / path.name, as_version=4).cells
    english = nbformat.read(NOTEBOOKS / "en" / path.name, as_version=4).cells
    return list(zip(english, spanish, strict=True))


def test_both_languages_have_the_same_cells(twins):
    for english, spanish in twins:
        assert english.id == spanish.id
        assert (english.cell_type, english.metadata) == (spanish.cell_type, spanish.metadata)


def test_both_languages_run_the_same_code_but_for_the_language(twins):
    for english, spanish in twins:
        if english.cell_type == "code":
            said = spanish.source.replace('language: str = "es"', 'language: str = "en"')
            assert ast.unparse(ast.parse(english.source)) == ast.unparse(ast.parse(said))


def test_a_translation_names_the_same_things(twins):
    for english, spanish in twins:
        if english.cell_type == "markdown":
            assert english.source != spanish.source
            for pattern in (r"`[^`]+`", r"\]\([^)?]+", r"^(?:#+|-|\d+\.) "):
                there = [re.findall(pattern, c.source, re.MULTILINE) for c in (english, spanish)]
                assert sorted(there[0]) == sorted(there[1])
