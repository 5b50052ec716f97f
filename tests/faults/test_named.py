"""Every fault, staged in a rehearsal: the workbook names its pitfall, and no other."""

import pytest

from warmbook.book.walkthrough import walk
from warmbook.measure.loaders.catalog import DOWNLOAD, STREAMER
from warmbook.measure.tokens.server import NAME
from warmbook.steps import compare, server_tokens
from warmbook_rehearsal.faults import FAULTS

BOTH = [(n, doctor) for n in FAULTS if not FAULTS[n].unseen for doctor in (True, False)]
UNSEEN = [name for name in FAULTS if FAULTS[name].unseen]


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


@pytest.mark.parametrize("faults", UNSEEN, indirect=True)
def test_a_fault_that_nothing_else_tells_is_seen_in_the_answers(faults, chosen, clients, quiet):
    walked = walk(chosen, clients, quiet["report"])
    assert (walked.error, walked.pitfalls) == (None, ())
    few = chosen.model_copy(update={"compare_runs": 2})
    kept = server_tokens.answers(chosen, clients).record()
    parity = compare.by_loader(few, clients, served=kept, **quiet).parity
    assert parity.repeats
    assert DOWNLOAD not in parity.corrupted
    assert {STREAMER, NAME} <= {*parity.corrupted}
    assert not parity.equal
    assert parity.record()["first_difference"]["place"] == 0
