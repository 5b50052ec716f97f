"""`python -m warmbook run` in a project where no API is on and what is new holds late."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from warmbook.book import runner
from warmbook.cloud import roles
from warmbook.cloud.iam import of_bucket
from warmbook.steps import cleanup

OWNER = ("roles/owner",)
PREPARING = ("roles/serviceusage.serviceUsageAdmin", "roles/resourcemanager.projectIamAdmin")
"""The roles that notebook 02 needs to give the others itself."""

MAKES_PROJECTS = "roles/resourcemanager.projectCreator"
"""Named by notebook 02 for who has no project yet; it is no role on a project."""

PLACES = {
    "autopilot": (),
    "standard": ("-p", "mode", "standard", "-p", "location", "us-central1-a"),
}
WALKS = {
    "autopilot, owner": ("autopilot", lambda: OWNER),
    "standard, what 02 names": ("standard", lambda: named_by_notebook_02()),
    "autopilot, what 02 needs": ("autopilot", lambda: PREPARING),
}
FURTHER_WALKS = {
    "standard, owner": ("standard", lambda: OWNER),
    "autopilot, what 02 names": ("autopilot", lambda: named_by_notebook_02()),
    "standard, what 02 needs": ("standard", lambda: PREPARING),
}
"""What `make soak` walks besides."""

ALL = os.environ.get("WARMBOOK_CASES") == "others"


def named_by_notebook_02():
    """Return the roles on the project that the text of notebook 02 names by their IDs."""
    (book,) = runner.books("en", ["02"])
    cells = nbformat.read(book, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return tuple(sorted({*re.findall(r"roles/[A-Za-z.]+\b", text)} - {MAKES_PROJECTS}))


@pytest.fixture
def on():
    return ()


@pytest.fixture
def propagation_s():
    return 2.0


@pytest.fixture
def minute_s():
    return 0.1


def test_notebook_02_names_every_role_that_the_notebooks_need():
    assert {*roles.NEEDED_OF} <= {*named_by_notebook_02()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("walk", {**WALKS, **(FURTHER_WALKS if ALL else {})})
def test_every_notebook_passes_in_a_project_with_nothing_on(
    walk, rehearsal, chosen, clients, tmp_path
):
    place, held = {**WALKS, **FURTHER_WALKS}[walk]
    before = buckets(clients)
    rehearsal.call(lambda: leave(rehearsal.inner, held()))
    words = ["run", "--out", str(tmp_path), *PLACES[place], "-p", "compare_runs", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "warmbook", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "run.json").read_text())
    assert [one["status"] for one in record["notebooks"]] == ["passed"] * 10
    assert record["settings"]["mode"] == place
    assert record["left"] == record["perhaps"] == []
    assert cleanup.inventory(chosen, clients).created == ()
    parent = f"projects/{chosen.project_id}/locations/-"
    assert not clients.clusters.list_clusters(parent=parent).clusters
    assert buckets(clients) == before


def leave(inner, held):
    """Leave no API on, and the reader with these roles only, which an administrator gave before."""
    project = inner.cloud.project
    project.disable(set(project.services))
    policy = project.policy.read()
    del policy.bindings[:]
    for role in held:
        policy.bindings.add(role=role, members=[inner.callers.reader.member])


def buckets(clients):
    """Return each bucket's labels and policy."""
    found = clients.storage.list_buckets()
    return {one.name: (one.labels, of_bucket(one).bindings) for one in found}
