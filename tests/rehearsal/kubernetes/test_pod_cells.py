"""The word that kubectl shows for a Pod, from the states of its containers.

Source of the words: Kubernetes, pkg/printers/internalversion/printers_test.go, TestPrintPod.
"""

from __future__ import annotations

import pytest

from warmbook_rehearsal.kubernetes import pod_cells

RUNS, DONE = {"running": {}}, {"terminated": {"exitCode": 0, "reason": "Completed"}}
FAILED = {"terminated": {"exitCode": 1, "reason": "Error"}}


def waits(reason):
    return {"waiting": {"reason": reason}}


def pod(inits, mains, *, beside=()):
    def status(name, state):
        return {"name": name, "state": state, "ready": state is RUNS, "started": state is RUNS}

    return {
        "metadata": {"name": "p"},
        "spec": {
            "initContainers": [
                {"name": f"i{at}", **({"restartPolicy": "Always"} if at in beside else {})}
                for at, _ in enumerate(inits)
            ],
            "containers": [{"name": f"c{at}"} for at, _ in enumerate(mains)],
        },
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [status(f"i{at}", one) for at, one in enumerate(inits)],
            "containerStatuses": [status(f"c{at}", one) for at, one in enumerate(mains)],
        },
    }


@pytest.mark.parametrize(
    ("inits", "beside", "word"),
    [
        ([RUNS, waits("PodInitializing")], (), "Init:0/2"),
        ([DONE, RUNS], (), "Init:1/2"),
        ([DONE, waits("CrashLoopBackOff")], (), "Init:CrashLoopBackOff"),
        ([FAILED], (), "Init:Error"),
        ([RUNS, RUNS], (0,), "Init:1/2"),
    ],
)
def test_before_the_init_containers_are_done_they_are_what_is_shown(inits, beside, word):
    assert pod_cells.pod_status(pod(inits, [waits("PodInitializing")], beside=beside)) == word


def test_a_sidecar_counts_among_the_ready_and_hides_nothing():
    found = pod([RUNS, DONE], [RUNS, waits("CrashLoopBackOff")], beside=(0,))
    assert pod_cells.cells(found)[1:3] == ["2/3", "CrashLoopBackOff"]
