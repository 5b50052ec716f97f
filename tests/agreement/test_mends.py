"""Faults are mended by the genuine gcloud, as their `mend` says; then the guide passes."""

import pytest

from warmbook.book.walkthrough import walk
from warmbook_rehearsal.faults import FAULTS

from ..faults.mending import Mender, by_gcloud, way_without_gcloud


def chosen_faults():
    """Return the faults that gcloud alone mends, and of the others one for each command."""
    others = {}
    for name, fault in FAULTS.items():
        if fault.mend and by_gcloud(fault.mend):
            alone = not way_without_gcloud(fault.mend)
            others.setdefault(name if alone else _command(fault.mend), name)
    return list(others.values())


def _command(mend):
    """Return the words of a command before its first value: gcloud services enable."""
    words = mend.commands[0].split()
    return " ".join(words[: 5 if "storage" in words and "buckets" in words else 3])


@pytest.fixture
def faults(request):
    return (request.param,)


@pytest.mark.parametrize("faults", chosen_faults(), indirect=True)
def test_gcloud_repairs_each_fault_with_its_documented_commands(
    tools, faults, rehearsal, chosen, clients, quiet
):
    fault = FAULTS[faults[0]]
    mender = Mender(chosen, clients, rehearsal, quiet)
    stopped = walk(chosen, clients, quiet["report"], doctor=False)
    assert stopped.pitfalls == (fault.pitfall,)
    assert mender.walk("").pitfalls == (fault.pitfall,)
    after = mender.mend(fault.mend, "commands").walk(stopped.notebook)
    assert after.error is None, after
