"""A whole run in a rehearsal with the quick engine, and runs that end in the middle."""

import os
import signal
import subprocess
import sys
import time

import pytest

from warmbook import __main__ as command_line
from warmbook.cloud import gke
from warmbook.cloud.projects import SERVICES
from warmbook.live.checks import of_tier
from warmbook.live.evidence import read
from warmbook.live.ledger import Entry, Ledger
from warmbook.live.run import NAME, named
from warmbook.live.session import LABEL, new_run, settings_of
from warmbook.live.sweep import Left, left
from warmbook.steps import project

OTHERWISE_IN_A_REHEARSAL = {
    "driver-in-pod",  # its nodes have no GPU
    "driver-pods",  # its driver is no Pod
    "new-bucket-soft-delete",
    "node-allocatable",  # its nodes give Pods all that they have
    "release-by-driver",
    "spot-quota",  # its quotas are never used
}
"""Claims that a rehearsal refutes: where it is simpler than we take Google Cloud to be."""


@pytest.mark.parametrize("on", [()])
def test_tier_4_runs_to_its_end_and_leaves_nothing(
    on, rehearsal, chosen, clients, tmp_path, capsys
):
    before = {one.name for one in clients.storage.list_buckets()}
    policy = rehearsal.call(rehearsal.inner.cloud.bindings)
    words = ["live", "--tier", "4", "--budget-usd", "10", "--out", str(tmp_path)]
    assert command_line.main(words) == 0
    told = capsys.readouterr().out
    items = {one.id: one for one in read(tmp_path)}
    assert list(items) == [one.claim for tier in range(5) for one in of_tier(tier)]
    assert {one.target for one in items.values()} == {"rehearsal"}
    assert "proves nothing about Google Cloud" in told
    refuted = {name for name, one in items.items() if one.status == "refuted"}
    assert refuted <= OTHERWISE_IN_A_REHEARSAL
    reached = {name for name, one in items.items() if one.status == "confirmed"}
    assert len(reached) >= 35
    assert not [one for one in items.values() if "error" in one.found]
    assert left(chosen, clients) == []
    assert {one.name for one in clients.storage.list_buckets()} == before
    assert rehearsal.call(rehearsal.inner.cloud.bindings) == policy
    assert not (tmp_path / NAME).exists()


def test_tier_0_changes_nothing_and_reports_what_a_project_lacks(rehearsal, tmp_path, capsys):
    rehearsal.call(lambda: rehearsal.inner.cloud.project.disable(SERVICES))
    before = set(rehearsal.inner.cloud.project.services)
    assert command_line.main(["live", "--out", str(tmp_path)]) == 2
    assert rehearsal.inner.cloud.project.services == before
    (needed,) = (one for one in read(tmp_path) if "remedy" in one.found)
    assert needed.id == "look-ups"
    assert needed.found["remedy"] in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_run_leaves_that_ends_in_the_middle_is_swept(
    number, rehearsal, chosen, clients, tmp_path
):
    words = ["--tier", "2", "--budget-usd", "1", "--out", str(tmp_path)]
    running = subprocess.Popen(
        [sys.executable, "-m", "warmbook", "live", *words],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not {"bucket", "cluster"} <= {one.kind for one in left(chosen, clients)}:
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    run = named(tmp_path)
    assert ("live --sweep" in told) == (number == signal.SIGTERM)
    assert running.returncode == {signal.SIGKILL: -9, signal.SIGTERM: 143}[number]
    statuses = {one.id: one.status for one in read(tmp_path)}
    assert statuses["hub-upload"] == "confirmed"
    assert statuses["exec-proxy-watch"] == "not-reached"
    assert {entry.kind for entry in Ledger(clients, run).entries()} >= {"cluster", "role"}
    assert {one.run for one in left(chosen, clients)} == {run}
    assert command_line.main(["live", "--sweep", "--out", str(tmp_path)]) == 0
    assert left(chosen, clients) == []
    assert run not in {one.name for one in clients.storage.list_buckets()}


def test_a_cluster_without_its_label_is_found_by_the_ledger_and_another_users_is_kept(
    rehearsal, chosen, clients, quiet, tmp_path
):
    run = new_run()
    ours = settings_of(chosen, run)
    theirs = chosen.model_copy(update={"cluster_name": f"{new_run()}"})
    project.enable_services(chosen, clients, **quiet)
    for settings in (ours, theirs):
        clients.clusters.create_cluster(
            parent=clients.location_path(settings),
            cluster={"name": settings.cluster_name, "autopilot": {"enabled": True}},
        )
    bucket = clients.storage.bucket(run)
    bucket.labels = {LABEL: run}
    bucket.create(location="us-central1")
    assert left(chosen, clients) == [Left("bucket", run, "US-CENTRAL1", run)]
    Ledger(clients, run).add(Entry("cluster", run, ours.location))
    assert [one.kind for one in left(chosen, clients)] == ["bucket", "cluster"]
    words = ["live", "--sweep", "--out", str(tmp_path)]
    assert command_line.main(words) == 0  # it is not this folder's, and has time left
    assert len(left(chosen, clients)) == 2
    assert command_line.main([*words, "--all"]) == 0
    assert left(chosen, clients) == []
    assert gke.find(ours, clients) is None
    assert gke.find(theirs, clients) is not None
