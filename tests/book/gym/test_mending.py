import time
from datetime import datetime, timedelta, timezone

import pytest

from warmbook.book import gym
from warmbook.book.gym import mending, rounds
from warmbook.book.gym.attempt import Attempt
from warmbook.book.walkthrough import Walked
from warmbook.cloud import roles
from warmbook.cloud.iam import grant_on_bucket, held_on_bucket, of_bucket
from warmbook.display.banner import connect
from warmbook.errors import MissingError
from warmbook.serving.guide_manifest import DEPLOYMENT
from warmbook.steps import identity, project
from warmbook.steps import server as server_steps
from warmbook.workbook import Workbook


def mend(clients, settings):
    identity.create_service_account(settings, clients)


def test_a_repair_counts_once_the_guide_passes(server, chosen, clients):
    assert gym.hide("service-account-missing").round.drawn[0].mendable
    gym.attempt(chosen, clients)
    not_yet = gym.verify(chosen, clients)
    assert not not_yet.passed
    assert not_yet.tried.walked.pitfalls == ("service-account-missing",)
    assert not not_yet.anew
    assert not_yet.tried.folded_evidence() in not_yet._repr_html_()
    assert gym.grade("service-account-missing").round.points == 0.5
    mend(clients, chosen)
    verified = gym.verify(chosen, clients)
    assert verified.passed
    assert (verified.round.done, verified.round.points) == (True, 1)
    assert gym.verify(chosen, clients).tried is None


def test_a_fault_repaired_without_an_answer_can_still_be_answered(server, chosen, clients):
    gym.hide("service-account-missing")
    gym.attempt(chosen, clients)
    stopped_by = rounds.present(server).drawn[0].evidence.text
    mend(clients, chosen)
    verified = gym.verify(chosen, clients)
    assert verified.passed
    assert verified.tried.earlier == stopped_by
    assert not rounds.present(server).done
    assert gym.grade("service-account-missing").round.points == 1
    assert rounds.present(server).done


def test_running_the_guide_again_counts_as_no_repair(server, chosen, clients):
    gym.hide("bucket-viewer-missing")  # notebook 05 would grant the role again
    for _ in range(2):
        tried = gym.attempt(chosen, clients)
        assert tried.walked.pitfalls == ("bucket-viewer-missing",)
    assert tried.since == "07"
    assert not rounds.present(server).drawn[0].mended


def test_after_the_answer_was_revealed_only_a_repair_by_the_learner_counts(server, chosen, clients):
    gym.hide("bucket-viewer-missing")
    gym.attempt(chosen, clients)
    gym.reveal()
    verified = gym.verify(chosen, clients)
    assert (verified.passed, verified.tried.since) == (False, "07")
    assert (verified.round.done, verified.round.points) == (True, 0)
    identity.grant_bucket_roles(chosen, clients)
    verified = gym.verify(chosen, clients)
    assert (verified.passed, verified.round.points) == (True, 0.5)


def test_a_fault_without_a_repair_is_graded_by_the_diagnosis_alone(server, chosen, clients):
    hidden = gym.hide("credentials-expired")
    assert not hidden.round.drawn[0].mendable
    gym.attempt(chosen, clients)
    assert gym.grade("credentials-expired").round.points == 1
    verified = gym.verify(chosen, clients)
    assert verified.tried is None
    assert verified.round.done


def test_other_settings_can_repair_a_fault_and_restart_the_guide(server, clients):
    hidden = gym.hide("weights-deeper")
    before = gym.settings(hidden)
    assert gym.attempt(before, clients).walked.pitfalls == ("weights-not-found",)
    Workbook.open().choose({"model_uri": f"{before.model_uri}/snapshot"})  # as the form does
    settings = gym.settings(hidden)
    verified = gym.verify(settings, clients)
    assert verified.tried.since == ""
    assert verified.passed


NO_REPAIRS = [
    ("role-missing-cluster", {"namespace": "other"}, project.grant_roles),
    ("binding-other-namespace", {"service_account": "other"}, identity.grant_bucket_roles),
    ("flag-removed", {"concurrency": 4}, server_steps.deploy),
]


@pytest.mark.parametrize(("fault", "change", "repair"), NO_REPAIRS)
def test_what_the_guide_repairs_with_other_settings_counts_only_if_the_learner_repairs_it(
    server, clients, fault, change, repair
):
    hidden = gym.hide(fault)
    first = gym.attempt(gym.settings(hidden), clients).walked
    Workbook.open().choose(change)  # as the form does
    settings = gym.settings(hidden)
    clients = connect(settings)
    verified = gym.verify(settings, clients)
    assert set(first.pitfalls) <= set(verified.tried.walked.pitfalls)
    assert (verified.passed, verified.anew) == (False, True)
    repair(settings, clients)
    verified = gym.verify(settings, clients)
    assert (verified.passed, verified.round.points) == (True, 0.5)


REPAIRS = [
    ("fd-limit", {"concurrency": 4}),
    ("context-above-model", {"max_model_len": 2048}),
]


@pytest.mark.parametrize(("fault", "change"), REPAIRS)
def test_a_setting_of_the_server_repairs_what_depends_on_it(server, clients, fault, change):
    hidden = gym.hide(fault)
    gym.attempt(gym.settings(hidden), clients)
    Workbook.open().choose(change)
    assert gym.verify(gym.settings(hidden), clients).passed


def test_a_repair_of_the_deployment_stays_when_the_guide_begins_anew(server, chosen, clients):
    hidden = gym.hide("node-memory-low")  # it takes out a limit too, which no repair needs
    gym.attempt(chosen, clients)
    found = clients.kubernetes.find("Deployment", DEPLOYMENT, chosen.namespace)
    pod = found["spec"]["template"]["spec"]
    pod["containers"][0]["resources"]["requests"]["memory"] = "20Gi"
    template = {"spec": {"template": {"spec": pod}}}
    clients.kubernetes.merge("Deployment", DEPLOYMENT, chosen.namespace, template)
    Workbook.open().choose({"temperature": 0.5})
    assert gym.verify(gym.settings(hidden), clients).passed


def test_one_of_two_repairs_is_kept_when_the_guide_begins_anew(server, chosen, clients):
    hidden = gym.hide("binding-other-namespace")
    gym.attempt(chosen, clients)
    viewer, _ = roles.bucket_roles(chosen)
    principal = identity.principal(chosen, clients).name
    grant_on_bucket(clients.storage.bucket(chosen.bucket_name), [viewer], principal)
    Workbook.open().choose({"temperature": 0.5})
    assert not gym.verify(gym.settings(hidden), clients).passed
    held = held_on_bucket(of_bucket(clients.storage.bucket(chosen.bucket_name)), principal)
    assert set(held) == {viewer}


def test_a_service_account_that_the_learner_made_under_another_name_is_a_repair(server, clients):
    hidden = gym.hide("service-account-missing")
    gym.attempt(gym.settings(hidden), clients)
    Workbook.open().choose({"service_account": "mine"})
    settings = gym.settings(hidden)
    identity.create_service_account(settings, clients)
    time.sleep(1.1)  # Kubernetes tells the age of objects in whole seconds
    assert gym.verify(settings, clients).passed


def test_two_faults_show_one_after_the_other(server, chosen, clients, quiet):
    server.stage("api-off-storage")
    server.stage("service-account-missing")
    assert gym.hide().round.level == "two"
    assert gym.attempt(chosen, clients).walked.pitfalls == ("api-off",)
    assert not gym.grade("service-account-missing").right  # nobody has met it yet
    assert gym.grade("api-off").right
    project.enable_services(chosen, clients, **quiet)
    verified = gym.verify(chosen, clients)
    assert verified.tried.walked.pitfalls == ("service-account-missing",)
    assert [drawn.mended for drawn in verified.round.drawn] == [True, False]
    assert len(gym.hint(1).shown) == 1
    assert gym.grade("service-account-missing").right
    mend(clients, chosen)
    verified = gym.verify(chosen, clients)
    assert verified.passed
    assert verified.round.done
    # one wrong answer for the first, one hint for the second
    assert verified.round.points == pytest.approx((0.9 + 0.925) / 2, abs=0.001)


@pytest.mark.parametrize("word", ["monday", "tuesday", "friday"])
def test_of_two_drawn_faults_the_first_stops_the_guide_before_the_server(
    server, chosen, clients, word
):
    first, second = gym.hide(level="two", draw=word).round.drawn
    walked = gym.attempt(chosen, clients).walked
    assert walked.pitfalls == (first.pitfall,)
    assert walked.notebook < "06"
    assert first.mendable
    assert second.pitfall != first.pitfall


@pytest.mark.parametrize(("started", "runs"), [(-3, 2), (3, 1)], ids=["before", "after"])
def test_a_server_that_started_before_the_repair_decides_nothing(
    monkeypatch, begin, settings, started, runs
):
    begin("host-oom", mendable=True)
    at = datetime.now(timezone.utc) + timedelta(seconds=started)
    left = [failed(at), failed(at)]
    monkeypatch.setattr(mending, "attempt", lambda *_: left.pop())
    assert not gym.verify(settings, None).passed
    assert 2 - len(left) == runs


def failed(started):
    """Return a run of the guide that a server ended which had started then."""
    ended = {"exitCode": 1, "startedAt": started.isoformat(), "finishedAt": started.isoformat()}
    status = {"name": "vllm-container", "lastState": {"terminated": ended}}
    pod = {"metadata": {"name": "a"}, "status": {"containerStatuses": [status]}}
    walked = Walked("07", MissingError("no Pod", remedy="wait"), ())
    return Attempt(walked=walked, said="", pods=(pod,), events=(), log="")
