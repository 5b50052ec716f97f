import pytest

from warmbook.book import gym
from warmbook.book.gym import rounds
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook_rehearsal.faults import FAULTS


def told_of_the_name(card, name):
    return name in repr(card) or name in card._repr_html_()


@pytest.mark.parametrize("fault", ["billing-off", "bucket-viewer-missing", "sharded-on-gs"])
def test_the_guide_comes_through_when_the_fault_is_taken_back(server, chosen, clients, fault):
    hidden = gym.hide(fault)
    tried = gym.attempt(gym.settings(hidden), clients)
    assert tried.walked.pitfalls == (fault,)
    assert not told_of_the_name(tried, fault)
    gym.unstage()
    walked = gym.attempt(chosen, clients).walked
    assert (walked.error, walked.pitfalls) == (None, ())
    (drawn,) = rounds.present(server).drawn
    assert (drawn.seen, drawn.mended) == (True, False)  # nobody has mended it


def test_the_pods_own_evidence_is_shown_and_kept_where_it_ended(server, chosen, clients):
    gym.hide("bucket-viewer-missing")
    tried = gym.attempt(chosen, clients)
    assert tried.walked.notebook in ("06", "07")
    assert any("restarts" in row.detail for row in tried.rows())
    assert "storage.buckets.get" in tried.log
    (drawn,) = rounds.present(server).drawn
    assert drawn.seen
    assert drawn.evidence.kind == "bucket"
    assert "storage.buckets.get" in drawn.evidence.text


@pytest.mark.parametrize(
    ("fault", "evidence", "kind"),
    [
        ("resource-quota", "exceeded quota: team-quota", "replicaset"),
        ("chat-template-missing", "chat-template", "set-up"),
    ],
)
def test_the_evidence_tells_what_kept_the_pod_from_starting(
    server, chosen, clients, fault, evidence, kind
):
    gym.hide(fault)
    tried = gym.attempt(chosen, clients)
    assert any(evidence in row.detail for row in tried.rows())
    assert not told_of_the_name(tried, CATALOGUE[FAULTS[fault].pitfall].cause)
    assert rounds.present(server).drawn[0].evidence.kind == kind
