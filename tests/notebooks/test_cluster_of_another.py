"""Notebooks 04 and 10 from the command line, in a Standard cluster that somebody else made."""

import json
import subprocess
import sys

import nbformat
import pytest

from warmbook.cloud import gke
from warmbook.display.banner import connect
from warmbook.display.card import MARKS
from warmbook.serving.guide_manifest import GPU_POOL
from warmbook.steps import project

from ..processes import until

THEIRS = "their-pool"


@pytest.fixture
def standard(chosen):
    """The choices for a Standard cluster that is not there yet."""
    place = {"mode": "standard", "location": "us-central1-a", "cluster_name": "theirs"}
    return chosen.model_copy(update=place)


@pytest.fixture
def their_cluster(standard, quiet):
    """A cluster with two pools, made as its owner makes one: without the workbook's label."""
    clients = connect(standard)
    project.enable_services(standard, clients, **quiet)
    pools = [{"name": name, "initial_node_count": 1} for name in ("default-pool", THEIRS)]
    pool = f"{standard.project_id}.svc.id.goog"
    cluster = {
        "name": standard.cluster_name,
        "node_pools": pools,
        "workload_identity_config": {"workload_pool": pool},
    }
    clients.clusters.create_cluster(parent=clients.location_path(standard), cluster=cluster)
    until(lambda: gke.find(standard, clients).status.name == "RUNNING")
    return clients


def state(settings, clients):
    """Return what the cluster is like: its labels, and its pools by name."""
    found = gke.find(settings, clients)
    return dict(found.resource_labels), sorted(pool.name for pool in found.node_pools)


@pytest.mark.slow
def test_the_workbooks_pool_goes_and_their_cluster_stays_with_their_pools(
    standard, their_cluster, tmp_path
):
    before = state(standard, their_cluster)
    record = run(standard, "02,04,10", tmp_path)
    assert state(standard, their_cluster) == before == ({}, sorted(["default-pool", THEIRS]))
    pool, cluster = f"node pool {GPU_POOL}", f"cluster {standard.cluster_name}"
    assert record["created"] == [pool]
    assert record["left"] == record["perhaps"] == []
    plan, removed, left = (card(tmp_path, name) for name in ("plan", "removed", "left"))
    assert (plan[pool], plan[cluster]) == (MARKS["warning"][0], MARKS["info"][0])
    assert removed[pool] == MARKS["ok"][0]
    assert left[cluster] == MARKS["info"][0]
    assert pool not in left


def run(settings, only, out):
    """Run notebooks from the command line; return the run's record."""
    words = ["run", "--only", only, "--out", str(out)]
    for name in ("mode", "location", "cluster_name"):
        words += ["-p", name, getattr(settings, name)]
    done = subprocess.run(
        [sys.executable, "-m", "warmbook", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((out / "run.json").read_text())


def card(folder, name):
    """Return the rows of the card that the cell assigning `name` showed: each name's mark."""
    (copy,) = folder.glob("10_*.ipynb")
    cells = nbformat.read(copy, as_version=4).cells
    (cell,) = (one for one in cells if one.source.startswith(f"{name} = "))
    (shown,) = (one for one in cell.outputs if one.output_type == "execute_result")
    lines = shown.data["text/plain"].splitlines()
    rows = (line.strip().partition(" ") for line in lines if line.startswith("  "))
    return {told.partition(":")[0]: mark for mark, _, told in rows}
