"""One walk through the book and a working day with Google's clients, written down once."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from warmbook.book import runner
from warmbook.book.walkthrough import walk
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps import cleanup

from ..conftest import RehearsalThread
from . import everyday
from .discovery import read

PASSED_ON = ("WARMBOOK", "STORAGE", "GOOGLE", "NO_GCE", "HF_")
PLACES = ({}, {"spot": "true"}, {"mode": "standard", "location": "us-central1-a"})
"""The settings by which the guide is walked after the book."""


@pytest.fixture(scope="session")
def exchanges(image_and_model, tmp_path_factory):
    """The exchanges of the whole book, of the guide in both modes, of cleanup and of a day."""
    folder = tmp_path_factory.mktemp("contract")
    record = folder / "exchanges.jsonl"
    recorded = RehearsalThread(*image_and_model, record=record)
    with pytest.MonkeyPatch.context() as patch, recorded as running:
        point_at(running, patch, folder)
        run_the_book(folder)
        for choices in PLACES:
            walk_the_guide(choices)
        spend_a_day(running, folder)
    return read(record.read_text().splitlines())


def point_at(running, patch, folder):
    """Let the workbook's clients call this rehearsal."""
    for name, value in running.environ.items():
        if name.startswith(PASSED_ON):
            patch.setenv(name, value)
    patch.setenv("WARMBOOK_FILE", str(folder / "workbook.yaml"))


def run_the_book(folder):
    result = runner.run(runner.books("en"), {}, folder / "run")
    assert result.passed, result.notebooks


def walk_the_guide(choices):
    """Walk the guide with its doctor, twice in a row, and clean up."""
    settings = Settings.parse(merge(choices))
    clients = connect(settings)
    for _ in range(2):
        assert walk(settings, clients, quietly).error is None
    assert cleanup.delete(settings, clients, report=quietly).left == ()


def quietly(_progress):
    """Report nothing."""


def spend_a_day(running, folder):
    clients = connect(Settings.parse(merge()))
    with closing(everyday.Asker(running.environ)) as ask:
        everyday.look_around(ask)
        everyday.use_caches(ask, until)
    everyday.use_storage(clients.storage, folder)
    everyday.use_clusters(clients.clusters, lambda operation: wait(clients, operation))


def wait(clients, operation):
    name = operation.self_link[operation.self_link.index("projects/") :]
    done = type(operation).Status.DONE
    until(lambda: clients.clusters.get_operation(name=name).status == done)


def until(holds, limit_s=20):
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
