"""The gym's notebook, run headless as papermill runs it."""

import json
import re

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from warmbook.book.gym import points, rounds
from warmbook.steps import identity

from ...notebooks.conftest import NOTEBOOKS

GYM = NOTEBOOKS / "gym"


def run(tmp_path, language="en", **given):
    """Run the notebook from its first cell to its last; return what its cells show."""
    out = tmp_path / "out.ipynb"
    papermill.execute_notebook(
        str(GYM / language / "find_the_fault.ipynb"), str(out), given, progress_bar=False
    )
    outputs = [cell.get("outputs", []) for cell in nbformat.read(out, 4).cells]
    return json.dumps(outputs, ensure_ascii=False)


def test_it_runs_headlessly_to_its_grade(server, tmp_path):
    shown = run(tmp_path, "es", fault="credentials-expired", answer="credentials-expired", hints=2)
    assert "Traceback" not in shown
    assert "nombraste la causa raíz" in shown
    one = rounds.present(server)
    assert (one.done, one.hints) == (True, 2)
    assert one.points == pytest.approx(1 - 2 * points.HINT)


def test_restart_and_run_all_goes_on_with_the_round_and_undoes_no_repair(
    server, chosen, clients, tmp_path
):
    with pytest.raises(PapermillExecutionError, match="the root cause is named"):
        run(tmp_path, fault="service-account-missing", answer="flag-removed")
    before = rounds.present(server)
    assert before.attempts == 1
    identity.create_service_account(chosen, clients)
    shown = run(tmp_path, fault="service-account-missing", answer="service-account-missing")
    assert "the root cause is named" in shown
    one = rounds.present(server)
    assert (one.at, one.attempts, one.done) == (before.at, 2, True)
    assert [drawn.mended for drawn in one.drawn] == [True]
    assert one.points == pytest.approx((1 - points.WRONG + 1) / 2)
    assert [fault["name"] for fault in server.staged()] == ["service-account-missing"]


def code_of(cell):
    """Return the cell without its comments, which are in the reader's language."""
    lines = cell.source.splitlines()
    return "\n".join(line.partition("  # ")[0] for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("language", ["en", "es"])
def test_it_is_short_and_has_its_twin(language):
    book, other = (
        nbformat.read(GYM / spoken / "find_the_fault.ipynb", 4) for spoken in (language, "en")
    )
    assert [cell.id for cell in book.cells] == [cell.id for cell in other.cells]
    for cell, twin in zip(book.cells, other.cells, strict=True):
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 12
            assert code_of(cell).replace('"es"', '"en"') == code_of(twin)
        else:
            assert len(re.findall(r"\w+", cell.source.partition("\n|")[0])) <= 110
            assert set(re.findall("`[^`]+`", cell.source)) == set(
                re.findall("`[^`]+`", twin.source)
            )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_notebook_states_the_cost_of_hints_and_answers(language):
    book = nbformat.read(GYM / language / "find_the_fault.ipynb", 4)
    prose = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    for cost in (points.HINT, points.WRONG, points.NEAR):
        assert re.search(rf"(?<![\d.]){cost}(?!\d)", prose)
