import sys

import pytest

from warmbook.book import gym
from warmbook.book.gym import Attempt, rounds
from warmbook.book.walkthrough import Walked
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.errors import MissingError
from warmbook_rehearsal.faults import FAULTS

attempt = sys.modules["warmbook.book.gym.attempt"]  # the package has the function by that name


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
def test_the_evidence_shows_why_the_pod_did_not_start(
    server, chosen, clients, fault, evidence, kind
):
    gym.hide(fault)
    tried = gym.attempt(chosen, clients)
    assert any(evidence in row.detail for row in tried.rows())
    assert not told_of_the_name(tried, CATALOGUE[FAULTS[fault].pitfall].cause)
    assert rounds.present(server).drawn[0].evidence.kind == kind


class Ended:
    """A run of the guide that ended here, whatever the clients would have said."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch

    def __call__(self, *pitfalls, notebook="07"):
        error = MissingError("no Pod", remedy="wait") if notebook else None
        walked = Walked(notebook or "08", error, pitfalls)
        tried = Attempt(walked=walked, said="403", pods=(), events=(), log="")
        self.monkeypatch.setattr(attempt, "walk", lambda *args, **kwargs: walked)
        self.monkeypatch.setattr(attempt, "_looked_at", lambda *args: tried)


@pytest.fixture
def ends(monkeypatch, begin):
    begin("api-off", "host-oom", mendable=True)
    monkeypatch.setattr(
        gym.FaultsServer, "staged", lambda self: [{"name": "api-off"}, {"name": "host-oom"}]
    )
    return Ended(monkeypatch)


def states(kept):
    return [(drawn["seen"], drawn["mended"]) for drawn in kept[-1]["drawn"]]


def test_a_fault_counts_as_repaired_once_the_guide_stops_at_the_other(ends, kept, settings):
    for drawn in kept[-1]["drawn"]:
        drawn["seen"] = False
    ends("api-off", notebook="03")
    gym.attempt(settings, None)
    assert states(kept) == [(True, False), (False, False)]
    ends("host-oom")
    gym.attempt(settings, None)
    assert states(kept) == [(True, True), (True, False)]
    ends("api-off", notebook="03")  # it is back, and nobody knows of the other
    gym.attempt(settings, None)
    assert states(kept) == [(True, False), (True, False)]


def test_a_failure_outside_the_round_counts_as_no_repair(ends, kept, settings):
    ends("unreachable")
    gym.attempt(settings, None)
    assert states(kept) == [(True, False), (True, False)]
    assert kept[-1]["stopped_in"] == "07"


def test_a_wait_that_the_learner_ended_shows_the_fault_in_hand(ends, kept, settings):
    kept[-1]["drawn"][1].update(seen=False, evidence=None)
    ends(notebook="06")
    gym.attempt(settings, None)
    assert states(kept) == [(True, False), (False, False)]
    assert kept[-1]["drawn"][1]["evidence"] is None


def test_a_passing_guide_marks_seen_faults_as_repaired_and_starts_over(ends, kept, settings):
    ends(notebook="")
    gym.attempt(settings, None)
    assert states(kept) == [(True, True), (True, True)]
    assert kept[-1]["stopped_in"] == ""


class Restarting:
    """A cluster whose container restarts after each read of its log."""

    def __init__(self):
        self.starts = ["first start\n"]

    def log(self, pod, namespace, *, previous=False):
        read = self.starts[-2] if previous and len(self.starts) > 1 else ""
        read = read if previous else self.starts[-1]
        self.starts.append("")
        return read


def test_a_restart_between_two_log_reads_loses_no_lines():
    assert "first start" in attempt._log(Restarting(), "pod", "vllm")
