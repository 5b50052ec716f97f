"""Every fault, staged in a rehearsal: the workbook names its pitfall, and no other."""

import pytest

from warmbook.walk import walk
from warmbook_sandbox.faults import FAULTS

BOTH = [(name, doctor) for name in FAULTS for doctor in (True, False)]


@pytest.fixture
def faults(request):
    return (request.param,)


@pytest.mark.parametrize(
    ("faults", "doctor"),
    [(name, doctor) for name, doctor in BOTH if doctor or not FAULTS[name].ahead],
    indirect=["faults"],
)
def test_a_fault_is_named_by_its_own_name_and_no_other(faults, doctor, chosen, clients, quiet):
    fault = FAULTS[faults[0]]
    walked = walk(chosen, clients, quiet["report"], doctor=doctor)
    if fault.passes:
        assert walked.error is None, walked
        assert set(walked.pitfalls) <= {fault.pitfall}, walked
    else:
        assert walked.pitfalls == (fault.pitfall,), walked
