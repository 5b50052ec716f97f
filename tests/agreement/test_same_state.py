"""The script that `warmbook commands` prints, run by gcloud and kubectl, against the notebooks."""

import pytest

from warmbook.book.script import script
from warmbook.cloud.roles import FURTHER_ROLES
from warmbook.display.banner import connect
from warmbook.settings import Settings, merge
from warmbook.steps.server import look_up

from .state import state

MARK = "the mark by which cleanup knows what the workbook made; a person's own has none"
COVERED = "an owner holds what it gives; the notebook asks first, a line of gcloud can't"
ACCEPTED = {
    **{f"project.roles.{role}": COVERED for role in FURTHER_ROLES},
    "cluster.resourceLabels.created-by": MARK,
    "kubernetes.Namespace/vllm.metadata.labels.app.kubernetes.io/managed-by": MARK,
    "kubernetes.ServiceAccount/vllm-streamer.metadata.labels.app.kubernetes.io/managed-by": MARK,
    "bucket.labels.warmbook-cache-us-central1-a": MARK,
}
OF_A_STANDARD_CLUSTER = {"cluster.pools.g2-gpu-pool.config.resourceLabels.created-by": MARK}
"""What may differ between the two ways, by field, each with its reason."""

PARTS = ("02", "03", "04", "05", "06", "07", "08")
PLACES = {
    "autopilot": {"mode": "autopilot"},
    "standard": {"mode": "standard", "location": "us-central1-a"},
}


@pytest.mark.timeout(500)
@pytest.mark.parametrize("mode", PLACES)
def test_the_script_and_the_notebooks_end_in_the_same_state(mode, shell, notebook, another):
    settings = Settings.parse(merge(PLACES[mode]))
    clients = connect(settings)
    roles_before = bucket_roles(settings, clients)
    shell.must(script(settings, needs=look_up(clients, settings)))
    by_hand = state(settings, clients)
    shell.must(script(settings, ["10"]))
    left = state(settings, clients)

    another()
    notebook(*PARTS, **PLACES[mode])
    by_notebook = state(settings, connect(settings))

    paths = by_hand.keys() | by_notebook.keys()
    different = {p for p in paths if by_hand.get(p) != by_notebook.get(p)}
    accepted = ACCEPTED | (OF_A_STANDARD_CLUSTER if mode == "standard" else {})
    assert different == accepted.keys(), {
        p: (by_hand.get(p), by_notebook.get(p)) for p in different ^ accepted.keys()
    }
    assert len(paths - different) > 100
    assert not [p for p in left if p.startswith(("cluster", "kubernetes"))]
    # a disabled cache is listed for an hour, which lasts a second here
    assert left.get("bucket.caches.us-central1-a", ["disabled"])[0] == "disabled"
    assert bucket_roles(settings, clients) == roles_before


def bucket_roles(settings, clients):
    policy = clients.storage.bucket(settings.bucket_name).get_iam_policy()
    return {binding["role"]: set(binding["members"]) for binding in policy.bindings}
