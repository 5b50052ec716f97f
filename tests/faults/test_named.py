"""Every fault, staged in a rehearsal: the workbook names its pitfall, and no other.

What the gym draws was solved from its card alone, and what can be mended was mended.
"""

import time

import pytest

from warmbook.book import gym
from warmbook.book.gym.siblings import siblings
from warmbook.book.walkthrough import walk
from warmbook.doctor.pods import diagnose
from warmbook.doctor.pods.gather import gather
from warmbook.errors import InterruptedWaitError
from warmbook.measure.loaders.catalog import DOWNLOAD, STREAMER
from warmbook.measure.tokens.server import NAME
from warmbook.serving.pods import LABELS
from warmbook.steps import compare, server_tokens
from warmbook_rehearsal.faults import FAULTS

from .mending import Mender, way_without_gcloud
from .solver import answer, evidence_of

SEEN = [name for name, fault in FAULTS.items() if not (fault.unseen or fault.waits)]
SERVERS = "The server's Pods"
WAITING = [name for name in FAULTS if FAULTS[name].waits]
ANEW = {"file-access-error": "shard-broken"}
"""What notebook 03 names when the guide begins anew, if that is not the fault's own pitfall."""
UNSEEN = [name for name in FAULTS if FAULTS[name].unseen]


@pytest.fixture
def faults(request):
    return (request.param,)


@pytest.mark.parametrize("faults", SEEN, indirect=True)
def test_a_fault_is_named_by_its_own_name_and_no_other(faults, chosen, clients, quiet):
    fault = FAULTS[faults[0]]
    walked = walk(chosen, clients, quiet["report"])
    if fault.passes:
        assert walked.error is None, walked
        assert set(walked.pitfalls) <= {fault.pitfall}, walked
    else:
        assert walked.pitfalls == (fault.pitfall,), walked


@pytest.fixture(scope="module")
def cards():
    """The cards of the faults so far: what each tells, by the pitfall that is behind it."""
    return {}


@pytest.mark.parametrize("faults", [name for name in SEEN if not FAULTS[name].ahead], indirect=True)
def test_without_the_doctor_the_card_names_the_fault_and_its_repair_works(
    faults, chosen, clients, quiet, cards, rehearsal
):
    fault = FAULTS[faults[0]]
    tried = gym.attempt(chosen, clients)
    walked = tried.walked
    if fault.passes:
        assert walked.error is None, walked
        assert set(walked.pitfalls) <= {fault.pitfall}, walked
        return
    assert walked.pitfalls == (fault.pitfall,), walked
    if fault.name in gym.drawn_from(gym.FaultsServer.open().faults()):
        solved(fault.pitfall, tried._repr_html_(), cards)
    if fault.mend and (way := way_without_gcloud(fault.mend)):
        mended(fault, way, walked, Mender(chosen, clients, rehearsal, quiet))


def solved(pitfall, card, cards):
    """Check that the card alone gives the answer, and that no other pitfall has such a card."""
    assert answer(card) in {pitfall} | siblings(pitfall)
    same = {other for other, told in cards.items() if evidence_of(card) in told}
    assert same <= {pitfall} | siblings(pitfall)
    cards.setdefault(pitfall, set()).add(evidence_of(card))


def mended(fault, way, walked, mender):
    """Check that the guide, begun anew, mends nothing by itself, and passes after the repair.

    Taken back, the fault leaves the repair as it is.
    """
    again = mender.walk("")
    assert again.pitfalls == (ANEW.get(fault.name, fault.pitfall),), again
    after = mender.mend(fault.mend, way).walk("" if way == "choices" else walked.notebook)
    assert after.error is None, after
    assert fault.pitfall not in after.pitfalls
    mender.take_back(fault)
    if way != "choices":
        assert mender.walk("07").error is None


def names_of(chosen, clients):
    """Return what `warmbook diagnose` finds for the server's Pods that do not come up."""
    pods = clients.kubernetes.list_objects("Pod", chosen.namespace, labels=LABELS)
    seen = [gather(pod["metadata"]["name"], chosen, clients) for pod in pods]
    return {one.pitfall for evidence in filter(None, seen) for one in diagnose(evidence)[:1]}


class Impatient:
    """Stops the wait as soon as a look at the Pods names something, as a reader does with ■."""

    def __init__(self, chosen, clients):
        self.look, self.until = lambda: names_of(chosen, clients), time.monotonic() + 20

    def __call__(self, progress):
        passing = {"image-pull-slow", "gpu-stockout"}
        if progress.what == SERVERS and (self.look() - passing or time.monotonic() > self.until):
            raise KeyboardInterrupt


@pytest.mark.parametrize("faults", WAITING, indirect=True)
def test_the_diagnosis_of_a_waiting_pod_names_the_fault_and_no_other(faults, chosen, clients):
    walked = walk(chosen, clients, Impatient(chosen, clients))
    assert isinstance(walked.error, InterruptedWaitError), walked
    assert walked.notebook in ("06", "07")
    assert walked.pitfalls == ()
    assert names_of(chosen, clients) == {FAULTS[faults[0]].pitfall}


@pytest.mark.parametrize("faults", UNSEEN, indirect=True)
def test_a_fault_without_other_evidence_is_detected_in_the_answers(faults, chosen, clients, quiet):
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
