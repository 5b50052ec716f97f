"""Two Unix users go through a class with JupyterHub, and a trainer helps them from the shell."""

import csv
import json
import re
import subprocess
import sys
import time

import pytest

from . import hub
from .lab import Lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(hub.missing()), reason=hub.missing() or "nothing is missing"),
]

ANA, LUIS = "warmbook-ana", "warmbook-luis"
FAULT = "service-account-missing"
GYM = "doc/tree/gym/en/find_the_fault.ipynb"
RESET_S = 10.0
"""How long a reset may take beside a browser and two seats, in seconds.

`make bench BENCH="--only class"` holds it to 5 s, on a machine that does nothing else.
"""
ADDED = """async code => {
  const notebook = window.jupyterapp.shell.currentWidget.content
  notebook.activeCellIndex = notebook.widgets.length - 1
  await window.jupyterapp.commands.execute('notebook:insert-cell-below')
  notebook.activeCell.model.sharedModel.setSource(code)
  await window.jupyterapp.commands.execute('notebook:run-cell')
}"""
REPAIR = """from warmbook.steps import identity
identity.create_service_account(settings, clients)
gym.verify(settings, connect(settings))"""


@pytest.fixture(scope="module")
def place():
    with hub.open_folder() as base, hub.users(base, ANA, LUIS), hub.serving(base) as served:
        yield base, *served


class Learner(Lab):
    """A learner's page of JupyterHub, signed in."""

    def __init__(self, browser, url, name):
        context = browser.new_context(viewport={"width": 1280, "height": 1150})
        super().__init__(context.new_page(), url, folder=None)
        self.name = name
        self.page.goto(f"{url}/hub/login")
        self.page.fill("#username_input", name)
        self.page.fill("#password_input", "any")
        self.page.click("#login_submit")
        self.page.wait_for_url(f"**/user/{name}/lab/**", timeout=180_000)
        self.wait_ready()

    def open(self, path):
        self.page.goto(f"{self.url}/user/{self.name}/{path}?reset")
        self.wait_ready()

    def run(self, code):
        """Run code in a new last cell of the notebook that is open."""
        self.page.evaluate(ADDED, code)


def trainer(folder, *words, status=0):
    """Carry out a verb of `warmbook class` as the trainer; return what it printed."""
    command = [sys.executable, "-m", "warmbook", "class", words[0], "--folder", str(folder)]
    done = subprocess.run([*command, *words[1:]], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def seen(folder):
    """Return what the trainer sees of each seat, by its name."""
    return {one["seat"]: one for one in json.loads(trainer(folder, "status", "--format", "json"))}


def both_recorded(folder, limit_s=20):
    """Return what the trainer sees, once both learners' last cells are in their records."""
    end = time.monotonic() + limit_s
    while True:
        shown = seen(folder)
        if shown[LUIS]["passed"] == ["01_settings"] and (shown[ANA]["gym"] or {}).get("done"):
            return shown
        assert time.monotonic() < end, shown
        time.sleep(0.5)


def test_a_class_from_the_first_login_to_a_reset(browser, place):
    base, url, folder = place
    ana, luis = (Learner(browser, url, name) for name in (ANA, LUIS))
    assert {name: one["state"] for name, one in seen(folder).items()} == {ANA: "up", LUIS: "up"}
    nobody_sees_the_others_seat(folder)

    trainer(folder, "fault", ANA, FAULT)
    assert {name: one["faults"] for name, one in seen(folder).items()} == {ANA: [FAULT], LUIS: []}

    ana.open(GYM)
    ana.run_all(timeout_s=240)
    assert "The guide stopped in notebook" in ana.text()
    ana.run("gym.hint(1)")
    ana.run(f'gym.grade("{FAULT}")')
    ana.run(REPAIR)
    ana.wait_idle(timeout_s=240)
    assert FAULT in ana.text()
    luis.run_all(timeout_s=120)
    one = both_recorded(folder)[ANA]["gym"]
    assert (one["faults"], one["hints"], one["mended"], one["done"]) == ([FAULT], 1, True, True)
    assert 0.5 < one["points"] < 1

    trainer(folder, "collect", str(base / "out"))
    reported(base / "out")

    seconds = float(re.search(r"([\d.]+) s", trainer(folder, "reset", ANA))[1])
    assert seconds <= RESET_S
    ana.open(GYM)
    assert FAULT not in ana.text()
    assert seen(folder)[ANA]["faults"] == []
    assert len(list((folder / "seats" / ANA).glob("before-*"))) == 1


def nobody_sees_the_others_seat(folder):
    for name, other in ((ANA, LUIS), (LUIS, ANA)):
        own, others = (folder / "seats" / one / "seat.json" for one in (name, other))
        assert subprocess.run(["cat", own], user=name, capture_output=True).returncode == 0
        assert subprocess.run(["cat", others], user=name, capture_output=True).returncode != 0


def reported(out):
    """Make the page of the class; both learners are in its table."""
    command = [sys.executable, "-m", "warmbook", "report", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (page,), (table,) = (list(out.glob(f"*.{kind}")) for kind in ("html", "csv"))
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["seat"] for row in rows} == {ANA, LUIS}
    assert ANA in page.read_text() and LUIS in page.read_text()
