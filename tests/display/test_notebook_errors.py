"""What a kernel sends where a cell fails, asked of a real kernel."""

import json
from pathlib import Path
from textwrap import dedent

import pytest
from jupyter_client.manager import start_new_kernel

from warmbook.book import kernel_startup

pytestmark = pytest.mark.slow
CELLS = [
    "from warmbook import SettingsForm, check as confirm\nimport os.path",
    "form = SettingsForm.choose(); settings = form.settings",
]
FAILING = """
from warmbook import check
check((), 'it works', remedy='mend `make setup`', pitfall='x')
"""


class Kernel:
    """A kernel; `fail` returns what it sends while a cell fails."""

    def __init__(self, client, folder):
        self.client, self.folder = client, folder

    def fail(self, code, *, reader=True):
        sent = []
        reply = self.client.execute_interactive(
            dedent(code), allow_stdin=reader, timeout=60, output_hook=sent.append
        )
        assert reply["content"]["status"] == "error"
        told = [one for one in sent if one["msg_type"] in ("display_data", "error", "stream")]
        return {one["msg_type"]: one["content"] for one in told}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [{"cell_type": "code", "source": [code]} for code in (*CELLS, "%magic")]
    prose = {"cell_type": "markdown", "source": ["prose = 1"]}
    (folder / "01.ipynb").write_text(json.dumps({"cells": [*cells, prose]}))
    (folder / "broken.ipynb").write_text("{")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    client.execute_interactive("import warmbook; warmbook.check", timeout=60)
    yield Kernel(client, folder)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_failed_check_is_a_card_and_one_line(kernel):
    sent = kernel.fail(FAILING)
    html = sent["display_data"]["data"]["text/html"]
    assert 'role="alert"' in html and "make setup</pre>" in html
    assert sent["error"]["ename"] == "CheckError"
    assert sent["error"]["traceback"] == ["✗ Check failed: it works"]
    assert "→ mend" in sent["error"]["evalue"]  # what a run of all notebooks tells
    assert "stream" not in sent


def test_in_a_headless_run_the_error_itself_has_everything(kernel):
    lines = kernel.fail(FAILING, reader=False)["error"]["traceback"]
    assert lines[:2] == ["✗ Check failed: it works", "  → mend `make setup`"]


@pytest.mark.parametrize("name", ["settings", "form", "confirm", "os"])
def test_a_name_defined_in_a_cell_above_gives_the_hint_to_run_it(kernel, name):
    sent = kernel.fail(f"{name}.x")
    assert f"«{name}»" in sent["display_data"]["data"]["text/plain"]
    assert "Run All Above" in sent["display_data"]["data"]["text/html"]
    assert sent["error"]["ename"] == "NameError"
    assert sent["error"]["traceback"] == [f"NameError: name '{name}' is not defined"]


@pytest.mark.parametrize(
    "code",
    [
        "setting",
        "prose",
        "library = {}\nexec('def f(): return form', library)\nlibrary['f']()",
        "def f():\n    print(form)\n    form = 1\nf()",
        "1 / 0",
    ],
)
def test_other_errors_are_shown_unchanged(kernel, code):
    sent = kernel.fail(code)
    assert "display_data" not in sent
    assert any("Traceback" in line for line in sent["error"]["traceback"])


def test_the_error_is_in_the_current_language(kernel):
    kernel.client.execute_interactive("from warmbook import texts; texts.speak('es')", timeout=60)
    sent = kernel.fail("settings")
    kernel.client.execute_interactive("texts.speak('en')", timeout=60)
    assert "celdas anteriores" in sent["display_data"]["data"]["text/plain"]


def test_a_kernel_of_the_lab_gives_the_hint_before_any_import(kernel, monkeypatch):
    startup = Path(kernel_startup.__file__)
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(kernel.folder))
    try:
        sent = Kernel(client, kernel.folder).fail("settings")
        assert "«settings»" in sent["display_data"]["data"]["text/plain"]
        names = Kernel(client, kernel.folder).fail("raise KeyError(sorted(set(globals())))")
        assert "warmbook" not in str(names)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_handler_of_other_code_is_kept():
    from IPython.core.interactiveshell import InteractiveShell

    from warmbook.display.notebook_errors import install

    shell = InteractiveShell()
    shell.set_custom_exc((KeyError,), lambda *_, **__: None)
    install(shell)
    assert shell.custom_exceptions == (KeyError,)
