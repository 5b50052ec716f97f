import json
from types import SimpleNamespace

import pytest

from warmbook.book import kernel_notebook, shipped
from warmbook.book.kernel_notebook import SESSION, VS_CODE, claims, corrected, name_in


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/notebooks/es/07_streaming.ipynb", "07_streaming"),
        ("/home/me/notebooks/en/07_streaming-Copy1.ipynb", "07_streaming"),
        ("C:\\me\\07 of mine.ipynb", "07_streaming"),
        ("gym/en/find_the_fault.ipynb", "find_the_fault"),
        ("/home/me/77_more.ipynb", "77_more"),
        ("console-1-4f2a", ""),  # JupyterLab's consoles have sessions too
        ("", ""),
    ],
)
def test_the_notebook_is_read_from_jupyter_or_vs_code_and_a_copy_maps_to_its_original(path, name):
    assert name_in({SESSION: path}, {}) == name
    assert name_in({}, {VS_CODE: path}) == name


def test_jupyter_server_still_sets_the_session_variable():
    from jupyter_server.services.sessions.sessionmanager import SessionManager

    manager = SimpleNamespace(kernel_manager=SimpleNamespace(cwd_for_path=lambda path: "/me/en"))
    told = SessionManager.get_kernel_env(manager, "en/02_project.ipynb", "02_project.ipynb")
    assert name_in(told, {}) == "02_project"


def test_a_number_in_a_cell_identifies_a_shipped_notebook_only():
    assert corrected("", "07") == "07_streaming"
    assert corrected("06_server", "07") == "07_streaming"
    assert corrected("find_the_fault", "07") == "find_the_fault"
    assert corrected("06_server", "") == corrected("06_server", "77") == "06_server"


@pytest.mark.parametrize("name", sorted(shipped.titles().values()))
def test_each_claim_of_a_notebook_is_found_once_in_both_languages(name):
    found = claims(name)
    assert found
    assert len(set(found)) == len(found)
    for language in ("en", "es"):
        text = (shipped.folder() / language / f"{name}.ipynb").read_text("utf-8")
        for claim in found:
            assert json.dumps(claim)[1:-1] in text


def test_a_readers_own_notebook_has_no_expected_claims():
    assert claims("find_the_fault") == claims("../../etc/x") == ()


def test_a_claim_that_spans_lines_is_one_sentence():
    source = 'check(\n    x,\n    "one "\n    "claim",\n    remedy="y",\n)\nprint(check_no)'
    assert list(kernel_notebook._claimed(source)) == ["one claim"]
